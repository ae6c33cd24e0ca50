"""The owner's log-in as it runs, with the password of the first start, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.acts import SIZES, assert_usable


@pytest.fixture(scope="module")
def open_page(browser, service) -> Callable[..., Page]:
    def open_page(path: str, **options) -> Page:
        page = browser.new_context(base_url=service.url, **options).new_page()
        page.goto(path)
        return page

    return open_page


@pytest.fixture
def password(service) -> str:
    """As an owner finds it."""
    return (service.folder / "otp_admin_password").read_text(encoding="utf-8").strip()


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_owner_logs_in_and_out(open_page, password, scripts):
    page = open_page("/admin/", java_script_enabled=scripts)
    expect(page.get_by_label("Password")).to_be_focused()
    log_in(page, "not the password")
    expect(page.get_by_role("alert")).to_have_text("Incorrect password. Try again.")
    log_in(page, password)
    page.wait_for_url("**/admin/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/admin/login")
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


@pytest.mark.parametrize("size", list(SIZES))
def test_the_page_is_for_everybody(open_page, size):
    page = open_page("/admin/login", viewport=SIZES[size])
    log_in(page, "not the password")
    expect(page.get_by_role("alert")).to_be_visible()
    assert_usable(page)


def test_the_password_is_in_no_log(service, password):
    for log in service.folder.glob("*.log"):
        assert password not in log.read_text(encoding="utf-8")
