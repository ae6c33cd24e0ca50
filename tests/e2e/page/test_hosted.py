"""The page as a part of another site: by a link that leads back, and in a dialog by embed.js. The
other site is docs/example/shop.py, at another origin."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import ROOT, wait_for
from tests.e2e.page.acts import SIZES, assert_usable, type_code, wrong
from tests.redis_servers import free_port

KEY = "k" * 32
PHONE = "+14155550123"  # The one customer that the shop has.
SHOP_PORT = free_port()
SHOP = f"http://localhost:{SHOP_PORT}"


@pytest.fixture(scope="module")
def service(start_service):
    return start_service(
        OTP_API_KEYS=f"shop:{KEY}",
        OTP_RETURN_URLS=f"{SHOP} https://bank.example",
        OTP_APPS='[shop]\napp_name = "The Shop"\ncode_length = 8\nemail_senders = "none"\n'
        'resend_seconds = 0\nlimit_to = "none"',
    )


@pytest.fixture(scope="module")
def shop(service) -> Iterator[str]:
    env = {**os.environ, "OTP_URL": service.url, "OTP_API_KEY": KEY, "PORT": str(SHOP_PORT)}
    program = subprocess.Popen([sys.executable, ROOT / "docs/example/shop.py"], env=env)
    try:
        wait_for(lambda: _is_up(SHOP))
        yield SHOP
    finally:
        program.terminate()
        program.wait(5)


def newest_code(service) -> str:
    """What the shop's customer is sent, of whom no other verification is left."""
    [key] = wait_for(lambda: service.redis.keys("otp:verification:*"))
    sent = b"otp:send:" + key.rpartition(b":")[2] + b":1"
    wait_for(lambda: service.redis.hget(sent, "status") == b"sent")
    return service.code_for(PHONE)


def _is_up(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def page(new_context, shop, service) -> Iterator[Page]:
    # The last verification of the shop's customer is over.
    service.redis.flushall()
    context = new_context(shop, "desktop")
    page = context.new_page()
    yield page
    context.close()


def started(service, phone: str) -> str:
    """The id of a verification that the shop's backend has asked for."""
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = service.call("POST", "/generate-otp", {"phone": phone}, headers)
    assert answer.status == 202
    return answer.body["verification_id"]


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_a_customer_comes_back_verified(new_context, shop, service, javascript):
    service.redis.flushall()
    context = new_context(shop, "desktop", java_script_enabled=javascript)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="on a page of its own").click()
    expect(page.get_by_text("The Shop")).to_be_visible()
    expect(page.get_by_label("8-digit code")).to_be_visible()
    type_code(page, newest_code(service))
    if not javascript:
        page.get_by_role("button", name="Verify").click()
    expect(page).to_have_url(re.compile(r"/done\?verification_id=VE[0-9a-f]{32}&status=approved$"))
    expect(page.get_by_text("approved")).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_page_of_another_site_offers_nothing_of_its_own(open_page, service, phone, size):
    verification_id = started(service, phone)
    page = open_page(service, f"/verify/{verification_id}", size=size)
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    for name in ("Use a different number", "Email me instead"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("link", name="API")).to_have_count(0)
    assert_usable(page)
    page.get_by_role("button", name="Call me instead").click()
    expect(page.locator("#code-step")).to_contain_text("Answer our call to")
    service.redis.flushall()
    page.reload()
    expect(
        page.get_by_text("To get a new code, go back to the site or app that sent you here.")
    ).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert_usable(page)


def test_who_failed_is_led_back_too(open_page, service, phone):
    verification_id = started(service, phone)
    back = f"{SHOP}/done?cart=7"
    page = open_page(service, f"/verify/{verification_id}?return_url={quote(back)}")
    code = service.code_for(phone)
    for left in range(4, -1, -1):
        code = wrong(code)
        type_code(page, code)
        if left:
            expect(page.locator("#code-error")).to_contain_text(f"Attempts left: {left}.")
    expect(page.get_by_role("heading", name="Too many incorrect codes")).to_be_visible()
    result = f"verification_id={verification_id}&status=max_attempts_reached"
    link = page.get_by_role("link", name="Go back")
    expect(link).to_have_attribute("href", f"{back}&{result}")
    page.reload()
    expect(link).to_have_attribute("href", f"{back}&{result}")
    assert_usable(page)


@pytest.mark.parametrize("url", ["https://evil.example/", "javascript:alert(1)", "//evil.example"])
def test_nobody_is_sent_to_another_site(open_page, service, phone, url):
    verification_id = started(service, phone)
    page = open_page(service, f"/verify/{verification_id}?return_url={quote(url)}")
    expect(page.locator("#note")).to_contain_text(
        "We can’t take you back to the site you came from."
    )
    type_code(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()
    assert page.url.startswith(f"{service.url}/verify/")
    assert "evil" not in page.locator("main").inner_html()


def test_a_customer_is_verified_in_a_dialog(page, service):
    page.goto("/")
    page.get_by_role("button", name="in a dialog").click()
    frame = page.frame_locator("dialog iframe")
    expect(frame.get_by_role("heading", name="Enter the code")).to_be_visible()
    expect(frame.locator("footer")).to_be_hidden()
    frame.locator("#code").fill(newest_code(service))
    expect(frame.get_by_role("heading", name="Verified")).to_be_visible()
    expect(page.locator("#result")).to_have_text("The service says: approved.")
    expect(page.locator("dialog")).to_have_count(0)


def test_a_dialog_that_is_closed_says_so(page):
    page.goto("/")
    page.get_by_role("button", name="in a dialog").click()
    expect(page.frame_locator("dialog iframe").locator("#code")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#result")).to_have_text("Not confirmed: closed.")


def test_a_dialog_tells_how_else_it_ended(page, service):
    page.goto("/")
    with page.expect_response("**/start") as start:
        page.get_by_role("button", name="in a dialog").click()
    frame = page.frame_locator("dialog iframe")
    expect(frame.locator("#code")).to_be_visible()
    headers = {"Authorization": f"Bearer {KEY}"}
    verification_id = start.value.json()["verification_id"]
    service.call("DELETE", f"/verifications/{verification_id}", headers=headers)
    expect(frame.get_by_role("heading", name="This code was canceled")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#result")).to_have_text("Not confirmed: canceled.")


@pytest.mark.parametrize("size", SIZES)
def test_a_dialog_is_as_high_as_its_page(new_context, shop, service, size):
    service.redis.flushall()
    context = new_context(shop, size)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="in a dialog").click()
    frame = page.frame_locator("dialog iframe")
    expect(frame.locator("#code")).to_be_focused()

    def is_as_high() -> bool:
        shown = page.locator("dialog iframe").bounding_box()["height"]
        needed = frame.locator("body").evaluate("body => body.getBoundingClientRect().height")
        page.wait_for_timeout(50)
        return abs(shown - min(needed, 0.85 * SIZES[size]["height"])) <= 1

    wait_for(is_as_high)
    frame.locator("#code").fill(newest_code(service))
    expect(frame.get_by_role("heading", name="Verified")).to_be_visible()
    wait_for(is_as_high)
    context.close()


def open_dialog(page: Page) -> None:
    page.evaluate(
        """verificationId => {
               window.rejection = OTP.verify({ verificationId }).then(
                   ({ status }) => `ended ${status}`,
                   (error) => error instanceof Error && error.message ? error.code : "no reason");
           }""",
        "VE" + "0" * 32,
    )


def rejection(page: Page) -> str:
    """Why the page could not be shown in a dialog."""
    code = page.evaluate("window.rejection")
    expect(page.locator("dialog")).to_have_count(0)
    return code


def test_a_dialog_on_a_site_that_is_not_allowed_says_so(page):
    page.goto(f"http://127.0.0.1:{SHOP_PORT}/")
    page.get_by_role("button", name="in a dialog").click()
    expect(page.locator("#result")).to_contain_text("Add it to OTP_RETURN_URLS.")
    expect(page.locator("dialog")).to_have_count(0)
    open_dialog(page)
    assert rejection(page) == "not_allowed"


@pytest.mark.parametrize("failure", ["connectionrefused", "namenotresolved", "timedout"])
def test_a_dialog_of_a_service_that_is_away_says_so(page, service, failure):
    page.goto("/")
    page.route(f"{service.url}/**", lambda route: route.abort(failure))
    open_dialog(page)
    assert rejection(page) == "unreachable"


def test_a_dialog_of_a_proxy_whose_service_is_away_says_so(page, service):
    page.goto("/")
    bad_gateway = {"status": 502, "body": "<h1>Bad gateway</h1>", "content_type": "text/html"}
    page.route(f"{service.url}/**", lambda route: route.fulfill(**bad_gateway))
    open_dialog(page)
    assert rejection(page) == "unreachable"


def test_a_dialog_of_a_service_that_hangs_says_so(page, service):
    page.clock.install()
    page.goto("/")
    held = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(f"{service.url}/**", hold)
    with page.expect_request(f"{service.url}/**"):
        open_dialog(page)
    page.clock.fast_forward(10_000)
    assert rejection(page) == "unreachable"
    assert held


@pytest.mark.parametrize("policy", ["frame-src 'self'", "child-src 'self'", "default-src 'self'"])
def test_a_dialog_that_the_site_itself_blocks_says_so(page, policy):
    page.goto("/")
    page.evaluate(
        """content => document.head.append(Object.assign(document.createElement("meta"),
               { httpEquiv: "Content-Security-Policy", content }))""",
        policy,
    )
    open_dialog(page)
    assert rejection(page) == "blocked"


def test_a_dialog_that_has_come_stays(new_context, shop, service):
    service.redis.flushall()
    context = new_context(shop, "desktop")
    page = context.new_page()
    page.clock.install()
    page.goto("/")
    page.get_by_role("button", name="in a dialog").click()
    # The frame shows once its page has sent a message.
    expect(page.locator("dialog iframe")).to_have_css("opacity", "1")
    page.clock.fast_forward(60_000)
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#result")).to_have_text("Not confirmed: closed.")
    context.close()


def test_messages_of_others_are_not_believed(page):
    page.goto("/")
    page.get_by_role("button", name="in a dialog").click()
    expect(page.frame_locator("dialog iframe").locator("#code")).to_be_visible()
    page.evaluate("window.postMessage({type: 'otp', status: 'approved'}, '*')")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#result")).to_have_text("Not confirmed: closed.")


def test_no_other_site_may_frame_it(page, service, phone):
    verification_id = started(service, phone)
    blocked = []
    page.on("console", lambda message: blocked.append(message.text))
    page.goto(f"http://127.0.0.1:{SHOP_PORT}/")
    page.evaluate(
        "url => document.body.append(Object.assign(document.createElement('iframe'), {src: url}))",
        f"{service.url}/verify/{verification_id}",
    )
    wait_for(lambda: page.wait_for_timeout(50) or any("frame-ancestors" in b for b in blocked))
