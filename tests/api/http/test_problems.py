"""Every row of the table of errors: status, code, extra members, headers."""

import logging
from itertools import product

import pytest

from api import create_app
from tests.conftest import Caller
from tests.user import PHONE, wrong

FREE = {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "1000/1h"}


def test_400_malformed_json(client, problem):
    for path in ("/generate-otp", "/verify-otp"):
        answer = client.post(path, data="{", content_type="application/json")
        problem(answer, 400, "malformed_json")


@pytest.mark.parametrize("env", [{"OTP_API_KEYS": f"shop:{'k' * 32}"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/generate-otp"),
        ("POST", "/verify-otp"),
        ("GET", "/verifications/VE" + "0" * 32),
        ("DELETE", "/verifications/VE" + "0" * 32),
    ],
)
def test_401_unauthorized(client, problem, method, path):
    answer = client.open(path, method=method, json={"phone": PHONE, "otp": "123456"})
    problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("env", "body", "code"),
    [
        ({"OTP_ALLOWED_COUNTRIES": "DE"}, {}, "country_not_allowed"),
        ({"OTP_CALL_SENDERS": ","}, {"channel": "call"}, "channel_not_enabled"),
        ({"OTP_EMAIL_SENDERS": ","}, {"email": "a@example.com"}, "channel_not_enabled"),
        ({"OTP_BLOCKED_PREFIXES": "+1415"}, {}, "recipient_blocked"),
    ],
)
def test_403_refused_by_policy(caller, problem, body, code):
    problem(caller.generate(**body), 403, code)


def test_404_verification_not_found_is_the_same_whatever_the_reason(caller, problem, clock):
    same_id = {"X-Request-Id": "same-id"}

    def answers(started) -> list[tuple[bytes, list[tuple[str, str]]]]:
        by_id = {"verification_id": started.json["verification_id"]}
        found = [
            caller.verify(caller.code(started), same_id, **to) for to in ({"phone": PHONE}, by_id)
        ]
        for answer in found:
            problem(answer, 404, "verification_not_found")
        return [(answer.data, sorted(answer.headers)) for answer in found]

    used = caller.generate()
    caller.verify(caller.code(used))
    seen = answers(used)
    canceled = caller.generate()
    caller.client.delete(f"/verifications/{canceled.json['verification_id']}")
    seen += answers(canceled)
    expired = caller.generate()
    clock.shift(300)
    seen += answers(expired)
    never_asked = caller.verify("123456", same_id, phone="+14155550177")
    seen.append((never_asked.data, sorted(never_asked.headers)))
    assert len({data for data, _ in seen}) == 1
    assert all(headers == seen[0][1] for _, headers in seen)


@pytest.mark.parametrize("path", ["/nothing", "/generate-otp/", "/verifications/", "/static/x.js"])
def test_404_not_found(client, problem, path):
    problem(client.get(path), 404, "not_found")


def test_404_for_an_id_of_another_form_is_about_the_verification(client, problem):
    for verification_id in ("VE1", "x", "..%2f", "VE" + "0" * 32):
        answer = client.get(f"/verifications/{verification_id}")
        problem(
            answer, 404, "verification_not_found" if "%" not in verification_id else "not_found"
        )


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/generate-otp", {"POST", "OPTIONS"}),
        ("PUT", "/verify-otp", {"POST", "OPTIONS"}),
        ("POST", "/verifications/VE" + "0" * 32, {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("POST", "/health/live", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/", {"GET", "HEAD", "POST", "OPTIONS"}),
    ],
)
def test_405_method_not_allowed(client, problem, method, path, allowed):
    answer = client.open(path, method=method)
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_413_payload_too_large(client, problem):
    for path in ("/generate-otp", "/verify-otp"):
        answer = client.post(path, json={"phone": PHONE + " " * 8192})
        problem(answer, 413, "payload_too_large")


def test_415_unsupported_media_type(client, problem):
    for path in ("/generate-otp", "/verify-otp"):
        problem(client.post(path, data={"phone": PHONE}), 415, "unsupported_media_type")


def test_400_incorrect_code_and_429_too_many_checks(caller, problem, clock):
    started = caller.generate()
    for left in (4, 3, 2, 1, 0):
        answer = problem(caller.mistype(started), 400, "incorrect_code")
        assert answer["checks_left"] == left
    clock.shift(10)
    for otp in (wrong(caller.code(started)), caller.code(started)):
        answer = caller.verify(otp)
        problem(answer, 429, "too_many_checks")
        assert answer.headers["Retry-After"] == "20"


@pytest.mark.parametrize("env", [{**FREE, "OTP_MAX_FAILED_CHECKS": "1/24h"}])
def test_429_too_many_checks_also_when_another_code_is_asked_for(caller, problem):
    caller.mistype(caller.generate())
    answer = caller.generate()
    problem(answer, 429, "too_many_checks")
    assert answer.headers["Retry-After"] == "86400"


def test_422_invalid_request_names_every_wrong_field(client, problem):
    answer = client.post("/verify-otp", json={"otp": 1, "email": 2, "more": 3})
    errors = problem(answer, 422, "invalid_request")["errors"]
    assert [error["field"] for error in errors] == ["otp", "email", "more"]


@pytest.mark.parametrize(
    ("env", "sends", "scope", "wait", "policy"),
    [
        ({}, 1, "resend", 30, '"resend";q=1;w=30'),
        ({**FREE, "OTP_MAX_SENDS": "2"}, 2, "sends", 300, '"sends";q=2;w=300'),
        ({**FREE, "OTP_LIMIT_TO": "3/10m"}, 3, "to", 600, '"to";q=3;w=600'),
        ({**FREE, "OTP_LIMIT_IP": "3/1h"}, 3, "ip", 3600, '"ip";q=3;w=3600'),
        ({**FREE, "OTP_LIMIT_APP": "3/1d"}, 3, "app", 86400, '"app";q=3;w=86400'),
        ({**FREE, "OTP_LIMIT_COUNTRY": "3/30s"}, 3, "country", 30, '"country";q=3;w=30'),
        ({**FREE, "OTP_LIMIT_GLOBAL": "3/1m"}, 3, "global", 60, '"global";q=3;w=60'),
    ],
)
def test_429_rate_limited(caller, problem, clock, sends, scope, wait, policy):
    for _ in range(sends):
        assert caller.generate().status_code == 202
    clock.shift(10)
    answer = caller.generate()
    assert problem(answer, 429, "rate_limited")["scope"] == scope
    assert answer.headers["Retry-After"] == str(wait - 10)
    assert answer.headers["RateLimit"] == f'"{scope}";r=0;t={wait - 10}'
    assert answer.headers["RateLimit-Policy"] == policy


def test_500_is_a_problem_without_internals(app_that_breaks, problem, caplog):
    answer = app_that_breaks.test_client().get("/breaks")
    body = problem(answer, 500, "internal_error")
    assert "secret" not in str(body)
    assert "Error" not in str(body).replace("'Internal server error'", "")
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.message == "internal_error"


@pytest.fixture
def app_that_breaks(settings, redis):
    app = create_app(settings, redis)

    @app.get("/breaks")
    def breaks() -> str:
        raise ZeroDivisionError("secret")

    return app


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        ('{"phone": "+1415555012345"}', "application/json", "invalid_request"),
        ('{"phone": "+14155550123", "also": 1}', "application/json", "invalid_request"),
        ('{"phone": "+14155550123"', "application/json", "malformed_json"),
        ('{"phone": "+14155550123"}', "text/plain", "unsupported_media_type"),
        ('{"phone": "+14155550123' + 8192 * "0", "application/json", "payload_too_large"),
    ],
)
def test_refused_input_is_logged_without_the_input(client, caplog, body, content_type, code):
    caplog.set_level(logging.DEBUG)
    client.post("/generate-otp", data=body, content_type=content_type)
    (record,) = [r for r in caplog.records if r.message == "request_refused"]
    assert (record.path, record.code) == ("/generate-otp", code)
    assert "+1415555" not in str([vars(record) for record in caplog.records])


def test_looking_for_what_is_not_there_is_not_logged(client, caplog):
    caplog.set_level(logging.DEBUG)
    for method, path in (("GET", "/wp-login.php"), ("PUT", "/generate-otp")):
        client.open(path, method=method)
    assert caplog.records == []


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


PAGES = [
    ("GET", "/verifi", 404),
    ("GET", "/static/x.js", 404),
    ("GET", "/admin/nothing", 404),
    ("GET", "/docs/", 404),
    ("GET", "/generate-otp", 405),
    ("DELETE", "/", 405),
    ("POST", "/", 413),
]
ACCEPTED = [BROWSER, "text/html", "text/html, */*;q=0.1"]
BUTTONS = [("de", "Zur Startseite"), ("ar", "الرئيسية")]


def test_a_browser_is_shown_a_page_in_its_language(client, subtests):
    for (method, path, status), accepted, (language, button) in product(PAGES, ACCEPTED, BUTTONS):
        headers = {"Accept": accepted, "Accept-Language": language}
        data = {"phone": "1" * 9000} if status == 413 else None
        with subtests.test(method=method, path=path, headers=headers):
            answer = client.open(path, method=method, headers=headers, data=data)
            assert answer.status_code == status
            assert answer.content_type == "text/html; charset=utf-8"
            assert f'<html lang="{language}"' in answer.text
            assert button in answer.text
            assert "{" not in answer.text
            assert "Accept" in answer.vary
            assert answer.headers["Cache-Control"] == "no-store"
            assert ("Allow" in answer.headers) is (status == 405)


def test_a_browser_is_told_of_a_mistake_of_ours_without_internals(settings, redis):
    app = create_app(settings, redis)
    # As if the page itself had a mistake.
    app.view_functions["pages.docs"] = lambda: {}["secret"]
    answer = app.test_client().get("/docs", headers={"Accept": BROWSER})
    assert answer.status_code == 500
    assert "Something went wrong on our end." in answer.text
    assert "secret" not in answer.text


def test_what_only_an_owner_runs_into_is_said_in_a_browser_too(client):
    answer = client.get("/", headers={"Accept": BROWSER}, base_url="http://rebound.example")
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert "Set OTP_PUBLIC_URL, or create an API key." in answer.text


PATHS = ["/nothing", "/generate-otp", "/static/x.js"]
BY_PROGRAMS = [
    {},
    {"Accept": "*/*"},
    {"Accept": "application/json"},
    {"Accept": "application/problem+json, text/html;q=0.5"},
    {"Accept": "application/json, text/plain, */*"},
    {"Accept": BROWSER, "Authorization": "Bearer " + "k" * 32},
    {"Accept": BROWSER, "Content-Type": "application/json"},
]


def test_a_program_is_answered_a_problem(client, subtests):
    for path, headers in product(PATHS, BY_PROGRAMS):
        with subtests.test(path=path, headers=headers):
            answer = client.get(path, headers=headers)
            assert answer.content_type == "application/problem+json"
            assert "Accept" in answer.vary


def test_what_belongs_to_the_api_is_a_problem_in_a_browser_too(client, problem):
    answer = client.get(f"/verifications/VE{'0' * 32}", headers={"Accept": BROWSER})
    problem(answer, 404, "verification_not_found")


@pytest.mark.parametrize("env", [{"OTP_API_KEYS": "shop:" + "k" * 32}])
def test_nobody_is_led_to_a_page_that_is_switched_off(client):
    answer = client.get("/nothing", headers={"Accept": BROWSER})
    assert "Page not found" in answer.text
    assert "Go to the home page" not in answer.text


def test_an_error_is_a_problem_also_for_a_head_request(client):
    answer = client.head("/nothing")
    assert (answer.status_code, answer.data) == (404, b"")
    assert answer.content_type == "application/problem+json"


def test_a_problem_does_not_repeat_what_was_sent(caller: Caller):
    answer = caller.generate("<script>+14155550100</script>")
    assert "script" not in answer.get_data(as_text=True)
