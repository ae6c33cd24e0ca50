"""The page of a verification has an address of its own: reloads, other tabs, the back button."""

import re

from playwright.sync_api import expect

from tests.e2e.page.acts import PAGE_OF_ONE, PICKER, STATUS, ask, assert_usable, type_code, wrong


def test_a_reload_goes_on_where_it_was(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    type_code(page, wrong(service.code_for(phone)))
    expect(page.get_by_text("Attempts left: 4").last).to_be_visible()
    page.reload()
    expect(page.get_by_text(f"Check +1415*****{phone[-2:]} for a text message.")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    expect(page.get_by_text("Attempts left: 4")).to_be_visible()
    expect(page.get_by_text(re.compile("Expires in (5:00|4:5)"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Resend code in [123]"))).to_be_disabled()
    type_code(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()


def test_the_back_button_leads_back_to_the_address(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    page.go_back()
    expect(page.locator("#send")).to_be_visible()
    assert page.url == f"{service.url}/"
    page.go_forward()
    expect(page.locator("#code")).to_be_visible()


def test_back_and_forward_reload_nothing(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    asked = []
    page.on("request", lambda request: asked.append((request.resource_type, request.url)))
    page.evaluate("window.stays = true")
    page.go_back()
    expect(page.locator("#phone")).to_be_focused()
    expect(page.get_by_role("button", name="I already have a code")).to_be_visible()
    page.evaluate("history.forward(); history.back(); history.forward()")
    expect(page.locator("#code")).to_be_focused()
    # The form loads its country picker when it can.
    kinds = {kind for kind, url in asked if not PICKER.search(url)}
    assert not {"document", "script", "stylesheet"} & kinds
    assert page.evaluate("window.stays")
    type_code(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()
    page.go_back()
    expect(page.locator("#phone")).to_be_focused()
    expect(page.get_by_role("button", name="I already have a code")).to_be_hidden()


def test_nothing_private_is_kept(open_page, service, phone):
    page = open_page(service)
    ask(page, phone)
    page.locator("#code").fill(service.code_for(phone)[:5])
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert page.context.cookies() == []
    assert PAGE_OF_ONE.search(page.url)


def test_a_verification_that_is_gone_is_said_to_be(open_page, service):
    page = open_page(service, "/verify/VE" + "0" * 32)
    expect(page.get_by_role("heading", name="This code no longer works")).to_be_focused()
    assert_usable(page)
    page.get_by_role("button", name="Get a new code").click()
    expect(page.locator("#phone")).to_be_focused()
    assert page.url == f"{service.url}/"


def test_while_redis_is_away_it_is_tried_again(open_page, start_service, phone):
    service = start_service()
    page = open_page(service)
    ask(page, phone)
    with service.redis_server.hanging():
        page.reload()
        expect(page.get_by_role("heading", name="One moment")).to_be_focused()
        expect(page.get_by_text("We can’t reach the service. Trying again…")).to_be_visible()
        assert_usable(page)
        with page.expect_response(STATUS) as refused:
            page.get_by_role("link", name="Try again now").click()
        assert refused.value.status == 503
    expect(page.locator("#code")).to_be_focused()
    type_code(page, service.code_for(phone))
    expect(page.get_by_role("heading", name="Verified")).to_be_visible()
