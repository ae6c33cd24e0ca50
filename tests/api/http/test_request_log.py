"""The id of each request, and its line in the log."""

import json
import logging
import re
from base64 import b64encode

import pytest

from api import create_app
from shared.errors import StorageUnavailable
from tests.user import PHONE

MADE = "[0-9a-f]{32}"
KEY = "s" * 32
BASIC = b64encode(f"shop:{KEY}".encode()).decode()


@pytest.fixture
def env():
    return {"OTP_API_KEYS": f"shop:{KEY}", "OTP_PUBLIC_UI": "true", "OTP_LOG_LEVEL": "debug"}


@pytest.fixture
def lines(written):
    """The lines of an event."""
    return lambda event: [line for line in written if line["event"] == event]


@pytest.mark.parametrize(
    "given",
    [
        "a",
        "my-request_1.2:3/4=",
        "550e8400-e29b-41d4-a716-446655440000",
        "1782348723487234",
        "x" * 128,
    ],
)
def test_a_callers_id_is_returned(client, given):
    answer = client.get("/health/live", headers={"X-Request-Id": given})
    assert answer.headers.getlist("X-Request-Id") == [given]


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "a b",
        "a,b",
        "a\tb",
        "<a>",
        '"a"',
        "\u00e4bc",
        "\u0661a",
        "x" * 129,
        "x" * 8192,
        # Those that may be a code or an address.
        "123456",
        "+14155550123",
        "1-415-555-0123",
        "0049-1522-343-3333",
        "-" * 16,
        "a@example.com",
    ],
    ids=lambda given: ascii(given[:150]),
)
def test_any_other_id_is_replaced(client, given):
    headers = {"X-Request-Id": given.encode().decode("latin-1")}
    (made,) = client.get("/health/live", headers=headers).headers.getlist("X-Request-Id")
    assert re.fullmatch(MADE, made)


def test_every_request_gets_another_id(client):
    ids = {client.get("/health/live").headers["X-Request-Id"] for _ in range(50)}
    assert len(ids) == 50


@pytest.mark.parametrize("env", [{"OTP_LOG_LEVEL": "debug"}])
def test_every_line_of_a_request_has_its_id(caller, lines):
    caller.generate(headers={"X-Request-Id": "start-1"})
    caller.verify("123456", headers={"X-Request-Id": "check-1"})
    caller.client.post("/generate-otp", json={}, headers={"X-Request-Id": "wrong-1"})
    found = {
        event: [line["request_id"] for line in lines(event)]
        for event in ("code_requested", "check_refused", "request_refused", "request")
    }
    assert found == {
        "code_requested": ["start-1"],
        "check_refused": ["check-1"],
        "request_refused": ["wrong-1"],
        "request": ["start-1", "check-1", "wrong-1"],
    }


def test_lines_after_a_request_do_not_have_its_id(client, lines):
    client.get("/docs", headers={"X-Request-Id": "read-1"})
    logging.getLogger("otp.api").info("later")
    (line,) = lines("later")
    assert "request_id" not in line


def test_a_request_has_one_line(client, lines):
    key = {"Authorization": f"Bearer {KEY}"}
    client.post("/generate-otp", json={"phone": PHONE}, headers=key)
    (line,) = lines("request")
    assert line["duration_ms"] >= 0
    told = {name: line[name] for name in ("level", "method", "route", "status", "app")}
    assert told == {
        "level": "debug",
        "method": "POST",
        "route": "/generate-otp",
        "status": 202,
        "app": "shop",
    }


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/static/style.css", "/static/<path:filename>", 200),
        ("GET", f"/verify/VE{'0' * 32}/status", "/verify/<verification_id>/status", 404),
        ("GET", "/+14155550123/123456?to=+14155550123", None, 404),
        ("PUT", "/generate-otp", None, 405),
        ("+14155550123", "/generate-otp", None, 405),
    ],
)
def test_the_line_has_the_rule_and_not_what_is_in_its_place(
    client, lines, method, path, route, status
):
    client.open(path, method=method).close()
    (line,) = lines("request")
    assert (line["route"], line["status"], line["app"]) == (route, status, None)
    assert line["method"] == (method if method.isalpha() else "other")
    assert "14155550123" not in json.dumps(line)


@pytest.mark.parametrize(
    ("path", "headers", "app"),
    [
        ("/generate-otp", {}, "page"),
        ("/generate-otp", {"Authorization": "Bearer wrong"}, None),
        ("/v2/Services", {"Authorization": f"Basic {BASIC}"}, "shop"),
        ("/hooks/send", {"Authorization": f"Bearer {KEY}"}, "shop"),
    ],
)
def test_the_line_names_the_app_that_called(client, lines, path, headers, app):
    client.post(path, json={}, headers=headers)
    (line,) = lines("request")
    assert line["app"] == app


def test_health_checks_have_a_line_only_when_they_fail(settings, redis, lines):
    app = create_app(settings, redis)
    app.test_client().get("/health/ready")
    assert lines("request") == []

    def fail() -> None:
        raise StorageUnavailable("away")

    app.view_functions["health.ready"] = fail
    app.test_client().get("/health/ready")
    (line,) = lines("request")
    assert (line["route"], line["status"]) == ("/health/ready", 503)


@pytest.mark.parametrize("env", [{}, {"OTP_LOG_LEVEL": "info"}])
def test_requests_have_no_line_unless_that_is_switched_on(client, lines):
    client.get("/docs")
    assert lines("request") == []
