"""The dashboard in a real browser, on the service as it runs."""

import re
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Service

SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
PASSWORD = "correct horse battery"
VIEWER_PASSWORD = "battery of correct horses"
# Nobody listens there.
REFUSING = "webhook://whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz@127.0.0.1:9/?tls=none"
last_digits = count(6000)


@pytest.fixture
def phone() -> str:
    """A number that no other test has used."""
    return f"+1415555{next(last_digits):04d}"


@pytest.fixture(scope="module")
def owned(start_service) -> Service:
    """A service whose first sender for SMS is down, as is the backend that gets events."""
    return start_service(
        OTP_ADMIN_PASSWORD=PASSWORD,
        OTP_VIEWER_PASSWORD=VIEWER_PASSWORD,
        OTP_SMS_SENDERS=f"{REFUSING} console://",
        OTP_SMS_ROUTES='CA = {senders = ["console"]}',
        OTP_ALLOW_OPEN="true",
        OTP_GUARD="monitor",
        OTP_GUARD_RANGE="3/1d",
        OTP_WEBHOOK_URL="http://127.0.0.1:9/",
        OTP_WEBHOOK_ALLOW="127.0.0.1",
        OTP_WEBHOOK_SECRET="whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
    )


@pytest.fixture
def open_dashboard(browser) -> Iterator[Callable[..., Page]]:
    """Log in to a service's dashboard. The test fails if the page complained, asked another host,
    or put an address into a URL."""
    contexts, complaints = [], []

    def complain(message):
        # A browser logs every answer of 400 and above by itself.
        is_answer = "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not is_answer:
            complaints.append(message.text)

    def look(request):
        # The port may have the digits of an address.
        asked = re.sub("^http://localhost:[0-9]+/", "/", request.url)
        if not asked.startswith(("/", "data:")) or re.search("1415555|@", asked):
            complaints.append(request.url)

    def open_dashboard(service, size="desktop", password=PASSWORD) -> Page:
        is_phone = size == "phone"
        context = browser.new_context(
            base_url=service.url.replace("127.0.0.1", "localhost"),
            viewport=SIZES[size],
            is_mobile=is_phone,
            has_touch=is_phone,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", look)
        page.goto("/admin/")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        return page

    yield open_dashboard
    for context in contexts:
        context.close()
    assert not complaints


def ask(service: Service, phone: str) -> str:
    answer = service.call("POST", "/generate-otp", {"phone": phone})
    assert answer.status == 202
    return str(answer.body["verification_id"])


def verify(service: Service, phone: str, otp: str) -> int:
    return service.call("POST", "/verify-otp", {"phone": phone, "otp": otp}).status


def find(page: Page, to: str) -> None:
    page.get_by_label("Find a code").fill(to)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="Find a code")).to_be_visible()


def go(page: Page, view: str) -> None:
    page.get_by_role("link", name=view, exact=True).click()
    expect(page.get_by_role("heading", name=view, exact=True)).to_be_focused()
