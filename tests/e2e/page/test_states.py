"""Every state of the page on a desktop and on a phone, light and dark, from left to right and from
right to left: usable with any eyes and hands."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.page.acts import (
    SIZES,
    ask,
    assert_usable,
    new_phone,
    record_send,
    rendered,
    type_code,
    wrong,
)


@pytest.mark.parametrize("size", SIZES)
def test_every_state_is_accessible_and_fits(open_page, strict, phone, size):
    page = open_page(strict, size=size, clock=True)
    send = page.get_by_role("button", name="Send code")
    assert_usable(page)

    send.click()
    expect(page.get_by_text("Enter your phone number.")).to_be_visible()
    assert_usable(page)

    before_the_first = time.monotonic()
    ask(page, phone)
    assert_usable(page)

    code = strict.code_for(phone)
    type_code(page, wrong(code))
    expect(
        page.get_by_text("That code isn’t right. Check it and try again. Attempts left: 1.")
    ).to_be_visible()
    assert_usable(page)

    type_code(page, wrong(wrong(code)))
    expect(page.get_by_role("heading", name="Too many incorrect codes")).to_be_focused()
    assert_usable(page)

    page.get_by_role("button", name="Get a new code", exact=True).click()
    expect(page.get_by_text("Attempts left: 2")).to_be_visible()
    page.get_by_role("button", name="Resend code", exact=True).click()
    expect(page.locator("#resend-error")).to_contain_text("We can’t send another code yet.")
    resend = page.get_by_role("button", name=re.compile(r"Resend code in \d+:\d\d"))
    expect(resend).to_be_disabled()
    minutes, seconds = map(int, re.findall(r"\d+", resend.text_content()))
    # The limit is two codes in ten minutes, and the first one may have been some time ago.
    assert 599 - (time.monotonic() - before_the_first) <= 60 * minutes + seconds <= 600
    assert_usable(page)

    page.clock.fast_forward(301_000)
    expect(page.get_by_role("heading", name="This code has expired")).to_be_focused()
    assert_usable(page)

    page.get_by_role("button", name=re.compile("Get a new code in")).wait_for()
    page.clock.fast_forward(600_000)
    page.get_by_role("button", name="Get a new code", exact=True).click()
    expect(page.locator("#ended-error")).to_contain_text("We can’t send another code yet.")
    assert_usable(page)

    page.get_by_role("button", name="Use a different number or email").click()
    page.locator("#phone").fill(phone)
    send.click()
    expect(page.locator("#address-error")).to_contain_text("We can’t send another code yet.")
    expect(page.get_by_role("button", name=re.compile(r"Send code in \d+:\d\d"))).to_be_disabled()
    assert_usable(page)

    address = f"{size}@example.com"
    page.get_by_text("Email", exact=True).click()
    assert_usable(page)
    ask(page, address)
    type_code(page, strict.code_for(address))
    expect(page.get_by_role("heading", name="Verified")).to_be_focused()
    assert_usable(page)


@pytest.mark.parametrize("size", SIZES)
def test_every_step_is_accessible_and_fits_from_right_to_left(open_page, service, size):
    page = open_page(service, "/?lang=ar", size=size, clock=True)
    expect(page.locator("html")).to_have_css("direction", "rtl")
    page.locator("#send").click()
    expect(page.locator("#address-error")).to_have_text("أدخل رقم هاتفك.")
    assert_usable(page)

    phone = new_phone()
    page.locator("#phone").fill(phone)
    page.locator("#send").click()
    type_code(page, wrong(service.code_for(phone)))
    expect(page.locator("#code-error")).to_contain_text("هذا الرمز خاطئ.")
    record_send(page, service, status="undelivered")
    page.clock.fast_forward(5000)
    expect(page.locator("#delivery")).to_have_text("تعذّر التسليم. جرّب طريقة أخرى.")
    assert_usable(page)

    type_code(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="تم التحقق")).to_be_focused()
    assert_usable(page)
    page.goto(page.url.replace("/VE", "/VE00"))
    expect(page.get_by_role("heading", name="لم يعد الرمز موجودًا")).to_be_focused()
    assert_usable(page)


def test_a_message_that_did_not_arrive_is_accessible_too(open_page, service, phone):
    page = open_page(service, size="phone", clock=True)
    ask(page, phone)
    record_send(page, service, status="undelivered")
    page.clock.fast_forward(31_000)
    expect(page.locator("#delivery")).to_contain_text("Try another way")
    assert_usable(page)


def test_a_page_that_is_switched_off_says_so(open_page, service):
    page = open_page(service, ready=rendered(OTP_API_KEYS="shop:" + "k" * 32))
    expect(page.get_by_role("heading", name="This page is turned off")).to_be_visible()
    expect(page.locator("form")).to_have_count(1)  # Hidden: that of a code.
    expect(page.locator("#code-step")).to_be_hidden()
    assert_usable(page)


def test_a_long_code_fits_a_phone(open_page, start_service, phone):
    service = start_service(OTP_CODE_LENGTH="10")
    page = open_page(service, size="phone")
    ask(page, phone)
    field = page.get_by_label("10-digit code")
    field.fill("012345678")
    expect(field).to_have_value("012345678")
    assert field.evaluate("field => field.scrollWidth <= field.clientWidth")
    assert_usable(page)
    type_code(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


@pytest.mark.parametrize(
    ("off", "shown", "hidden"),
    [
        (("SMS", "WHATSAPP", "CALL"), ["#email"], ["#phone", "#kind-phone", "#channel-sms"]),
        (("WHATSAPP", "CALL", "EMAIL"), ["#phone"], ["#email", "#kind-email", "#channel-sms"]),
        (("SMS", "EMAIL"), ["#phone", "#channel-call + label"], ["#email", "#channel-sms"]),
    ],
)
def test_only_the_enabled_channels_are_offered(open_page, service, off, shown, hidden):
    page = open_page(service, ready=rendered(**{f"OTP_{name}_SENDERS": "none" for name in off}))
    for selector in shown:
        expect(page.locator(selector)).to_be_visible()
    for selector in hidden:
        expect(page.locator(selector)).to_have_count(0)
    assert_usable(page)


def test_motion_is_only_for_those_who_want_it(open_page, service):
    step = "#address-step"
    still, moving = open_page(service), open_page(service, reduced_motion="no-preference")
    expect(still.locator(step)).to_have_css("animation-name", "none")
    expect(moving.locator(step)).to_have_css("animation-name", "appear")


def test_the_keyboard_is_enough(open_page, service):
    page = open_page(service)
    focused = page.locator(":focus")

    def tab_to(selector: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.locator(f"{selector}:focus").count():
                return
        pytest.fail(f"{selector} is not reached by Tab")

    tab_to("#kind-phone")
    expect(page.locator("label[for=kind-phone]")).to_have_css("outline-style", "solid")
    page.keyboard.press("ArrowRight")
    tab_to("#email")
    expect(focused).to_have_css("outline-style", "solid")
    page.keyboard.type("key@example.com")
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    tab_to("[data-action=change]")
    page.keyboard.press("Enter")
    expect(page.locator("#email")).to_be_focused()
    tab_to("[data-action=back]")
    page.keyboard.press("Space")
    expect(page.locator("#code")).to_be_focused()
    code = service.code_for("key@example.com")
    page.keyboard.type(wrong(code)[:-1])
    tab_to("#verify")
    expect(focused).to_have_css("outline-style", "solid")
    page.keyboard.press("Space")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(code)
    expect(page.get_by_role("heading", name="Verified")).to_be_focused()
    tab_to("[data-action=restart]")
    page.keyboard.press("Enter")
    expect(page.locator("#email")).to_be_focused()


@pytest.mark.parametrize("size", SIZES)
def test_the_api_is_tried_out_in_docs(open_page, service, phone, size):
    page = open_page(service, size=size)
    page.get_by_role("link", name="API").click()
    expect(page).to_have_url(f"{service.url}/docs")
    operation = page.locator(".opblock", has_text="/generate-otp")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("textbox", name="Request body").fill(f'{{"phone": "{phone}"}}')
    with page.expect_response("**/generate-otp") as answer:
        operation.get_by_role("button", name="Execute").click()
    assert answer.value.status == 202
    expect(operation.locator(".live-responses-table").get_by_text("202").first).to_be_visible()
    assert_usable(page)


def test_the_type_of_an_error_leads_to_what_it_means(open_page, service):
    page = open_page(service)
    kind = page.request.post("/verify-otp", data={"otp": "123456"}).json()["type"]
    page.goto(kind)
    expect(page.locator("tr:target")).to_contain_text("invalid_request")
