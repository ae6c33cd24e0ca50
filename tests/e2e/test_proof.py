"""The public page in a real browser: it works for its codes, as strictly as everything else here
(no outside host, nothing inline)."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import (
    ConsoleMessage,
    Page,
    Request,
    Route,
    expect,
)

from tests.e2e.conftest import Service
from tests.e2e.page.acts import assert_usable, challenge

KEY = "key-of-a-shop-0123456789-0123456789"

_lines = count(3000)


@pytest.fixture
def phone() -> str:
    """A number that no other test has used."""
    return f"+1415556{next(_lines):04d}"


@pytest.fixture(scope="module")
def public(start_service) -> Service:
    return start_service(
        OTP_API_KEYS=f"shop:{KEY}", OTP_PUBLIC_UI="true", OTP_RESEND_SECONDS="0", OTP_MAX_SENDS="10"
    )


@pytest.fixture
def page(browser, public) -> Iterator[Page]:
    """The page at /. The test fails if it complained or asked another host."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # A browser logs every answer of 400 and above by itself.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def watch(request: Request) -> None:
        if not request.url.startswith((public.url, "data:")):
            complaints.append(request.url)

    page = browser.new_page(base_url=public.url, reduced_motion="reduce")
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", watch)
    page.goto("/")
    yield page
    page.close()
    assert not complaints


def ask(page: Page, phone: str) -> None:
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name="Send code").click()


def answer_with(page: Page, challenge: dict[str, Any]) -> list[Any]:
    """Let the service ask for this work each time. What it was asked."""
    asked: list[Any] = []
    problem = {"code": "proof_of_work_required", "detail": "Work.", "challenge": challenge}

    def answer(route: Route) -> None:
        asked.append(route.request.post_data_json)
        body = json.dumps(problem)
        route.fulfill(status=403, content_type="application/problem+json", body=body)

    page.route("**/generate-otp*", answer)
    return asked


def test_a_person_gets_a_code_without_doing_more(page, public, phone):
    ask(page, phone)
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    page.locator("#code").fill(public.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_a_resend_is_worked_for_too(page, public, phone):
    ask(page, phone)
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    asked = []
    page.on("response", lambda answer: asked.append((answer.request.method, answer.status)))
    page.get_by_role("button", name="Resend code", exact=True).click()
    expect(page.get_by_text("Resends left: 8")).to_be_visible()
    posts = [status for method, status in asked if method == "POST"]
    assert posts == [403, 202]


def test_the_wait_is_shown_and_read_out(page, phone):
    endless = challenge(counter=0)
    endless["parameters"] |= {"keyPrefix": "ff" * 32, "expiresAt": 1}  # The clock here is wrong.
    answer_with(page, endless)
    ask(page, phone)
    said = page.get_by_role("status").filter(has_text="Checking that you’re not a robot…")
    expect(said).to_be_attached()
    shown = page.locator(".proof")
    expect(shown.get_by_text("Checking that you’re not a robot…")).to_be_visible()
    assert_usable(page)
    # There is nothing in it for a person to work.
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.proof')") is None


def test_a_browser_that_cannot_do_it_says_so_and_may_try_again(browser, public, phone):
    page = browser.new_page(base_url=public.url)
    page.route("**/pbkdf2.js", lambda route: route.abort())
    page.goto("/")
    ask(page, phone)
    expect(page.locator("#address-error")).to_contain_text("couldn’t finish the check")
    expect(page.locator(".proof")).to_have_count(0)
    page.unroute("**/pbkdf2.js")
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    page.close()


def test_without_https_it_says_what_is_missing(page, phone):
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.reload()
    ask(page, phone)
    expect(page.locator("#address-error")).to_contain_text("https://")


def test_a_proof_that_is_refused_is_not_made_again_and_again(page, phone):
    asked = answer_with(page, challenge(counter=3))
    ask(page, phone)
    expect(page.locator("#address-error")).not_to_be_empty()
    assert [("proof" in body) for body in asked] == [False, True]
