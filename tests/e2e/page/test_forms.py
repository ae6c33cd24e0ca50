"""The page in a browser that runs no script."""

import re

import pytest
from playwright.sync_api import expect

from tests.clock import clock_of
from tests.e2e.page.acts import SIZES, new_phone, wrong


@pytest.fixture
def open_plain(open_page):
    def open_plain(service, path="/", **options):
        return open_page(service, path, java_script_enabled=False, **options)

    return open_plain


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("size", SIZES)
def test_a_phone_is_verified(open_plain, service, phone, size):
    page = open_plain(service, size=size)
    page.locator("#phone").fill("+1 415")
    press(page, "Send code")
    expect(page.get_by_text("Enter a valid phone number with its country code")).to_be_visible()
    expect(page.locator("#phone")).to_have_value("+1 415")
    expect(page.locator("#phone")).to_have_attribute("aria-invalid", "true")

    page.locator("#phone").fill(phone)
    page.locator("label[for=channel-whatsapp]").click()
    press(page, "Send code")
    expect(page.get_by_text(f"Check WhatsApp on +1415*****{phone[-2:]}.")).to_be_visible()
    code = service.code_for(phone)
    page.get_by_role("link", name="Check delivery status").click()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()

    page.locator("#code").fill(wrong(code))
    press(page, "Verify")
    expect(
        page.get_by_text("That code isn’t right. Check it and try again. Attempts left: 4.")
    ).to_be_visible()
    # The keyboard's own button is Verify, too.
    page.locator("#code").fill(f"{code[:3]} {code[3:]}")
    page.locator("#code").press("Enter")
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()
    expect(page.get_by_text(f"+1415*****{phone[-2:]} is yours.")).to_be_visible()
    press(page, "Start a new verification")
    assert page.url == f"{service.url}/?"


def test_an_email_is_verified_in_german(open_plain, service):
    page = open_plain(service, "/?lang=de")
    page.locator("label[for=kind-email]").click()
    expect(page.locator("#phone")).to_be_hidden()
    page.locator("#email").fill("Plain@Example.com")
    press(page, "Code senden")
    expect(
        page.get_by_text("Sie erhalten den Code per E-Mail an p***@example.com.")
    ).to_be_visible()
    page.locator("#code").fill(service.code_for("plain@example.com"))
    press(page, "Bestätigen")
    expect(page.get_by_role("heading", name="Bestätigt")).to_be_visible()


def test_it_is_sent_again_by_another_channel(open_plain, service, phone):
    page = open_plain(service)
    page.locator("#phone").fill(phone)
    press(page, "Send code")
    press(page, "Call me instead")
    expect(page.locator("#resend-error")).to_contain_text(re.compile(r"Try again in \d+\ssec\."))
    with clock_of(service.redis) as clock:
        clock.shift(30)
    press(page, "Call me instead")
    expect(page.get_by_text("Answer our call to")).to_be_visible()
    expect(page.get_by_text("Resends left: 3")).to_be_visible()


def test_too_many_wrong_codes_end_it(open_plain, strict, phone):
    page = open_plain(strict)
    page.locator("#phone").fill(phone)
    press(page, "Send code")
    code = strict.code_for(phone)
    for _ in range(2):
        page.locator("#code").fill(wrong(code))
        press(page, "Verify")
    expect(page.get_by_role("heading", name="Too many incorrect codes")).to_be_visible()
    press(page, "Use a different number or email")
    expect(page.locator("#phone")).to_be_visible()


def test_another_number_or_an_email_takes_its_place(open_plain, service, phone):
    page = open_plain(service)
    page.locator("#phone").fill(phone)
    press(page, "Send code")
    first = page.url
    press(page, "Use a different number")
    expect(page.locator("#phone")).to_be_visible()
    page.goto(first)
    expect(page.get_by_role("heading", name="This code was canceled")).to_be_visible()

    page.goto("/")
    page.locator("#phone").fill(new_phone())
    press(page, "Send code")
    press(page, "Email me instead")
    expect(page.locator("#email")).to_be_visible()
    expect(page.locator("#phone")).to_be_hidden()


def test_it_is_dark_all_the_same(open_plain, service):
    for scheme, background in ("light", "rgb(255, 255, 255)"), ("dark", "rgb(23, 32, 35)"):
        page = open_plain(service, color_scheme=scheme)
        expect(page.locator("main")).to_have_css("background-color", background)
