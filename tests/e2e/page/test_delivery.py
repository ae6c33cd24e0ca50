"""Waiting for the message: what became of it, sending it again, and other ways."""

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import Service
from tests.e2e.page.acts import (
    STATUS,
    ask,
    problem,
    record_send,
    telling,
    type_code,
    verification_id,
)

LIVE = "[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]"
NEWEST = {"number": 1, "channel": "sms", "status": "queued", "reason": None, "attempts": []}


def test_what_became_of_the_message_is_shown(open_page, service, phone):
    page = open_page(service, clock=True)
    ask(page, phone)
    expect(page.locator("#delivery").locator("..")).to_have_role("status")
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    send = f"otp:send:{verification_id(page)}:1"
    for status, reason, words in [
        ("queued", "", "Waiting to send"),
        ("sending", "", "Sending…"),
        ("sent", "", "Sent"),
        ("delivered", "", "Delivered"),
        ("undelivered", "unreachable", "Couldn’t be delivered. Try another way."),
        ("failed", "out_of_attempts", "Couldn’t be sent. Try another way."),
        ("failed", "unreachable", "This number can’t be reached this way. Try another way."),
        ("dropped", "superseded", "Replaced by a newer code"),
    ]:
        service.redis.hset(send, mapping={"status": status, "reason": reason})
        page.clock.fast_forward(5000)
        expect(page.locator("#delivery")).to_have_text(words)


def test_what_could_not_be_delivered_goes_by_email(open_page, service, phone):
    page = open_page(service, clock=True)
    ask(page, phone)
    record_send(page, service, status="undelivered")
    page.clock.fast_forward(5000)
    expect(page.locator("#delivery")).to_have_text("Couldn’t be delivered. Try another way.")
    page.get_by_role("button", name="Email me instead").click()
    expect(page.locator("#email")).to_be_focused()
    ask(page, f"{phone}@example.com")
    expect(page.locator("#code-step")).to_contain_text("for an email from us.")
    expect(page.get_by_role("button", name="Email me instead")).to_be_hidden()


@pytest.fixture(scope="module")
def no_email(start_service) -> Service:
    return start_service(OTP_EMAIL_SENDERS="none")


@pytest.mark.parametrize("status", ["failed", "undelivered"])
def test_after_a_failure_another_way_is_open_immediately(open_page, no_email, phone, status):
    page = open_page(no_email, clock=True)
    again = page.get_by_role("button", name="Resend code")
    by_call = page.get_by_role("button", name="Call me instead")
    page.locator("#phone").fill(phone)
    page.locator("#send").click()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    expect(by_call).to_be_disabled()
    record_send(page, no_email, status=status)
    page.clock.fast_forward(5000)
    expect(page.locator("#delivery")).to_contain_text("Try another way")
    expect(again).to_be_disabled()
    by_call.click()
    expect(page.locator("#code-step")).to_contain_text("Answer our call to")
    expect(page.get_by_text("Resends left: 3")).to_be_visible()

    record_send(page, no_email, 2, status=status)
    page.clock.fast_forward(5000)
    expect(page.locator("#delivery")).to_contain_text("Try another way")
    expect(page.get_by_role("button", name="Text me instead")).to_be_disabled()
    page.get_by_role("button", name="Use WhatsApp instead").click()
    expect(page.get_by_text("Resends left: 2")).to_be_visible()

    record_send(page, no_email, 3, status=status)
    page.clock.fast_forward(5000)
    expect(page.locator("#code-step")).to_have_class("failed")
    expect(page.locator("#delivery")).not_to_contain_text("Try another way")
    for name in "Text me instead", "Call me instead":
        expect(page.get_by_role("button", name=name)).to_be_disabled()


def test_where_there_is_no_other_way_none_is_promised(open_page, start_service, phone):
    only_sms = start_service(
        OTP_WHATSAPP_SENDERS="none", OTP_CALL_SENDERS="none", OTP_EMAIL_SENDERS="none"
    )
    page = open_page(only_sms, clock=True)
    ask(page, phone)
    record_send(page, only_sms, status="undelivered")
    page.clock.fast_forward(5000)
    expect(page.locator("#delivery")).to_have_text("Couldn’t be delivered")


def test_it_is_looked_often_while_the_message_is_on_its_way_and_seldom_later(
    open_page, service, phone
):
    page = open_page(service, clock=True)
    answers = [("sending", "Sending…"), ("queued", "Waiting to send"), ("delivered", "Delivered")]
    looks = []

    def tell(route: Route) -> None:
        status, words = answers[min(len(looks), 2)]
        looks.append(route.request.url)
        telling(sends=[{**NEWEST, "status": status}], delivery=words)(route)

    page.clock.pause_at("2100-01-01")
    page.route(STATUS, tell)
    ask(page, phone)
    # The next look is planned as soon as the page shows what it has seen. Each look sees another
    # status, and the first another one than the page shows before.
    expect(page.locator("#delivery")).to_have_text("Sending…")
    page.clock.run_for(1500)
    expect(page.locator("#delivery")).to_have_text("Waiting to send")
    page.clock.run_for(1500)
    expect(page.locator("#delivery")).to_have_text("Delivered")
    page.clock.run_for(4500)
    assert len(looks) == 3
    with page.expect_response(STATUS):
        page.clock.run_for(500)


def test_the_channel_is_changed(open_page, strict, phone):
    page = open_page(strict)
    ask(page, phone)
    expect(page.get_by_role("button", name="Text me instead")).to_be_hidden()
    page.get_by_role("button", name="Call me instead").click()
    expect(page.locator("#code-step")).to_contain_text("Answer our call to")
    expect(page.get_by_text("Resends left: 0")).to_be_visible()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    sent = [sent["channel"] for sent in strict.sent() if sent["to"] == phone]
    assert sent == ["sms", "call"]


def test_sending_again_waits_counts_and_ends(open_page, strict, phone):
    page = open_page(strict)
    ask(page, phone)
    expect(page.get_by_text("Resends left: 1")).to_be_visible()
    again = page.get_by_role("button", name="Resend code", exact=True)
    expect(again).to_be_enabled()
    expect(page.locator("#announcer")).to_have_text("You can resend the code now.")
    again.click()
    expect(page.locator("#announcer")).to_contain_text("We’re sending a code to")
    expect(page.get_by_text("Resends left: 0")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    expect(again).to_be_disabled()
    type_code(page, strict.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_after_a_reload_it_is_sent_again_without_the_address(open_page, strict, phone):
    page = open_page(strict)
    ask(page, phone)
    first = verification_id(page)
    page.reload()
    page.get_by_role("button", name="Resend code", exact=True).click()
    expect(page.get_by_text("Resends left: 0")).to_be_visible()
    assert verification_id(page) == first
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    assert [sent["to"] for sent in strict.sent()].count(phone) == 2


@pytest.mark.parametrize(
    ("change", "heading"),
    [
        ({"status": "approved"}, "Verified"),
        ({"status": "canceled"}, "This code was canceled"),
        ({"status": "expired"}, "This code has expired"),
        ({"status": "max_attempts_reached"}, "Too many incorrect codes"),
        (None, "This code no longer works"),
    ],
)
def test_what_happened_elsewhere_is_seen(open_page, service, phone, change, heading):
    page = open_page(service)
    gone = problem(404, "verification_not_found")
    page.route(STATUS, telling(**change) if change else gone)
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", name=heading)).to_be_focused()


def test_what_ended_meanwhile_is_not_sent_again(open_page, strict, phone):
    page = open_page(strict, clock=True)
    page.clock.pause_at("2100-01-01")
    ask(page, phone)
    page.clock.run_for(1000)
    expect(page.get_by_role("button", name="Resend code", exact=True)).to_be_enabled()
    # The page does not look by itself meanwhile: its clock stands still.
    strict.call("DELETE", f"/verifications/{verification_id(page)}")
    page.get_by_role("button", name="Resend code", exact=True).click()
    expect(page.get_by_role("heading", name="This code was canceled")).to_be_focused()


def test_the_ticking_clock_is_not_read_out(open_page, service, phone):
    page = open_page(service, clock=True)
    ask(page, phone)
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
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
        "You can resend the code now.",
        "You have one minute left to enter the code.",
    ]
