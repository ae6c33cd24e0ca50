"""The virtual phone in a real browser, beside the page that asks for the code."""

import re
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Service, wait_for
from tests.e2e.page.acts import assert_usable

SIZES = {
    "desktop": {"width": 1280, "height": 800},
    "beside": {"width": 640, "height": 800},
    "phone": {"width": 360, "height": 740},
}

_lines = count(100)


def new_number() -> str:
    """One that no other test has used."""
    return f"+1415557{next(_lines):04d}"


@pytest.fixture
def number() -> str:
    return new_number()


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    """Of its own, so that its phone shows nothing else."""
    service = start_service()
    yield service
    service.stop()


@pytest.fixture
def open_page(browser, service) -> Iterator[Callable[..., Page]]:
    """Open a path of a service. The test fails if a page complained or asked another host."""
    contexts, complaints = [], []

    def open_page(path: str, size: str = "desktop", service: Service = service) -> Page:
        context = browser.new_context(
            base_url=service.url,
            viewport=SIZES[size],
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.extend(_complaint(said)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.extend(_foreign(asked.url, service.url)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def _complaint(said) -> list[str]:
    # A browser logs by itself what it could not load.
    is_answer = "Failed to load resource" in said.text
    return [said.text] if said.type in ("error", "warning") and not is_answer else []


def _foreign(url: str, own_url: str) -> list[str]:
    return [] if url.startswith((own_url, "data:")) else [url]


def message_to(phone: Page, number: str) -> Locator:
    """A phone shows numbers masked; the last two digits tell them apart."""
    return phone.locator(".message").filter(has_text=f"*{number[-2:]}")


def generate(service: Service, **asked: object) -> str:
    return service.call("POST", "/generate-otp", asked).body["verification_id"]


def send_of(service: Service, verification_id: str) -> tuple[str, str | None]:
    (send,) = service.call("GET", f"/verifications/{verification_id}").body["sends"]
    return send["status"], send["reason"]


def test_a_code_that_is_asked_for_comes_to_the_phone_and_is_right(open_page, number):
    phone = open_page("/phone")
    page = open_page("/")
    page.locator("#phone").fill(number)
    page.get_by_role("button", name="Send code").click()

    message = message_to(phone, number)
    expect(message).to_contain_text("is your OTP code")
    copy = message.get_by_role("button", name=re.compile(r"Copy \d{6}"))
    copy.click()
    expect(message.get_by_role("button", name=re.compile(r"Copied \d{6}"))).to_be_visible()
    code = phone.evaluate("navigator.clipboard.readText()")

    page.locator("#code").fill(code)
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_page_leads_to_the_phone_and_back(open_page):
    page = open_page("/")
    with page.expect_popup() as opened:
        page.get_by_role("link", name=re.compile("virtual phone")).click()
    phone = opened.value
    expect(phone.get_by_role("heading", name="Virtual phone")).to_be_visible()
    with phone.expect_popup() as opened:
        phone.get_by_role("link", name="Request a code in another tab").click()
    expect(opened.value.locator("#phone")).to_be_visible()


@pytest.mark.parametrize(
    ("choice", "status", "reason", "did"),
    [
        ("Deliver", "delivered", None, "delivered"),
        ("Reject", "failed", "carrier_refused", "rejected"),
        ("Not on this channel", "failed", "unreachable", "not on this channel"),
        ("Accept, then fail", "undelivered", "handset_unreachable", "reported as undelivered"),
        ("Lose", "sent", None, "lost"),
        ("Delay", "sent", None, "on its way"),
    ],
)
def test_each_thing_that_a_carrier_does_leads_to_its_state(
    open_page, service, number, choice, status, reason, did
):
    phone = open_page("/phone")
    if choice != "Deliver":
        with phone.expect_response("**/phone/carrier"):
            phone.get_by_role("radio", name=re.compile(f"^{choice} ")).check()
    verification_id = generate(service, phone=number)
    past = phone.locator("#past li").filter(has_text=f"*{number[-2:]}")
    expect(past).to_contain_text(did)
    # The next one is delivered again.
    expect(phone.get_by_role("radio", name=re.compile("^Deliver "))).to_be_checked()
    wait_for(lambda: send_of(service, verification_id) == (status, reason))
    expect(message_to(phone, number)).to_have_count(1 if choice == "Deliver" else 0)


@pytest.mark.parametrize("size", SIZES)
def test_it_is_accessible_and_fits_with_messages_of_every_channel(open_page, service, size):
    phone = open_page("/phone", size)
    assert_usable(phone)
    generate(service, phone=new_number(), locale="ar")
    generate(service, phone=new_number(), channel="whatsapp", locale="zh")
    generate(service, phone=new_number(), channel="call")
    generate(service, email=f"{size}@example.com", locale="de")
    expect(phone.locator(".message[data-channel=email]").first).to_contain_text("Ihr Code für OTP")
    expect(phone.locator(".message[data-channel=call]").first).to_contain_text(
        "Again, your code is"
    )
    expect(phone.locator(".message[data-channel=sms]").first).to_contain_text("رمز")
    expect(phone.locator(".message[data-channel=whatsapp]").first).to_contain_text("验证码")
    assert_usable(phone)


def test_it_says_when_the_service_is_away_and_goes_on_when_it_is_back(open_page):
    phone = open_page("/phone")
    phone.route("**/phone/messages", lambda route: route.abort())
    trouble = phone.get_by_role("alert")
    expect(trouble).to_have_text("Can’t reach the service. Trying again…")
    assert_usable(phone)
    phone.unroute("**/phone/messages")
    expect(trouble).to_be_hidden()


def test_where_there_are_api_keys_the_owner_logs_in_first(open_page, start_service, number):
    key, password = "k" * 32, "correct horse battery"
    service = start_service(OTP_API_KEYS=f"shop:{key}", OTP_ADMIN_PASSWORD=password)
    phone = open_page("/phone", service=service)
    phone.get_by_label("Password").fill(password)
    phone.get_by_role("button", name="Log in").click()
    phone.goto("/phone")
    with phone.expect_response("**/phone/carrier") as told:
        phone.get_by_role("radio", name=re.compile("^Reject ")).check()
    assert told.value.status == 204
    asked = {"phone": number}
    service.call("POST", "/generate-otp", asked, {"Authorization": f"Bearer {key}"})
    expect(phone.locator("#past")).to_contain_text("rejected")
    service.stop()


def test_a_message_of_a_workflow_says_which_step_it_is_and_what_follows(open_page, service, number):
    phone = open_page("/phone")
    workflow = [{"channel": "sms", "wait": 60}, {"channel": "call"}]
    verification_id = generate(service, phone=number, workflow=workflow)
    first = message_to(phone, number)
    follows = re.compile(r"Step 1 of 2\. Next: Phone call at \d\d:\d\d:\d\d$")
    expect(first.locator(".step")).to_have_text(follows)
    service.call("POST", f"/verify/{verification_id}/resend", {"channel": "call"})
    expect(message_to(phone, number).locator(".step")).to_have_text(["Step 2 of 2", "Step 1 of 2"])
