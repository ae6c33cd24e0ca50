"""The dashboard in a real browser, on the service as it runs: every view and state, on a desktop
and on a phone, light and dark."""

import re
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Service

SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 360, "height": 740}}
PASSWORD = "correct horse battery"
# Nobody listens there.
REFUSING = "webhook://whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz@127.0.0.1:9/?tls=none"

_lines = count(6000)


@pytest.fixture
def phone() -> str:
    """A number that no other test has used."""
    return f"+1415555{next(_lines):04d}"


@pytest.fixture(scope="module")
def owned(start_service) -> Service:
    """A service whose first sender for SMS is down."""
    return start_service(
        OTP_ADMIN_PASSWORD=PASSWORD,
        OTP_SMS_SENDERS=f"{REFUSING} console://",
        OTP_ALLOW_OPEN="true",
        OTP_GUARD="monitor",
        OTP_GUARD_RANGE="3/1d",
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
        if not asked.startswith(("/", "data:")) or re.search("555|@", asked):
            complaints.append(request.url)

    def open_dashboard(service, size="desktop") -> Page:
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
        page.set_default_timeout(8000)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", look)
        page.goto("/admin/")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        return page

    yield open_dashboard
    for context in contexts:
        context.close()
    assert not complaints


def assert_usable(page: Page) -> None:
    """No axe violation, light and dark, and nothing to scroll sideways for."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


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


def tile(page: Page, name: str):
    return page.locator(".tile", has=page.get_by_text(name, exact=True)).locator("b:visible")


def test_figures_and_charts_follow_the_traffic_without_a_reload(owned, open_dashboard, phone):
    page = open_dashboard(owned)
    started = tile(page, "Started")
    expect(started).to_have_text(re.compile(r"\d+"))
    before = int(started.inner_text())
    ask(owned, phone)
    assert verify(owned, phone, owned.code_for(phone)) == 200
    expect(started).to_have_text(str(before + 1))
    codes = page.locator("figure", has=page.get_by_role("heading", name="Verifications"))
    assert codes.locator("polyline.started").get_attribute("points")
    codes.get_by_text("Show as a table").click()
    expect(codes.get_by_role("row")).to_have_count(61)
    page.get_by_text("30 days").click()
    expect(codes.get_by_role("row")).to_have_count(31)
    page.locator("#channel").select_option("email")
    expect(started).to_have_text("0")


HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_tab_that_is_hidden_asks_for_nothing(owned, open_dashboard):
    page = open_dashboard(owned)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.reload()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    with page.expect_response("**/stats.json**"):
        page.clock.run_for(3000)
    page.evaluate(HIDE, True)
    asked.clear()
    for _ in range(5):
        page.clock.run_for(10_000)
        # Whatever was asked for before this is answered after it.
        page.evaluate("fetch('/health/live').then(answer => answer.text())")
    assert {url.rpartition("/")[2] for url in asked} == {"live"}
    with page.expect_response("**/stats.json**"):
        page.evaluate(HIDE, False)


def test_where_is_my_code(owned, open_dashboard, phone, figure):
    ask(owned, phone)
    assert verify(owned, phone, "000000" if owned.code_for(phone) != "000000" else "1" * 6) == 400
    page = open_dashboard(owned)
    begin = time.perf_counter()
    find(page, f"{phone[:2]} ({phone[2:5]}) {phone[5:8]}-{phone[8:]}")
    events = page.locator(".events").first
    expect(events).to_contain_text("accepted the message")
    seconds = time.perf_counter() - begin
    figure("dashboard: from a number to its timeline", f"{seconds:.2f} s")
    assert seconds < 2
    expect(events).to_contain_text("Code requested by SMS")
    expect(events).to_contain_text("Queued for")
    expect(events).to_contain_text("console accepted the message")
    expect(events).to_contain_text("Incorrect code entered")
    assert phone not in page.locator("#trace").inner_text()
    # It is live: what happens meanwhile is there by itself.
    assert verify(owned, phone, owned.code_for(phone)) == 200
    expect(events).to_contain_text("Correct code entered: verified")


def test_an_address_is_revealed_and_that_is_in_the_log(owned, open_dashboard, phone):
    ask(owned, phone)
    page = open_dashboard(owned)
    find(page, phone)
    page.get_by_role("button", name="Show full address").click()
    expect(page.get_by_text(f"Full address: {phone}")).to_be_visible()
    go(page, "Activity")
    expect(page.locator("#audit").get_by_role("row").nth(1)).to_contain_text(
        "Viewed a full address"
    )


def look_up_and_cancel(service: Service, page: Page) -> str:
    """Leaves somebody on the page, with a notice over them. Returns their verification."""
    verification_id = ask(service, f"+1415555{next(_lines):04d}")
    find(page, verification_id)
    page.get_by_role("button", name="Cancel verification").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel verification").click()
    expect(page.locator("#notice")).to_have_text("Verification canceled.")
    expect(page.locator("#trace")).to_contain_text(verification_id)
    return verification_id


def test_nothing_of_a_person_stays_over_the_next_one(owned, open_dashboard, phone):
    page = open_dashboard(owned)
    before = look_up_and_cancel(owned, page)
    after = ask(owned, phone)
    page.get_by_label("Find a code").fill(phone)
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#trace")).to_contain_text(after)
    expect(page.locator("#trace")).not_to_contain_text(before)
    expect(page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize("failing", ["12", "", "a@b@example.com", "unreachable"])
def test_nothing_of_a_person_stays_when_the_next_search_fails(owned, open_dashboard, failing):
    page = open_dashboard(owned)
    before = look_up_and_cancel(owned, page)
    if failing == "unreachable":
        page.route("**/timeline", lambda route: route.abort())
    page.get_by_label("Find a code").fill(failing)
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#find-error")).not_to_be_empty()
    expect(page.locator("#trace")).not_to_contain_text(before)
    expect(page.locator("#notice")).to_be_empty()


def test_a_slow_answer_about_one_person_does_not_replace_the_next(owned, open_dashboard, phone):
    slow = ask(owned, phone)
    fast = ask(owned, f"+1415555{next(_lines):04d}")
    page = open_dashboard(owned)
    held = []

    def hold_the_slow_one(route):
        if slow in route.request.post_data:
            held.append(route)
        else:
            route.continue_()

    page.route("**/timeline", hold_the_slow_one)
    page.get_by_label("Find a code").fill(slow)
    with page.expect_request("**/timeline"):
        page.get_by_role("button", name="Find").click()
    find(page, fast)
    expect(page.locator("#trace")).to_contain_text(fast)
    (route,) = held
    with page.expect_response("**/timeline"):
        route.continue_()
    # The page has handled the answer once a later one is there.
    page.evaluate("fetch('/health/live').then(answer => answer.text())")
    expect(page.locator("#trace")).to_contain_text(fast)
    expect(page.locator("#trace")).not_to_contain_text(slow)


def test_the_figures_of_one_app_are_shown(start_service, open_dashboard):
    service = start_service(
        OTP_ADMIN_PASSWORD=PASSWORD, OTP_API_KEYS=f"shop:{'s' * 32} bank:{'b' * 32}"
    )
    for app, numbers in {"shop": 2, "bank": 1}.items():
        for _ in range(numbers):
            body = {"phone": f"+1415555{next(_lines):04d}"}
            headers = {"Authorization": f"Bearer {app[0] * 32}"}
            assert service.call("POST", "/generate-otp", body, headers).status == 202
    page = open_dashboard(service)
    started = tile(page, "Started")
    expect(started).to_have_text("3")
    page.locator("#app").select_option("shop")
    expect(started).to_have_text("2")
    expect(page.locator("#by-country")).to_be_hidden()
    page.get_by_text("30 days").click()
    expect(started).to_have_text("2")
    page.locator("#app").select_option("")
    expect(started).to_have_text("3")
    expect(page.locator("#by-country")).to_be_visible()


def test_the_minute_that_is_not_over_is_drawn_apart(owned, open_dashboard, phone):
    ask(owned, phone)
    page = open_dashboard(owned)
    codes = page.locator("figure", has=page.get_by_role("heading", name="Verifications"))
    expect(codes.locator("rect.running")).to_have_count(1)
    running = codes.locator("line.started.running")
    over = codes.locator("polyline.started").get_attribute("points")
    assert over.split()[-1] == f"{running.get_attribute('x1')},{running.get_attribute('y1')}"
    assert running.get_attribute("x2") == "600"
    codes.get_by_text("Show as a table").click()
    expect(codes.get_by_role("row").nth(1)).to_contain_text("this minute so far")
    expect(codes.get_by_role("row").nth(2)).not_to_contain_text("so far")


def test_times_of_the_log_have_seconds_and_a_time_zone(owned, open_dashboard):
    page = open_dashboard(owned)
    go(page, "Activity")
    time = page.locator("#audit .more").first
    expect(time).to_have_text(re.compile(r"\d{1,2} \w+ \d{4}, \d\d:\d\d:\d\d (UTC|GMT|[A-Z]{3,4})"))


def test_a_verification_is_canceled_and_a_recipient_unblocked(owned, open_dashboard, phone):
    verification_id = ask(owned, phone)
    page = open_dashboard(owned)
    find(page, phone)
    page.get_by_role("button", name="Cancel verification").click()
    page.get_by_role("button", name="Keep verification").click()
    expect(page.get_by_text("Pending", exact=True)).to_be_visible()
    page.get_by_role("button", name="Cancel verification").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel verification").click()
    expect(page.locator(".verification").get_by_text("Canceled", exact=True)).to_be_visible()
    answer = owned.call("GET", f"/verifications/{verification_id}")
    assert answer.body["status"] == "canceled"

    page.get_by_role("button", name="Reset limits").click()
    expect(page.get_by_text("Limits reset for this recipient.")).to_be_visible()
    expect(page.get_by_role("button", name="Reset limits")).to_have_count(0)


def test_a_sender_is_paused_and_resumed(owned, open_dashboard):
    page = open_dashboard(owned)
    go(page, "Delivery")
    row = page.get_by_role("row", name=re.compile(r"console \(Email\)"))
    expect(row).to_contain_text("Active")
    row.get_by_role("button", name="Pause").click()
    page.get_by_role("dialog").get_by_text("1 hour").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("Paused")
    row.get_by_role("button", name="Resume").click()
    expect(row).to_contain_text("Active")


def test_a_range_that_the_guard_holds_is_released_and_exempted(owned, open_dashboard):
    for _ in range(3):
        ask(owned, f"+1408555{next(_lines):04d}")
    page = open_dashboard(owned)
    go(page, "Protection")
    row = page.locator("#guarded").get_by_role("row", name=re.compile(r"\+1408555"))
    expect(row).to_contain_text("Would be blocked")
    row.get_by_role("button", name="Release").click()
    expect(row).to_contain_text("Released")
    expect(page.get_by_text("The guard starts counting again from zero.")).to_be_visible()
    row.get_by_role("button", name="Exempt").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("1 week").click()
    assert_usable(page)
    dialog.get_by_role("button", name="Exempt").click()
    expect(row).to_contain_text("exempt for another 7 days")
    row.get_by_role("button", name="End exemption").click()
    expect(row.get_by_role("button", name="Exempt")).to_be_visible()
    go(page, "Activity")
    for place, text in enumerate(("Ended an exemption", "Exempted", "Released"), 1):
        expect(page.locator("#audit").get_by_role("row").nth(place)).to_contain_text(text)


def test_a_test_message_shows_what_becomes_of_it(owned, open_dashboard, phone):
    page = open_dashboard(owned)
    go(page, "Delivery")
    row = page.get_by_role("row", name=re.compile(r"console \(SMS\)"))
    row.get_by_role("button", name="Test").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Phone number or email address").fill("a@example.com")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot send to this type of address")
    assert_usable(page)
    dialog.get_by_label("Phone number or email address").fill(phone)
    dialog.get_by_role("button", name="Send").click()
    expect(page.locator(".events")).to_contain_text("test through console only")
    expect(page.locator(".events")).to_contain_text("console accepted the message")


@pytest.mark.parametrize("size", SIZES)
def test_every_view_and_state_is_accessible_and_fits(owned, open_dashboard, phone, size):
    ask(owned, phone)
    for n in range(4):
        ask(owned, f"+1202555{next(_lines):04d}")
        assert n >= 0
    owned.code_for(phone)
    page = open_dashboard(owned, size)
    expect(page.locator("#by-channel table")).to_be_visible()
    page.locator("summary").first.click()
    assert_usable(page)
    for view in ("Delivery", "Protection", "Activity"):
        go(page, view)
        assert_usable(page)

    find(page, phone)
    expect(page.locator(".events").first).to_be_visible()
    assert_usable(page)
    page.get_by_role("button", name="Show full address").click()
    expect(page.get_by_text("Full address: ")).to_be_visible()
    assert_usable(page)
    page.get_by_role("button", name="Cancel verification").click()
    assert_usable(page)
    page.get_by_role("button", name="Keep verification").click()

    page.get_by_label("Find a code").fill("12")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#find-error")).to_contain_text("Enter a valid phone number")
    assert_usable(page)
    find(page, "nobody@example.com")
    expect(page.get_by_text("No records for this recipient")).to_be_visible()
    assert_usable(page)

    go(page, "Delivery")
    page.get_by_role("button", name=re.compile("Pause")).first.click()
    assert_usable(page)
    page.get_by_role("button", name="Cancel").click()

    page.route("**/stats.json*", lambda route: route.abort())
    expect(page.get_by_text("Disconnected. Trying again…")).to_be_visible()
    assert_usable(page)
    page.unroute("**/stats.json*")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_an_ended_session_leads_to_the_log_in(owned, open_dashboard):
    page = open_dashboard(owned)
    page.context.clear_cookies()
    expect(page.get_by_label("Password")).to_be_visible()
