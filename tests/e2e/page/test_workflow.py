"""The page while a workflow goes on from one channel to the next."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.clock import clock_of
from tests.e2e.page.acts import SIZES, ask, assert_usable, type_code


@pytest.fixture(scope="module")
def stepping(start_service):
    return start_service(OTP_WORKFLOW="sms 40s, whatsapp 40s, call", OTP_LIMIT_TO="none")


def channels_to(service, phone: str) -> list[str]:
    return [sent["channel"] for sent in service.sent() if sent["to"] == phone]


def expect_next(page: Page, what: str) -> None:
    expect(page.locator("#next-in")).to_have_text(re.compile(rf"^Next: {what} in 0:[1-4]\d$"))


@pytest.mark.parametrize("size", SIZES)
def test_the_next_step_is_shown_and_comes_now_if_the_person_wants(open_page, stepping, phone, size):
    page = open_page(stepping, size=size)
    ask(page, phone)
    expect_next(page, "a WhatsApp message")
    expect(page.get_by_role("button", name="Use WhatsApp instead")).to_be_hidden()
    assert_usable(page)
    now = page.get_by_role("button", name="Get it now")
    # Without the pause that other buttons have.
    expect(page.get_by_role("button", name="Resend code")).to_be_disabled()
    now.click()
    expect(page.locator("#code-step")).to_contain_text("Check WhatsApp on")
    expect_next(page, "a call")
    now.click()
    expect(page.locator("#code-step")).to_contain_text("Answer our call to")
    expect(page.locator("#next")).to_be_hidden()
    type_code(page, stepping.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()
    assert channels_to(stepping, phone) == ["sms", "whatsapp", "call"]


def test_a_step_that_starts_by_itself_is_announced_and_its_clock_is_not(open_page, stepping, phone):
    page = open_page(stepping)
    ask(page, phone)
    expect_next(page, "a WhatsApp message")
    expect(page.locator("#next-in")).to_have_attribute("aria-live", "off")
    assert page.locator("#next [role=status], [role=status] #next").count() == 0
    expect(page.locator("#delivery")).to_have_text("Sent")
    with clock_of(stepping.redis) as clock:
        clock.shift(41)
    expect(page.locator("#announcer")).to_have_text(re.compile("Check WhatsApp on .*555"))
    expect_next(page, "a call")


def test_a_channel_that_the_person_chooses_has_no_steps(open_page, stepping, phone):
    page = open_page(stepping)
    page.locator("label[for=channel-call]").click()
    ask(page, phone)
    expect(page.locator("#code-step")).to_contain_text("Answer our call to")
    expect(page.locator("#delivery")).to_have_text("Sent")
    expect(page.locator("#next")).to_be_hidden()


def test_without_a_script_the_next_step_is_a_sentence_with_a_button(open_page, stepping, phone):
    page = open_page(stepping, java_script_enabled=False)
    ask(page, phone)
    expect_next(page, "a WhatsApp message")
    page.get_by_role("button", name="Get it now").click()
    expect(page.locator("#code-step")).to_contain_text("Check WhatsApp on")
    expect_next(page, "a call")
