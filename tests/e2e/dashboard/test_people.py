"""What the dashboard shows of one person, and what stays of it: nothing."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Service
from tests.e2e.dashboard.conftest import ask, find, go, last_digits, verify


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


def test_each_attempt_names_its_route(owned, open_dashboard):
    phone = f"+1647555{next(last_digits):04d}"
    ask(owned, phone)
    page = open_dashboard(owned)
    find(page, phone)
    attempt = page.locator(".events li").filter(has_text="console accepted the message")
    expect(attempt).to_contain_text("Route CA, Took")


def test_a_code_that_another_system_made_is_told_apart(owned, open_dashboard, phone):
    body = {"to": phone, "code": "735190"}
    assert owned.call("POST", "/hooks/send", body).status == 202
    page = open_dashboard(owned)
    find(page, phone)
    card = page.locator("article.verification")
    expect(card).to_contain_text("code made and checked by the caller")
    expect(card).not_to_contain_text("left")
    expect(card).to_contain_text("console accepted the message")
    assert "735190" not in page.locator("#trace").inner_text()


def test_each_step_of_a_workflow_is_told(owned, open_dashboard, phone):
    steps = [{"channel": channel, "wait": 60} for channel in ("telegram", "sms", "call")]
    workflow = [*steps, {"channel": "whatsapp"}]
    started = owned.call("POST", "/generate-otp", {"phone": phone, "workflow": workflow})
    page = open_dashboard(owned)
    find(page, phone)
    expect(page.get_by_text("Step 1 of the workflow skipped (Telegram)")).to_be_visible()
    expect(page.get_by_text("Step 2 of the workflow, Language en")).to_be_visible()
    expect(page.get_by_text("Next: step 3 of the workflow (Voice call)")).to_be_visible()
    path = f"/verify/{started.body['verification_id']}/resend"
    assert owned.call("POST", path, {"channel": "call"}).status == 202
    third = page.get_by_text("Step 3 of the workflow started (message 2, Voice call)")
    expect(third).to_be_visible()
    expect(page.get_by_text("Next: step 4 of the workflow (WhatsApp)")).to_be_visible()


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
    verification_id = ask(service, f"+1415555{next(last_digits):04d}")
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
    fast = ask(owned, f"+1415555{next(last_digits):04d}")
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
