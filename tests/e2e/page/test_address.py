"""Asking for a code: the address, the channel, and what can be wrong with them."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.page.acts import (
    SIZES,
    ask,
    new_phone,
    problem,
    rendered,
    type_code,
    verification_id,
)


def clear(phone: str) -> re.Pattern[str]:
    """The number as it was typed, or with the picker's country code in front."""
    return re.compile(rf"\+1 ?{phone[2:]}\b")


@pytest.mark.parametrize("size", SIZES)
def test_a_phone_is_verified(open_page, service, phone, size):
    page = open_page(service, size=size)
    ask(page, phone)
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator("#to")).to_contain_text("for a text message.")
    expect(page.locator("#to")).to_contain_text(clear(phone))
    expect(page.get_by_text(re.compile("Expires in (5:00|4:5)"))).to_be_visible()
    expect(page.get_by_text("Attempts left: 5")).to_be_visible()
    expect(page.get_by_text("Resends left: 4")).to_be_visible()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    type_code(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_focused()
    expect(page.locator("#approved-to")).to_have_text(
        re.compile(f"{clear(phone).pattern} is yours")
    )
    assert page.title() == "Verified – OTP"

    page.get_by_role("button", name="Start a new verification").click()
    expect(page.locator("#phone")).to_be_focused()
    expect(page.locator("#phone")).to_have_value("")


def test_an_email_is_verified(open_page, service):
    page = open_page(service)
    page.get_by_text("Email", exact=True).click()
    expect(page.locator("#phone")).to_be_hidden()
    expect(page.get_by_text("How should we send it?")).to_be_hidden()
    ask(page, "Ann@Example.com")
    expect(page.locator("#to")).to_have_text("Check Ann@Example.com for an email from us.")
    expect(page.get_by_text("Sent. Check your inbox and spam folder.")).to_be_visible()
    expect(page.get_by_role("button", name="Call me instead")).to_be_hidden()
    type_code(page, service.code_for("ann@example.com"))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_channel_is_chosen(open_page, service, phone):
    page = open_page(service)
    page.get_by_text("WhatsApp", exact=True).click()
    ask(page, phone)
    expect(page.locator("#code-step")).to_contain_text("Check WhatsApp on")
    service.code_for(phone)
    assert [sent["channel"] for sent in service.sent() if sent["to"] == phone] == ["whatsapp"]


def test_the_only_channel_is_not_chosen(open_page, service, phone):
    off = {f"OTP_{name}_SENDERS": "none" for name in ("SMS", "WHATSAPP")}
    page = open_page(service, ready=rendered(**off))
    page.locator("#phone").fill(phone)
    with page.expect_request("**/generate-otp*") as asked:
        page.get_by_role("button", name="Send code").click()
    assert asked.value.post_data_json["channel"] == "call"


def test_a_wrong_address_is_said_next_to_the_field(open_page, service):
    page = open_page(service)
    error = page.locator("#address-error")
    for kind, typed, message in [
        ("phone", " ", "Enter your phone number."),
        ("phone", "12", "Enter a valid phone number with its country code"),
        ("phone", "+1 415 555 01", "Enter a valid phone number with its country code"),
        ("email", "ann@", "Enter an email address in the correct format"),
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


def test_an_address_out_of_sends_waits_and_another_may_go_on(open_page, service, phone):
    page = open_page(service)
    page.route("**/generate-otp*", problem(429, "rate_limited", 90))
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.locator("#address-error")).to_have_text(
        "We can’t send another code yet. Try again in 1:30."
    )
    expect(page.locator("#phone")).to_be_focused()
    expect(page.get_by_role("button", name=re.compile(r"Send code in 1:(30|2\d)"))).to_be_disabled()

    page.unroute("**/generate-otp*")
    page.locator("#phone").fill("")
    expect(page.locator("#address-error")).to_be_empty()
    ask(page, phone)


def test_it_may_send_when_the_wait_is_over(open_page, service, phone):
    page = open_page(service, clock=True)
    page.route("**/generate-otp*", problem(429, "rate_limited", 3700))
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("button", name=re.compile(r"in 1:01:\d\d$"))).to_be_disabled()
    page.unroute("**/generate-otp*")
    page.clock.fast_forward(3_700_000)
    page.get_by_role("button", name="Send code", exact=True).click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (401, "unauthorized", "This page isn’t allowed to send codes."),
        (403, "country_not_allowed", "We don’t send codes to numbers in this country."),
        (503, "delivery_backlog", "Messages are delayed right now."),
        (500, "internal_error", "Something went wrong on our end."),
    ],
)
def test_what_the_service_refuses_is_said_in_the_page_s_words(
    open_page, service, phone, status, code, text
):
    page = open_page(service)
    page.locator("#phone").fill(phone)
    page.route("**/generate-otp*", problem(status, code))
    page.get_by_role("button", name="Send code").click()
    expect(page.locator("#address-error")).to_contain_text(text)
    expect(page.get_by_role("button", name="Send code")).to_be_enabled()


def test_while_the_service_is_unavailable_one_may_try_again(open_page, service, phone):
    page = open_page(service)
    page.route("**/generate-otp*", problem(503, "storage_unavailable", 1))
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.locator("#address-error")).to_contain_text("The service isn’t available right now.")
    page.unroute("**/generate-otp*")
    ask(page, phone)

    page.route("**/check*", problem(503, "storage_unavailable", 1))
    type_code(page, service.code_for(phone))
    expect(page.locator("#code-error")).to_contain_text("The service isn’t available right now.")
    page.unroute("**/check*")
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_an_error_page_of_a_proxy_is_not_shown_as_it_is(open_page, service, phone):
    page = open_page(service)
    page.route("**/generate-otp*", lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"))
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()
    expect(page.locator("#address-error")).to_contain_text("Something went wrong on our end.")


def test_another_number_cancels_the_first(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    first = verification_id(page)
    page.get_by_role("button", name="Use a different number").click()
    expect(page.locator("#phone")).to_have_value(re.compile(phone[-4:]))
    with page.expect_response("**/cancel*") as canceled:
        ask(page, new_phone())
    assert canceled.value.url.startswith(f"{service.url}/verify/{first}/cancel?")
    assert canceled.value.status == 204


def test_who_has_a_code_already_goes_on_with_it(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    first = verification_id(page)
    page.get_by_role("button", name="Use a different number").click()
    assert page.url == f"{service.url}/"
    page.get_by_role("button", name="I already have a code").click()
    expect(page.locator("#code")).to_be_focused()
    assert verification_id(page) == first
    type_code(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_address_stays_in_sight_of_the_person_who_typed_it(open_page, service, phone):
    """The service answers a masked one, and so does its page when it is opened again."""
    page = open_page(service)
    with page.expect_response("**/generate-otp*") as asked:
        ask(page, phone)
    masked = f"+1415*****{phone[-2:]}"
    assert asked.value.json()["to"] == masked
    shown = page.locator("#to")
    expect(page.locator("#announcer")).to_contain_text(clear(phone))
    # It has asked for the status meanwhile.
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    assert service.call("GET", f"/verify/{verification_id(page)}/status").body["to"] == masked
    expect(shown).to_contain_text(clear(phone))

    # Another number that is refused is not shown as the one that the code went to.
    page.get_by_role("button", name="Use a different number").click()
    page.locator("#phone").fill("+1 415 555 01")
    page.locator("#send").click()
    expect(page.locator("#address-error")).not_to_be_empty()
    page.get_by_role("button", name="I already have a code").click()
    expect(shown).to_contain_text(clear(phone))

    page.reload()
    expect(shown).to_contain_text(masked)
    assert not clear(phone).search(page.content())
