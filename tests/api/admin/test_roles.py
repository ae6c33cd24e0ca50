"""The two roles of the dashboard: the operator does everything, a viewer only looks."""

import re
from base64 import b64encode

import pytest

from api import create_app
from shared.settings import Settings, SettingsError
from tests.api.admin.conftest import JSON, PASSWORD, VIEWER_PASSWORD, Browser
from tests.conftest import KEY
from tests.user import PHONE

SAFE = {"GET", "HEAD", "OPTIONS"}
# What a viewer may send.
LOOKS = {"/admin/login", "/admin/logout", "/admin/timeline"}


@pytest.fixture
def viewer(app) -> Browser:
    """A viewer's browser, in which the dashboard is open."""
    browser = Browser(app, ip="192.0.2.2")
    browser.log_in(VIEWER_PASSWORD)
    browser.open("/admin/")
    return browser


def send(browser: Browser, path: str, method: str = "POST", **body: object):
    headers = {**JSON, "X-CSRF-Token": browser.token}
    return browser.open(path, method, json=body, headers=headers)


def test_every_change_is_refused_to_a_viewer(app, viewer, redis, problem, subtests):
    changes = {
        (method, re.sub("<[^>]*>", "1", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/admin") and rule.rule not in LOOKS
        for method in rule.methods - SAFE
    }
    assert len(changes) > 10
    before = redis.lrange("otp:audit", 0, -1)
    for method, path in sorted(changes):
        with subtests.test(method=method, path=path):
            problem(send(viewer, path, method), 403, "operator_only")
    assert redis.lrange("otp:audit", 0, -1) == before


def test_a_refused_change_is_logged(viewer, caplog):
    send(viewer, "/admin/pause")
    (record,) = [one for one in caplog.records if one.message == "unauthorized"]
    assert (record.path, record.client) == ("/admin/pause", "192.0.2.2")


def test_a_viewer_sees_figures_and_deliveries_but_no_full_address(client, viewer):
    assert client.post("/generate-otp", json={"phone": PHONE}).status_code == 202
    found = send(viewer, "/admin/timeline", to=PHONE)
    assert found.status_code == 200
    assert found.json["verifications"]
    figures = viewer.open("/admin/stats.json?events=true", headers=JSON)
    assert figures.status_code == 200
    assert PHONE not in found.text + figures.text


def test_a_viewer_sees_no_codes_on_the_virtual_phone(redis):
    env = {"OTP_ADMIN_PASSWORD": PASSWORD, "OTP_VIEWER_PASSWORD": VIEWER_PASSWORD}
    keys = {"OTP_SECRET_KEYS": KEY, "OTP_API_KEYS": "shop:" + "k" * 32}
    app = create_app(Settings.load({**env, **keys}, env_file=None), redis)
    for password, status in ((VIEWER_PASSWORD, 403), (PASSWORD, 200)):
        browser = Browser(app)
        browser.log_in(password)
        for path in ("/phone", "/phone/messages"):
            assert browser.open(path, headers=JSON).status_code == status


def test_a_viewer_erases_nobody(client, problem):
    for user in ("admin", "viewer"):
        basic = b64encode(f"{user}:{VIEWER_PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        answer = client.delete("/recipients", json={"phone": PHONE}, headers=headers)
        problem(answer, 401, "unauthorized")


def test_the_page_knows_the_role(owner, viewer):
    assert 'data-role="admin"' in owner.open("/admin/").text
    page = viewer.open("/admin/").text
    assert 'data-role="viewer"' in page
    assert ">Viewer<" in page


def test_the_audit_log_says_who_it_was(viewer, owner, look):
    viewer.log_out()
    entries = [(e["action"], e["actor"], e["ip"]) for e in look().json["audit"]]
    assert entries == [
        ("log_out", "viewer", "192.0.2.2"),
        ("log_in", "admin", "192.0.2.1"),
        ("log_in", "viewer", "192.0.2.2"),
    ]


@pytest.mark.parametrize(
    ("changed", "stays"), [("OTP_VIEWER_PASSWORD", "owner"), ("OTP_ADMIN_PASSWORD", "viewer")]
)
def test_a_new_password_ends_the_sessions_of_its_role(env, redis, owner, viewer, changed, stays):
    new = {"OTP_SECRET_KEYS": KEY, **env, changed: "another password"}
    app = create_app(Settings.load(new, env_file=None), redis)
    left = []
    for name, browser in (("owner", owner), ("viewer", viewer)):
        restarted = Browser(app)
        restarted.session_id = browser.session_id
        if restarted.is_logged_in:
            left.append(name)
    assert left == [stays]


@pytest.mark.parametrize("env", [{"OTP_ADMIN_PASSWORD": PASSWORD}])
def test_without_a_viewers_password_there_is_no_viewer(browser):
    for password in ("", VIEWER_PASSWORD):
        browser.log_in(password)
        assert not browser.is_logged_in


def test_the_operator_logs_out_everyone_else(app, owner, viewer, act, look, log):
    another = Browser(app, ip="192.0.2.3")
    another.log_in()
    listed = owner.open("/admin/stats.json?events=true", headers=JSON).json["sessions"]
    assert sorted((one["actor"], one["ip"], one["is_mine"]) for one in listed) == [
        ("admin", "192.0.2.1", True),
        ("admin", "192.0.2.3", False),
        ("viewer", "192.0.2.2", False),
    ]
    assert act("end_sessions").status_code == 204
    assert (owner.is_logged_in, another.is_logged_in, viewer.is_logged_in) == (True, False, False)
    assert log()[0] == ("end_sessions", {"sessions": 2})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"OTP_ADMIN_PASSWORD": PASSWORD, "OTP_VIEWER_PASSWORD": PASSWORD}, "cannot be the same"),
        ({"OTP_VIEWER_PASSWORD": VIEWER_PASSWORD}, "OTP_ADMIN_PASSWORD is not set"),
        ({"OTP_ADMIN_PASSWORD": PASSWORD, "OTP_VIEWER_PASSWORD": "short"}, "12 characters"),
    ],
)
def test_a_wrong_viewers_password_stops_the_start(given, told):
    with pytest.raises(SettingsError, match=f"OTP_VIEWER_PASSWORD.*{told}"):
        Settings.load({"OTP_SECRET_KEYS": KEY, **given}, env_file=None).viewer_password()
