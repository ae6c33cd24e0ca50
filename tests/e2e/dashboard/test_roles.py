"""What a viewer sees of the dashboard, and how the operator ends sessions."""

import re

from playwright.sync_api import expect

from tests.e2e.dashboard.conftest import VIEWER_PASSWORD, ask, find, go


def test_a_viewer_sees_everything_and_no_button_that_changes_anything(owned, open_dashboard, phone):
    ask(owned, phone)
    page = open_dashboard(owned, password=VIEWER_PASSWORD)
    expect(page.get_by_text("Viewer", exact=True)).to_be_visible()
    for view, shown in (("Delivery", "console (SMS)"), ("Protection", "+1415555····")):
        go(page, view)
        section = page.locator(f"[data-view={view.lower()}]")
        expect(section.get_by_text(shown).first).to_be_visible()
        expect(page.locator("[data-action]")).to_have_count(0)
        expect(page.get_by_role("columnheader", name="Actions")).to_have_count(0)
    find(page, phone)
    expect(page.locator(".events").first).to_contain_text("Code requested by SMS")
    expect(page.locator("[data-action]")).to_have_count(0)


def test_the_operator_logs_out_all_others(owned, open_dashboard):
    viewer = open_dashboard(owned, password=VIEWER_PASSWORD)
    page = open_dashboard(owned)
    go(page, "Activity")
    sessions = page.locator("#sessions")
    expect(sessions.get_by_text("this browser")).to_have_count(1)
    sessions.get_by_role("button", name="Log out all others").click()
    expect(page.get_by_role("status")).to_contain_text("All other sessions are logged out.")
    expect(sessions.get_by_role("row")).to_have_count(2)
    expect(page.locator("#audit").get_by_role("row").nth(1)).to_contain_text(
        "Logged out all other sessions"
    )
    viewer.wait_for_url(re.compile("/admin/login"))
