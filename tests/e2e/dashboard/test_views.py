"""The dashboard in a real browser, on the service as it runs: every view and state, on a desktop
and on a phone, light and dark."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.dashboard.conftest import PASSWORD, SIZES, ask, find, go, last_digits, verify
from tests.e2e.page.acts import assert_usable


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


def test_the_figures_of_one_app_are_shown(start_service, open_dashboard):
    service = start_service(
        OTP_ADMIN_PASSWORD=PASSWORD, OTP_API_KEYS=f"shop:{'s' * 32} bank:{'b' * 32}"
    )
    for app, numbers in {"shop": 2, "bank": 1}.items():
        for _ in range(numbers):
            body = {"phone": f"+1415555{next(last_digits):04d}"}
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


def test_a_request_without_an_answer_is_made_again(owned, open_dashboard):
    page = open_dashboard(owned)
    page.clock.install()
    # Unanswered: nothing continues the request.
    page.route("**/stats.json*", lambda _: None, times=1)
    with page.expect_request("**/stats.json*"):
        page.reload()
    expect(page.get_by_text("Loading…")).to_be_visible()
    page.clock.fast_forward(10_000)
    expect(page.get_by_text("Disconnected. Trying again…")).to_be_visible()
    page.clock.fast_forward(3_000)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_times_of_the_log_have_seconds_and_a_time_zone(owned, open_dashboard):
    page = open_dashboard(owned)
    go(page, "Activity")
    time = page.locator("#audit .more").first
    expect(time).to_have_text(re.compile(r"\d{1,2} \w+ \d{4}, \d\d:\d\d:\d\d (UTC|GMT|[A-Z]{3,4})"))


def test_an_event_is_sent_again_to_an_endpoint_that_rests_and_shows_the_answer(
    owned, open_dashboard, phone
):
    ask(owned, phone)
    page = open_dashboard(owned)
    go(page, "Activity")
    masked = f"{phone[:5]}*****{phone[-2:]}"
    row = page.locator("#events").get_by_role("row", name=re.compile("verification.started"))
    row = row.filter(has_text=masked).first
    row.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("The event is on its way again.")).to_be_visible()
    expect(row).to_contain_text("Will be retried")
    expect(row).to_contain_text(re.compile("no_connection, [12] attempt"))
    assert_usable(page)
    expect(page.locator("#audit").get_by_role("row").nth(1)).to_contain_text("Sent an event again")


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
        ask(owned, f"+1408555{next(last_digits):04d}")
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
        ask(owned, f"+1202555{next(last_digits):04d}")
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
