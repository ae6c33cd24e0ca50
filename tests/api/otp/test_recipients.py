"""DELETE /recipients: the owner has somebody forgotten, and nobody else can."""

import base64
import json

import pytest

from api import create_app
from tests.api.admin.conftest import PASSWORD, Browser
from tests.user import PHONE

KEY = "s" * 32
SHOP = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_ADMIN_PASSWORD": PASSWORD}


def basic(password: str = PASSWORD, name: str = "admin") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
def erase(client):
    def erase(headers=None, ip="192.0.2.1", **to):
        return client.delete(
            "/recipients",
            json=to or {"phone": PHONE},
            headers=basic() if headers is None else headers,
            environ_overrides={"REMOTE_ADDR": ip},
        )

    return erase


REFUSED = {
    "nobody": {},
    "a wrong password": basic("wrong"),
    "no password": basic(""),
    "another name": basic(name="owner"),
    "an API key": SHOP,
    "an API key as password": basic(KEY),
    "an app with its key": basic(KEY, name="shop"),
    "the password as an API key": {"Authorization": f"Bearer {PASSWORD}"},
}


@pytest.mark.parametrize("env", [{"OTP_ADMIN_PASSWORD": PASSWORD, "OTP_API_KEYS": f"shop:{KEY}"}])
@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
def test_only_the_owner_may(caller, erase, problem, headers):
    started = caller.generate(headers=SHOP)
    answer = erase(headers)
    problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="otp admin"'
    assert caller.verify(caller.code(started), headers=SHOP).status_code == 200


def test_the_session_of_the_dashboard_does_not_do(settings, redis, problem):
    browser = Browser(create_app(settings, redis))
    browser.log_in()
    headers = {"X-CSRF-Token": browser.token}
    answer = browser.open("/recipients", "DELETE", json={"phone": PHONE}, headers=headers)
    problem(answer, 401, "unauthorized")


def test_it_says_what_was_removed_and_tells_no_address(caller, erase):
    caller.generate()
    answer = erase(phone="+1 (415) 555-0123")
    assert answer.status_code == 200
    assert answer.json == {
        "to": "+1415*****23",
        "removed": {"verifications": 1, "sends": 1, "counters": 1},
    }
    assert erase().json["removed"] == {"verifications": 0, "sends": 0, "counters": 0}


def test_an_e_mail_address_is_forgotten_too(caller, erase):
    caller.generate(email="a@example.com")
    answer = erase(email="A@Example.com")
    assert answer.json["to"] == "a***@example.com"
    assert answer.json["removed"]["verifications"] == 1


def test_what_limits_count_of_its_mailbox_is_forgotten_and_no_other_address(caller, erase):
    for address in ("ann@gmail.com", "a.nn+1@gmail.com"):
        caller.generate(email=address)
    assert erase(email="a.nn+1@gmail.com").json["removed"] == {
        "verifications": 1,
        "sends": 1,
        "counters": 1,
    }
    assert erase(email="ann@gmail.com").json["removed"]["verifications"] == 1


@pytest.mark.parametrize(
    "env", [{"OTP_ADMIN_PASSWORD": PASSWORD, "OTP_API_KEYS": f"shop:{KEY} bank:{'b' * 32}"}]
)
def test_it_is_for_all_apps(caller, erase):
    for key in (KEY, "b" * 32):
        caller.generate(headers={"Authorization": f"Bearer {key}"})
    assert erase().json["removed"]["verifications"] == 2


def test_no_message_goes_out_afterwards(caller, erase, run_worker, sender):
    caller.generate()
    erase()
    run_worker()
    assert sender.messages == []


def test_it_is_in_the_audit_log_without_the_address(caller, erase, redis):
    caller.generate()
    erase()
    (entry,) = map(json.loads, redis.lrange("otp:audit", 0, -1))
    assert (entry["action"], entry["actor"], entry["ip"]) == ("erasure", "admin", "192.0.2.1")
    assert (entry["to"], entry["verifications"]) == ("+1415*****23", 1)


def test_wrong_passwords_are_throttled_as_at_the_log_in(erase, problem):
    answers = [erase(basic(f"guess {n}"), ip=f"192.0.2.{n}") for n in range(100)]
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (20, 80)
    problem(answers[-1], 429, "too_many_log_ins")
    answer = erase(ip="192.0.2.200")
    problem(answer, 429, "too_many_log_ins")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_a_request_without_a_password_counts_nothing(erase, redis):
    for _ in range(30):
        assert erase({}).status_code == 401
    assert redis.keys() == []


@pytest.mark.parametrize("env", [{}])
@pytest.mark.parametrize("headers", [{}, basic(""), basic()])
def test_without_a_password_it_is_off(erase, problem, headers):
    detail = problem(erase(headers), 403, "admin_off")["detail"]
    assert "OTP_ADMIN_PASSWORD" in detail


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"phone": "nobody"}, 422),
        ({"phone": PHONE, "email": "a@example.com"}, 422),
        ({"phone": PHONE, "app": "default"}, 422),
        ({}, 422),
    ],
)
def test_one_recipient_has_to_be_named(client, problem, body, status):
    answer = client.delete("/recipients", json=body, headers=basic())
    problem(answer, status, "invalid_request")
