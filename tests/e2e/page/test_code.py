"""Typing the code, however it comes."""

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.page.acts import ask, problem, type_code, wrong

MESSAGES = [
    "{code}",
    " {0}-{1}-{2} {3} {4}{5}\n",
    "{0}{1}{2} {3}{4}{5}",
    "\u202a{0}{1}{2}\u2011{3}{4}{5}\u202c",
    "\ufeff{0}\u200b{1}{2}\xa0 {3}{4}{5}",
    "Ihr Code ist \u2068{0}{1}{2}\u202f{3}{4}{5}\u2069. Er gilt 5 Minuten.",
    "{code} is your Acme 24 code. It is valid for 5 min.\n\n@example.com #{code}",
    "Your code: {code}\n15 minutes, call +14155550123 for help",
    "Acme (2026): {0}{1}{2}-{3}{4}{5}. Never share it.",
]


@pytest.mark.parametrize("message", MESSAGES)
def test_the_code_is_picked_out_of_what_is_pasted(open_page, service, phone, message):
    page = open_page(service, permissions=("clipboard-read", "clipboard-write"))
    ask(page, phone)
    code = service.code_for(phone)
    page.evaluate("text => navigator.clipboard.writeText(text)", message.format(*code, code=code))
    page.locator("#code").press("ControlOrMeta+v")
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


@pytest.mark.parametrize("message", ["Call +1 415 555 0123", "12345678", "no digits"])
def test_what_holds_no_code_is_sent_nowhere(open_page, service, phone, message):
    page = open_page(service, permissions=("clipboard-read", "clipboard-write"))
    ask(page, phone)
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    page.evaluate("text => navigator.clipboard.writeText(text)", message)
    page.locator("#code").press("ControlOrMeta+v")
    page.wait_for_timeout(300)
    assert not [url for url in sent if "/check" in url]


def test_the_last_digit_sends_the_code(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    page.locator("#code").press_sequentially(service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_focused()


def test_a_code_is_sent_once_by_itself(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    checks = []
    page.on("request", lambda r: checks.append(r) if "/check" in r.url else None)
    bad = wrong(service.code_for(phone))
    type_code(page, bad)
    expect(page.locator("#code-error")).to_contain_text(
        "That code isn’t right. Check it and try again."
    )
    type_code(page, bad)
    expect(page.locator("#code-error")).to_be_empty()
    assert len(checks) == 1
    page.locator("#code").press("Enter")
    expect(page.locator("#code-error")).to_contain_text("Attempts left: 3.")
    assert len(checks) == 2


@pytest.mark.parametrize("zero", ["٠", "۰", "०", "０"])
def test_digits_of_other_scripts_are_digits(open_page, service, phone, zero):
    page = open_page(service)
    ask(page, phone)
    code = service.code_for(phone)
    page.locator("#code").press_sequentially("".join(chr(ord(zero) + int(d)) for d in code))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_code_of_an_sms_is_filled_in_where_the_browser_can(open_page, service, phone):
    page = open_page(
        service,
        ready=lambda page: page.add_init_script(
            "window.OTPCredential = class {};"
            "navigator.credentials.get = ({otp}) =>"
            " new Promise((resolve) => { window.arrives = (code) => resolve({code, otp}); });"
        ),
    )
    ask(page, phone)
    page.evaluate("code => window.arrives(code)", service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_code_field_is_made_for_codes(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    field = page.get_by_label("6-digit code")
    for name, value in {"autocomplete": "one-time-code", "inputmode": "numeric"}.items():
        expect(field).to_have_attribute(name, value)
    expect(field).to_have_attribute("aria-describedby", "code-error checks-left")
    field.press_sequentially("12a 34-5")
    expect(field).to_have_value("12345")


def test_a_wrong_code_is_said_next_to_the_field(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    field, error = page.locator("#code"), page.locator("#code-error")
    field.fill("123")
    field.press("Enter")
    expect(error).to_have_text("Enter the 6-digit code.")
    type_code(page, wrong(service.code_for(phone)))
    expect(error).to_have_text("That code isn’t right. Check it and try again. Attempts left: 4.")
    expect(error).to_have_role("alert")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "That code isn’t right. Check it and try again. Attempts left: 4. Attempts left: 4"
    )
    expect(field).to_be_focused()
    field.press_sequentially("1")
    expect(error).to_be_empty()
    expect(field).to_have_attribute("aria-invalid", "false")


def test_a_right_code_whose_answer_got_lost_is_verified(open_page, service, phone):
    page = open_page(service, clock=True)
    # Otherwise the page may look by itself and be verified before the person tries again.
    page.clock.pause_at("2100-01-01")
    ask(page, phone)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/check*", lose)
    type_code(page, service.code_for(phone))
    expect(page.locator("#code-error")).to_contain_text("We can’t reach the service.")
    page.unroute("**/check*")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_too_many_checks_waits_as_long_as_the_service_says(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    page.route("**/check*", problem(429, "too_many_checks", 200))
    type_code(page, "123456")
    expect(page.get_by_role("heading", name="Too many incorrect codes")).to_be_focused()
    again = page.get_by_role("button", name="Get a new code in 3:")
    expect(again).to_be_disabled()
    page.get_by_role("button", name="Use a different number or email").click()
    expect(page.get_by_role("button", name="Send code", exact=True)).to_be_enabled()
