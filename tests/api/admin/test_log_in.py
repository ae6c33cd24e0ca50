"""The owner's log-in: who gets in, with which cookie, and how often others may try."""

import json
import re

import pytest

from api import create_app
from shared.settings import Settings
from tests.api.admin.conftest import PASSWORD, Browser
from tests.conftest import KEY


def error_of(answer) -> str:
    return re.search(r'id="password-error" role="alert">([^<]*)<', answer.text)[1]


def test_without_a_session_the_dashboard_leads_to_the_log_in(browser):
    for path in ("/admin", "/admin/"):
        answer = browser.follow(path)
        assert answer.request.path == "/admin/login"
        assert answer.status_code == 200


KEYS = {"OTP_API_KEYS": "shop:" + "k" * 32}


@pytest.mark.parametrize(
    ("env", "is_open"),
    [({}, True), (KEYS, False), ({**KEYS, "OTP_PUBLIC_UI": "true"}, False)],
    ids=["open", "keys", "public page"],
)
def test_where_the_password_is_kept_is_said_in_open_mode_only(redis, env, is_open):
    settings = {"OTP_SECRET_KEYS": KEY, "OTP_ADMIN_PASSWORD": PASSWORD, **env}
    browser = Browser(create_app(Settings.load(settings, env_file=None), redis))
    page = browser.open("/admin/login").text
    assert 'type="password"' in page
    for told in "otp_admin_password", "OTP_ADMIN_PASSWORD", "docker compose":
        assert (told in page) is is_open


def test_the_password_opens_it(browser):
    answer = browser.log_in()
    assert (answer.status_code, answer.location) == (303, "./")
    assert browser.is_logged_in


@pytest.mark.parametrize(
    "password", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "\0", "ÿ" * 99]
)
def test_another_one_does_not(browser, password):
    answer = browser.log_in(password)
    assert answer.status_code == 401
    assert error_of(answer) == "Incorrect password. Try again."
    assert 'aria-invalid="true"' in answer.text
    assert not password or password not in answer.text
    assert not browser.is_logged_in


@pytest.mark.parametrize(
    "password", ["all in lower case", "0" * 64, "пароль из слов", "x y" * 1000]
)
def test_any_password_is_taken_as_it_is(redis, password):
    settings = Settings.load({"OTP_SECRET_KEYS": KEY, "OTP_ADMIN_PASSWORD": password}, None)
    browser = Browser(create_app(settings, redis))
    browser.log_in(password[:-1])
    assert not browser.is_logged_in
    browser.log_in(password)
    assert browser.is_logged_in


def test_the_field_is_one_for_passwords(browser):
    page = browser.open("/admin/login").text
    (field,) = re.findall(r'<input[^>]*name="password"[^>]*>', page)
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert not re.search("maxlength|onpaste|readonly", field)


def test_the_cookie_is_for_this_host_over_https_and_for_no_script(browser):
    for answer in (browser.open("/admin/login"), browser.log_in()):
        (cookie,) = answer.headers.getlist("Set-Cookie")
        name, *attributes = cookie.split("; ")
        assert name.startswith("__Host-otp-admin=")
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]


def test_a_log_in_brings_a_new_id(browser):
    browser.open("/admin/login")
    before = browser.session_id
    browser.log_in()
    after = browser.session_id
    assert after != before
    browser.session_id = before
    assert not browser.is_logged_in


def test_whatever_is_in_the_cookie_it_is_no_session(browser):
    browser.log_in()
    session_id = browser.session_id
    for forged in ("", "x", session_id[:-1], session_id + "x", "A" * 43, "*", "../", "é" * 43):
        browser.session_id = forged
        assert not browser.is_logged_in
    browser.session_id = session_id
    assert browser.is_logged_in


def test_redis_holds_neither_the_id_nor_the_password(browser, everything_in_redis):
    browser.log_in("a wrong password")
    browser.log_in()
    kept = everything_in_redis()
    assert b"otp:admin:session:" in kept
    for secret in (browser.session_id, browser.token, PASSWORD, "a wrong password", "192.0.2.1:"):
        assert secret.encode() not in kept


def test_logging_out_ends_the_session_for_good(browser):
    browser.log_in()
    session_id = browser.session_id
    answer = browser.log_out()
    assert (answer.status_code, answer.location) == (303, "login")
    browser.session_id = session_id
    assert not browser.is_logged_in


def test_logging_out_clears_the_browser(browser):
    browser.log_in()
    assert browser.open("/admin/").headers["Cache-Control"] == "no-store"
    assert browser.log_out().headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_session_ends_when_it_is_not_used(browser, clock):
    browser.log_in()
    clock.shift(3500)
    assert browser.is_logged_in
    clock.shift(3601)
    assert not browser.is_logged_in


def test_another_password_ends_all_sessions(browser, redis):
    browser.log_in()
    env = {"OTP_SECRET_KEYS": KEY, "OTP_ADMIN_PASSWORD": "another password"}
    restarted = Browser(create_app(Settings.load(env, env_file=None), redis))
    restarted.session_id = browser.session_id
    assert not restarted.is_logged_in
    assert browser.is_logged_in


def test_who_is_logged_in_is_led_to_the_dashboard(browser):
    browser.log_in()
    answer = browser.open("/admin/login")
    assert (answer.status_code, answer.location) == (303, "./")


def test_of_a_thousand_wrong_log_ins_twenty_are_looked_at(app):
    browsers = [Browser(app, ip=f"192.0.2.{n}") for n in range(50)]
    for browser in browsers:
        browser.open("/admin/login")
    answers = [
        browser.send("/admin/login", password=f"guess {n}")
        for n in range(20)
        for browser in browsers
    ]
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (20, 980)
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "Try again in" in error_of(answers[-1])
    assert browsers[0].log_in().status_code == 429


def test_the_owner_gets_in_during_a_flood_and_everybody_after_it(app, clock):
    owner = Browser(app)
    owner.log_in()
    owner.log_out()
    others = [Browser(app, ip=f"198.51.100.{n}") for n in range(30)]
    for other in others:
        other.log_in("guess")
    assert owner.log_in().status_code == 303
    assert others[0].log_in().status_code == 429
    clock.shift(60)
    assert others[0].log_in().status_code == 303


PUBLIC = {"OTP_ADMIN_PASSWORD": PASSWORD, "OTP_PUBLIC_URL": "https://otp.example"}


@pytest.mark.parametrize(
    ("env", "url", "shown"),
    [
        (PUBLIC, "http://otp.example", True),
        ({"OTP_ADMIN_PASSWORD": PASSWORD}, "http://192.0.2.7:5000", True),
        (PUBLIC, "https://otp.example", False),
        ({"OTP_ADMIN_PASSWORD": PASSWORD}, "http://localhost:5000", False),
        ({"OTP_ADMIN_PASSWORD": PASSWORD}, "http://127.0.0.1:5000", False),
        ({"OTP_ADMIN_PASSWORD": PASSWORD}, "http://[::1]:5000", False),
    ],
)
def test_the_page_says_where_the_cookie_would_not_come_back(app, url, shown):
    page = Browser(app, url=url).open("/admin/login").text
    assert ("using plain HTTP" in page) is shown


def test_a_browser_that_does_not_send_the_cookie_back_is_told(app):
    over_http = Browser(app, url="http://192.0.2.7:5000", use_cookies=False)
    answer = over_http.send("/admin/login", headers={"Origin": "null"}, password=PASSWORD)
    assert answer.status_code == 403
    assert "did not return the login cookie" in error_of(answer)


@pytest.mark.parametrize("env", [{}])
def test_without_a_password_it_is_off_and_says_how_to_turn_it_on(browser):
    for answer in (browser.follow("/admin/"), browser.log_in("")):
        assert answer.status_code == 403
        assert "OTP_ADMIN_PASSWORD" in answer.text
        assert "OTP_DATA_DIR" in answer.text
        assert "<form" not in answer.text
    assert not browser.is_logged_in


def test_the_page_needs_no_script_and_nothing_from_elsewhere(browser):
    page = browser.open("/admin/login").text
    assert "<script" not in page
    assert "style=" not in page
    files = re.findall(r'<(?:link|img)[^>]*(?:src|href)="\.\./([^"]+)"', page)
    assert len(files) == len(re.findall("<(?:link|img)", page)) == 5
    for file in files:
        with browser.open(f"/{file}") as answer:
            assert answer.status_code == 200
    assert 'autocomplete="current-password"' in page


def test_who_logs_in_and_out_is_in_the_audit_log(browser, redis):
    browser.log_in("wrong")
    browser.log_in("wrong")
    browser.log_in()
    browser.log_out()
    entries = [
        (e["action"], e["ip"], e["times"]) for e in map(json.loads, redis.lrange("otp:audit", 0, 9))
    ]
    assert entries == [
        ("log_out", "192.0.2.1", 1),
        ("log_in", "192.0.2.1", 1),
        ("log_in_failed", "192.0.2.1", 2),
    ]
