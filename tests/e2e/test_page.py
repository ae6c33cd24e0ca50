"""The page in a real browser, against the service as it runs: every state, on a desktop and on a
phone, light and dark. A state that the real service does not come to at will (no provider here ever
loses a message) is shown to the page as an answer in API.md's form.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, render_template
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

FRONTEND = Path(__file__).parent.parent.parent / "frontend"
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
LIVE = "[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]"

_lines = count(7000)


@pytest.fixture
def phone() -> str:
    """A number that no other test has used."""
    return f"+1415555{next(_lines):04d}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not program:
        pytest.skip("no chromium on the PATH; CHROMIUM may name one")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=["--no-sandbox"]) as browser,
    ):
        yield browser


@pytest.fixture(scope="module")
def new_context(browser) -> Callable[..., BrowserContext]:
    def new_context(url, size, **options):
        is_phone = size == "phone"
        options = {"reduced_motion": "reduce", "color_scheme": "light", **options}
        return browser.new_context(
            base_url=url, viewport=SIZES[size], has_touch=is_phone, is_mobile=is_phone, **options
        )

    return new_context


@pytest.fixture(scope="module")
def shared_context(new_context) -> Callable[..., BrowserContext]:
    """A tab keeps its state to itself, so that tests can share what takes long to make."""
    return cache(new_context)


@pytest.fixture
def open_page(new_context, shared_context) -> Iterator[Callable[..., Page]]:
    """Open a page of a service, with a clock that the test moves if it wants. The test fails if
    the page complained or asked another host."""
    opened, complaints = [], []

    def open_page(service, *, size="desktop", clock=False, ready=None, **options):
        # The clock is one for all pages of a context.
        context = (new_context if clock else shared_context)(service.url, size, **options)
        page = context.new_page()
        opened.append(context if clock else page)
        page.set_default_timeout(5000)
        page.on("console", lambda message: complaints.extend(_complaint(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend(_foreign(request, service.url)))
        if clock:
            page.clock.install()
        if ready:
            ready(page)
        page.goto("/")
        return page

    yield open_page
    for context_or_page in opened:
        context_or_page.close()
    assert not complaints


def _complaint(message) -> list[str]:
    # A browser logs every answer of 400 and above by itself.
    is_answer = "Failed to load resource" in message.text
    return [message.text] if message.type in ("error", "warning") and not is_answer else []


def _foreign(request, own_url: str) -> list[str]:
    return [] if request.url.startswith((own_url, "data:")) else [request.url]


@pytest.fixture(scope="module")
def strict(start_service):
    """A service that runs out of everything quickly."""
    return start_service(
        OTP_MAX_CHECKS="2",
        OTP_MAX_SENDS="2",
        OTP_RESEND_SECONDS="1",
        OTP_LIMIT_TO="2/10m",
    )


def ask(page: Page, address: str) -> None:
    page.locator("#email" if "@" in address else "#phone").fill(address)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()


def verify(page: Page, code: str) -> None:
    page.locator("#code").fill(code)
    page.get_by_role("button", name="Verify", exact=True).click()


def wrong(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def verification_id(page):
    return page.evaluate("sessionStorage.getItem('otp.verification')")


def problem(status: int, code: str, detail: str, retry_after: int = 0) -> Callable[[Route], None]:
    body = {
        "type": "about:blank",
        "title": "Title",
        "status": status,
        "detail": detail,
        "code": code,
    }
    headers = {"Content-Type": "application/problem+json"}
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    return lambda route: route.fulfill(status=status, headers=headers, body=json.dumps(body))


def rendered(**changes) -> Callable[[Page], object]:
    """The page as a service with other settings would answer it."""
    settings = {"app_name": "OTP", "code_length": 6, "channels": ["sms", "email"], **changes}
    with Flask(__name__, template_folder=FRONTEND).test_request_context():
        html = render_template("index.html", **settings)
    answer = {"body": html, "content_type": "text/html"}
    return lambda page: page.route(re.compile(r":\d+/$"), lambda route: route.fulfill(**answer))


def assert_usable(page: Page) -> None:
    """No axe violation, light and dark, and nothing to scroll sideways for."""
    # Only the colours differ when it is dark.
    page.emulate_media(color_scheme="dark")
    dark = Axe().run(page, options={"runOnly": ["color-contrast"]})
    assert dark.violations_count == 0, dark.generate_report()
    page.emulate_media(color_scheme="light")
    light = Axe().run(page)
    assert light.violations_count == 0, light.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_every_state_is_accessible_and_fits(open_page, strict, phone, size):
    page = open_page(strict, size=size, clock=True)
    send = page.get_by_role("button", name="Send code")
    assert_usable(page)

    send.click()
    expect(page.get_by_text("Enter your phone number.")).to_be_visible()
    assert_usable(page)

    ask(page, phone)
    assert_usable(page)

    code = strict.code_for(phone)
    verify(page, wrong(code))
    expect(page.get_by_text("That code is wrong. 1 try left.")).to_be_visible()
    assert_usable(page)

    verify(page, wrong(code))
    expect(page.get_by_role("heading", name="Too many wrong codes")).to_be_focused()
    assert_usable(page)

    page.get_by_role("button", name="Get a new code", exact=True).click()
    expect(page.get_by_text("2 tries left")).to_be_visible()
    page.get_by_role("button", name="Send again", exact=True).click()
    expect(page.locator("#resend-error")).to_contain_text("No more codes can be sent now.")
    expect(
        page.get_by_role("button", name=re.compile(r"Send again in (9:5\d|10:00)"))
    ).to_be_disabled()
    assert_usable(page)

    page.clock.fast_forward(301_000)
    expect(page.get_by_role("heading", name="The code has expired")).to_be_focused()
    assert_usable(page)

    page.get_by_role("button", name=re.compile("Get a new code in")).wait_for()
    page.clock.fast_forward(600_000)
    page.get_by_role("button", name="Get a new code", exact=True).click()
    expect(page.locator("#ended-error")).to_contain_text("No more codes can be sent now.")
    assert_usable(page)

    page.get_by_role("button", name="Use another address").click()
    page.locator("#phone").fill(phone)
    send.click()
    expect(page.locator("#address-error")).to_contain_text("No more codes can be sent now.")
    expect(page.get_by_role("button", name=re.compile(r"Send code in \d+:\d\d"))).to_be_disabled()
    assert_usable(page)

    address = f"{size}@example.com"
    page.get_by_text("E-mail", exact=True).click()
    assert_usable(page)
    ask(page, address)
    page.route("**/verifications/*", lambda route: route.abort())
    page.reload()
    expect(page.get_by_text("The service cannot be reached. Trying again…")).to_be_visible()
    assert_usable(page)

    page.unroute("**/verifications/*")
    page.clock.fast_forward(5000)
    verify(page, strict.code_for(address))
    expect(page.get_by_role("heading", name="Verified")).to_be_focused()
    assert_usable(page)


@pytest.mark.parametrize("size", SIZES)
def test_a_phone_is_verified(open_page, service, phone, size):
    page = open_page(service, size=size)
    ask(page, phone)
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#code-step")).to_contain_text(f"by text message to +1415*****{phone[-2:]}")
    expect(page.get_by_text(re.compile("Valid for (5:00|4:5)"))).to_be_visible()
    expect(page.get_by_text("5 tries left")).to_be_visible()
    expect(page.get_by_text("4 sends left")).to_be_visible()
    expect(page.get_by_text("Handed to the carrier")).to_be_visible()
    verify(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_focused()
    expect(page.get_by_text(f"+1415*****{phone[-2:]} is yours.")).to_be_visible()
    assert page.title() == "Verified – OTP"

    page.get_by_role("button", name="Verify another").click()
    expect(page.locator("#phone")).to_be_focused()
    expect(page.locator("#phone")).to_have_value("")


def test_an_email_is_verified(open_page, service):
    page = open_page(service)
    page.get_by_text("E-mail", exact=True).click()
    expect(page.locator("#phone")).to_be_hidden()
    expect(page.get_by_text("Send it by")).to_be_hidden()
    ask(page, "Ann@Example.com")
    expect(page.locator("#code-step")).to_contain_text("by e-mail to a***@example.com")
    expect(page.get_by_text("Handed to the mail server")).to_be_visible()
    expect(page.get_by_role("button", name="Call me instead")).to_be_hidden()
    verify(page, service.code_for("ann@example.com"))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_channel_is_chosen_and_changed(open_page, strict, phone):
    page = open_page(strict)
    page.get_by_text("WhatsApp", exact=True).click()
    ask(page, phone)
    expect(page.locator("#code-step")).to_contain_text("It goes by WhatsApp")
    expect(page.get_by_role("button", name="Use WhatsApp")).to_be_hidden()
    page.get_by_role("button", name="Call me instead").click()
    expect(page.locator("#code-step")).to_contain_text("It goes by voice call")
    expect(page.get_by_text("No sends left")).to_be_visible()
    expect(page.get_by_text("Handed to the carrier")).to_be_visible()
    sent = [sent["channel"] for sent in strict.sent() if sent["to"] == phone]
    assert sent == ["whatsapp", "call"]


def test_a_code_is_pasted_as_it_was_written(open_page, service, phone):
    page = open_page(service, permissions=("clipboard-read", "clipboard-write"))
    ask(page, phone)
    code, field = service.code_for(phone), page.locator("#code")
    for written in ("{0}{1}{2} {3}{4}{5}", " {0}-{1}-{2} {3} {4}{5}\n", "{0}{1}{2}-{3}{4}{5}"):
        field.clear()
        page.evaluate("text => navigator.clipboard.writeText(text)", written.format(*code))
        field.press("ControlOrMeta+v")
        expect(field).to_have_value(code)
    field.press("Enter")
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_code_of_an_sms_is_filled_in_where_the_browser_can(open_page, service, phone):
    page = open_page(
        service,
        ready=lambda page: page.add_init_script(
            "window.OTPCredential = class {};"
            "navigator.credentials.get = ({otp}) => Promise.resolve({code: '024680', otp});"
        ),
    )
    ask(page, phone)
    expect(page.locator("#code")).to_have_value("024680")


def test_the_code_field_is_made_for_codes(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    field = page.get_by_label("6-digit code")
    for name, value in {"autocomplete": "one-time-code", "inputmode": "numeric"}.items():
        expect(field).to_have_attribute(name, value)
    expect(field).to_have_attribute("aria-describedby", "code-error checks-left")
    field.press_sequentially("12a 34-567")
    expect(field).to_have_value("123456")


def test_a_wrong_code_is_said_next_to_the_field(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    field, error = page.locator("#code"), page.locator("#code-error")
    verify(page, "123")
    expect(error).to_have_text("Enter all 6 digits of the code.")
    verify(page, wrong(service.code_for(phone)))
    expect(error).to_have_text("That code is wrong. 4 tries left.")
    expect(error).to_have_role("alert")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("That code is wrong. 4 tries left. 4 tries left")
    expect(field).to_be_focused()
    field.press_sequentially(service.code_for(phone))
    expect(error).to_be_empty()
    expect(field).to_have_attribute("aria-invalid", "false")
    field.press("Enter")
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_a_wrong_address_is_said_next_to_the_field(open_page, service):
    page = open_page(service)
    error = page.locator("#address-error")
    for kind, typed, message in [
        ("phone", "12", "phone number"),
        ("phone", "+1 415 555 01", "No such phone number exists."),
        ("email", "ann@", "Not an e-mail address"),
    ]:
        page.locator(f"label[for=kind-{kind}]").click()
        field = page.locator(f"#{kind}")
        field.fill(typed)
        field.press("Enter")
        expect(error).to_contain_text(message)
        expect(error).to_have_role("alert")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_focused()
        field.press("End")
        field.press_sequentially("x")
        expect(error).to_be_empty()


def test_what_became_of_the_message_is_shown(open_page, service, phone):
    page = open_page(service, clock=True)
    newest = {"number": 1, "channel": "sms", "status": "queued", "reason": None, "attempts": []}

    def tell(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "sends": [newest]})

    page.route("**/verifications/*", tell)
    ask(page, phone)
    expect(page.locator("#delivery").locator("..")).to_have_role("status")
    for status, reason, words in [
        ("queued", None, "Waiting to be sent"),
        ("sending", None, "Being sent"),
        ("sent", None, "Handed to the carrier"),
        ("delivered", None, "Delivered"),
        ("undelivered", None, "Could not be delivered"),
        ("failed", "out_of_attempts", "Not sent: no provider took it"),
        ("failed", "some_new_reason", "Not sent: some new reason"),
        ("dropped", "superseded", "Not sent: a newer code took its place"),
    ]:
        newest |= {"status": status, "reason": reason}
        page.clock.fast_forward(5000)
        expect(page.locator("#delivery")).to_have_text(words)


def test_it_is_looked_often_while_the_message_is_on_its_way_and_seldom_later(
    open_page, service, phone
):
    page = open_page(service, clock=True)
    looks, newest = [], {"number": 1, "channel": "sms", "reason": None, "attempts": []}

    def tell(route: Route) -> None:
        looks.append(route.request.url)
        newest["status"] = "sending" if len(looks) < 3 else "delivered"
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "sends": [newest]})

    page.clock.pause_at("2100-01-01")
    page.route("**/verifications/*", tell)
    ask(page, phone)
    expect(page.locator("#delivery")).to_have_text("Being sent")
    with page.expect_response("**/verifications/*"):
        page.clock.run_for(1500)
    with page.expect_response("**/verifications/*"):
        page.clock.run_for(1500)
    expect(page.locator("#delivery")).to_have_text("Delivered")
    page.clock.run_for(4500)
    assert len(looks) == 3
    with page.expect_response("**/verifications/*"):
        page.clock.run_for(500)


def test_sending_again_waits_counts_and_ends(open_page, strict, phone):
    page = open_page(strict)
    ask(page, phone)
    expect(page.get_by_text("1 send left")).to_be_visible()
    again = page.get_by_role("button", name="Send again", exact=True)
    expect(again).to_be_enabled()
    expect(page.locator("#announcer")).to_have_text("You can ask for the code again now.")
    again.click()
    expect(page.locator("#announcer")).to_contain_text("A code is on its way to +1415")
    expect(page.get_by_text("No sends left")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    expect(again).to_be_disabled()
    verify(page, strict.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_an_address_out_of_sends_waits_and_another_may_go_on(open_page, strict, phone):
    page = open_page(strict)
    page.route("**/generate-otp", problem(429, "rate_limited", "No more codes now.", 90))
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.locator("#address-error")).to_have_text("No more codes now.")
    expect(page.locator("#phone")).to_be_focused()
    expect(page.get_by_role("button", name=re.compile(r"Send code in 1:(30|2\d)"))).to_be_disabled()

    page.unroute("**/generate-otp")
    page.locator("#phone").fill("")
    expect(page.locator("#address-error")).to_be_empty()
    ask(page, phone)


def test_it_may_send_when_the_wait_is_over(open_page, service, phone):
    page = open_page(service, clock=True)
    page.route("**/generate-otp", problem(429, "rate_limited", "No more codes now.", 3700))
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("button", name=re.compile(r"in 1:01:\d\d$"))).to_be_disabled()
    page.unroute("**/generate-otp")
    page.clock.fast_forward(3_700_000)
    page.get_by_role("button", name="Send code", exact=True).click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()


def test_what_the_service_refuses_is_said_in_its_words(open_page, service, phone):
    page = open_page(service)
    page.locator("#phone").fill(phone)
    for status, code in [
        (401, "unauthorized"),
        (403, "country_not_allowed"),
        (500, "internal_error"),
    ]:
        page.route("**/generate-otp", problem(status, code, f"Because of {code}."))
        page.get_by_role("button", name="Send code").click()
        expect(page.locator("#address-error")).to_have_text(f"Because of {code}.")
        expect(page.get_by_role("button", name="Send code")).to_be_enabled()


def test_while_the_service_is_unavailable_one_may_try_again(open_page, service, phone):
    page = open_page(service)
    away = problem(503, "storage_unavailable", "Nothing was sent; try again.", 1)
    page.route("**/generate-otp", away)
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.locator("#address-error")).to_have_text("Nothing was sent; try again.")
    page.unroute("**/generate-otp")
    ask(page, phone)

    page.route("**/verify-otp", away)
    verify(page, service.code_for(phone))
    expect(page.locator("#code-error")).to_have_text("Nothing was sent; try again.")
    page.unroute("**/verify-otp")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_an_error_page_of_a_proxy_is_not_shown_as_it_is(open_page, service, phone):
    page = open_page(service)
    page.route("**/generate-otp", lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"))
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.locator("#address-error")).to_contain_text("Something went wrong on our side.")


def test_a_right_code_whose_answer_got_lost_is_verified(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/verify-otp", lose)
    verify(page, service.code_for(phone))
    expect(page.locator("#code-error")).to_contain_text("The service cannot be reached.")
    page.unroute("**/verify-otp")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_a_reload_goes_on_where_it_was(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    page.reload()
    expect(page.get_by_text(f"by text message to +1415*****{phone[-2:]}")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    expect(page.get_by_text(re.compile("Valid for (5:00|4:5)"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Send again in [123]"))).to_be_disabled()
    verify(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()
    page.reload()
    expect(page.locator("#phone")).to_be_visible()


def test_nothing_private_is_kept(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    page.locator("#code").fill(service.code_for(phone))
    kept = page.evaluate("({...sessionStorage})")
    assert list(kept) == ["otp.verification"]
    assert re.fullmatch("VE[0-9a-f]{32}", kept["otp.verification"])
    assert page.evaluate("localStorage.length") == 0
    assert page.context.cookies() == []
    assert page.url == f"{service.url}/"


def test_after_a_reload_the_address_is_typed_again_to_send_again(open_page, strict, phone):
    page = open_page(strict)
    ask(page, phone)
    first = verification_id(page)
    page.reload()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("Please type it again")).to_be_visible()
    expect(page.locator("#phone")).to_be_focused()
    page.get_by_role("button", name="I have a code already").click()
    expect(page.locator("#code")).to_be_focused()
    page.get_by_role("button", name="Send again").click()
    ask(page, phone)
    assert verification_id(page) == first
    expect(page.get_by_text("No sends left")).to_be_visible()


def test_another_number_cancels_the_first(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    first = verification_id(page)
    page.get_by_role("button", name="Use another number").click()
    expect(page.locator("#phone")).to_have_value(phone)
    with page.expect_response(lambda response: response.request.method == "DELETE") as deleted:
        ask(page, f"+1415555{next(_lines):04d}")
    assert deleted.value.url == f"{service.url}/verifications/{first}"
    assert deleted.value.status == 204


@pytest.mark.parametrize(
    ("change", "heading"),
    [
        ({"status": "approved"}, "Verified"),
        ({"status": "canceled"}, "The code was canceled"),
        ({"status": "expired"}, "The code has expired"),
        ({"status": "max_attempts_reached"}, "Too many wrong codes"),
        (None, "The code is gone"),
    ],
)
def test_what_happened_elsewhere_is_seen(open_page, service, phone, change, heading):
    page = open_page(service)

    def tell(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), **change})

    gone = problem(404, "verification_not_found", "Nothing is pending.")
    page.route("**/verifications/*", tell if change else gone)
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", name=heading)).to_be_focused()
    assert verification_id(page) is None


def test_too_many_checks_waits_as_long_as_the_service_says(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    page.route("**/verify-otp", problem(429, "too_many_checks", "Too many wrong codes.", 200))
    verify(page, "123456")
    expect(page.get_by_role("heading", name="Too many wrong codes")).to_be_focused()
    expect(
        page.get_by_role("button", name=re.compile(r"Get a new code in 3:\d\d"))
    ).to_be_disabled()
    page.get_by_role("button", name="Use another address").click()
    expect(page.get_by_role("button", name="Send code", exact=True)).to_be_enabled()


def test_the_ticking_clock_is_not_read_out(open_page, service, phone):
    page = open_page(service, clock=True)
    ask(page, phone)
    expect(page.get_by_text("Handed to the carrier")).to_be_visible()
    clock = page.get_by_role("timer")
    expect(clock).to_have_attribute("aria-live", "off")
    assert clock.evaluate("(clock, live) => clock.parentElement.closest(live)", LIVE) is None
    page.evaluate(
        """live => {
            window.read = [];
            const observer = new MutationObserver((changes) =>
                changes.forEach(({target}) => window.read.push(target.textContent)));
            for (const region of document.querySelectorAll(live))
                observer.observe(region, {childList: true, characterData: true, subtree: true});
        }""",
        LIVE,
    )
    before = clock.text_content()
    page.clock.run_for(20_000)
    expect(clock).not_to_have_text(before)
    assert page.evaluate("window.read") == []
    page.clock.run_for(230_000)
    assert page.evaluate("window.read") == [
        "You can ask for the code again now.",
        "One minute left to enter the code.",
    ]


def test_the_keyboard_is_enough(open_page, service):
    page = open_page(service)
    focused = page.locator(":focus")

    def tab_to(selector: str) -> None:
        for _ in range(12):
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
    page.keyboard.type(service.code_for("key@example.com"))
    tab_to("#verify")
    expect(focused).to_have_css("outline-style", "solid")
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="Verified")).to_be_focused()
    tab_to("[data-action=restart]")
    page.keyboard.press("Enter")
    expect(page.locator("#email")).to_be_focused()


def test_a_long_code_fits_a_phone(open_page, service, phone):
    page = open_page(service, size="phone", ready=rendered(code_length=10))
    ask(page, phone)
    field = page.get_by_label("10-digit code")
    field.fill("0123456789")
    expect(field).to_have_value("0123456789")
    assert field.evaluate("field => field.scrollWidth <= field.clientWidth")
    assert_usable(page)


@pytest.mark.parametrize(
    ("channels", "shown", "hidden"),
    [
        (["email"], ["#email"], ["#phone", "#kind-phone", "#channel-sms"]),
        (["sms"], ["#phone"], ["#email", "#kind-email", "#channel-sms"]),
        (["whatsapp", "call"], ["#phone", "#channel-call + label"], ["#email", "#channel-sms"]),
    ],
)
def test_only_the_enabled_channels_are_offered(open_page, service, channels, shown, hidden):
    page = open_page(service, ready=rendered(channels=channels))
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


@pytest.mark.parametrize(
    ("scheme", "background"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(23, 32, 35)")]
)
def test_without_javascript_the_page_says_how_and_is_dark_all_the_same(
    open_page, service, scheme, background
):
    page = open_page(service, color_scheme=scheme, java_script_enabled=False)
    expect(page.get_by_role("heading", name="This page needs JavaScript")).to_be_visible()
    calls = page.locator("noscript code")
    for call, path in zip(calls.all(), ("generate-otp", "verify-otp"), strict=True):
        expect(call).to_contain_text(f"curl {service.url}/{path}")
    expect(page.locator("#address-step")).to_be_hidden()
    expect(page.locator("main")).to_have_css("background-color", background)


@pytest.mark.parametrize("size", SIZES)
def test_the_api_is_tried_out_in_docs(open_page, service, phone, size):
    page = open_page(service, size=size)
    page.get_by_role("link", name="API").click()
    expect(page).to_have_url(f"{service.url}/docs")
    operation = page.locator(".opblock", has_text="/generate-otp")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("textbox").fill(json.dumps({"phone": phone}))
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
