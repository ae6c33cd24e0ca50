"""What guards everything of the dashboard: the session, and that no other site makes a request."""

import re
from urllib.parse import urljoin

import pytest

CROSS_SITE = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another host of the site": {"Sec-Fetch-Site": "same-site"},
    "another origin": {"Origin": "https://evil.example"},
    "another port": {"Origin": "https://otp.localhost:8443"},
    "an origin that is kept secret": {"Origin": "null"},
    "no origin": {"Origin": ""},
}
OURS = {
    "a new browser": {"Sec-Fetch-Site": "same-origin"},
    "an old browser": {"Origin": "https://otp.localhost"},
    "no browser": {},
}


@pytest.fixture
def logged_in(browser):
    browser.log_in()
    browser.open("/admin/")
    return browser


def test_another_site_gets_nowhere_even_with_the_token(logged_in, problem, subtests):
    for headers in CROSS_SITE.values():
        for path in ["/admin/logout", "/admin/login"]:
            with subtests.test(headers=headers, path=path):
                problem(logged_in.send(path, headers=headers), 403, "csrf_failed")
                assert logged_in.is_logged_in


@pytest.mark.parametrize("headers", OURS.values(), ids=OURS)
def test_our_own_page_does(logged_in, headers):
    assert logged_in.send("/admin/logout", headers=headers).status_code == 303
    assert not logged_in.is_logged_in


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "é"])
def test_without_the_token_nothing_is_changed(logged_in, problem, token):
    problem(logged_in.send("/admin/logout", csrf_token=token), 403, "csrf_failed")
    headers = {"X-CSRF-Token": token.replace("é", "e")}
    answer = logged_in.open("/admin/logout", "POST", headers=headers)
    problem(answer, 403, "csrf_failed")
    assert logged_in.is_logged_in


def test_the_token_may_be_a_header(logged_in):
    headers = {"X-CSRF-Token": logged_in.token}
    assert logged_in.open("/admin/logout", "POST", headers=headers).status_code == 303
    assert not logged_in.is_logged_in


def test_each_session_has_its_own_token(app, logged_in, problem):
    other = type(logged_in)(app)
    other.log_in()
    problem(other.send("/admin/logout", csrf_token=logged_in.token), 403, "csrf_failed")


def test_the_log_in_form_is_bound_to_its_browser(app, browser):
    other = type(browser)(app)
    other.open("/admin/login")
    browser.open("/admin/login")
    answer = browser.send("/admin/login", csrf_token=other.token, password="correct horse battery")
    assert answer.status_code == 403
    assert "This page has expired." in answer.text
    assert not browser.is_logged_in


def test_a_script_is_told_that_the_session_has_ended(browser, problem):
    answer = browser.open("/admin/", headers={"Accept": "application/json"})
    problem(answer, 401, "log_in_needed")
    assert answer.headers["WWW-Authenticate"].startswith("Cookie")


def test_a_form_without_a_session_leads_to_the_log_in(browser):
    answer = browser.send("/admin/logout")
    assert (answer.status_code, answer.location) == (303, "login")


def test_all_of_the_dashboard_is_guarded(app, browser):
    opened = {"/admin/login"}
    paths = {
        (method, re.sub("<[^>]*>", "1", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/admin") and rule.rule not in opened
        for method in rule.methods - {"OPTIONS"}
    }
    assert ("GET", "/admin/") in paths
    for method, path in paths:
        answer = browser.open(path, method)
        assert answer.status_code == 303, (method, path)
        assert urljoin(path, answer.location) == "/admin/login", (method, path)
