"""Headers that every answer carries, errors too."""

import pytest

from api import create_app
from tests.user import PHONE

ANSWERS = {
    "a page": ("GET", "/", None, 200),
    "the docs": ("GET", "/docs", None, 200),
    "a file": ("GET", "/static/style.css", None, 200),
    "health": ("GET", "/health/live", None, 200),
    "the document": ("GET", "/openapi.json", None, 200),
    "a start": ("POST", "/generate-otp", {"phone": PHONE}, 202),
    "a wrong field": ("POST", "/generate-otp", {}, 422),
    "nothing pending": ("POST", "/verify-otp", {"phone": PHONE, "otp": "123456"}, 404),
    "no such page": ("GET", "/nothing", None, 404),
    "no such file": ("GET", "/static/nothing", None, 404),
    "no such method": ("PUT", "/generate-otp", None, 405),
    "too large": ("POST", "/generate-otp", {"phone": "1" * 10_000}, 413),
    "another type": ("POST", "/generate-otp", None, 415),
    "options": ("OPTIONS", "/generate-otp", None, 200),
}


@pytest.fixture(params=list(ANSWERS))
def answer(client, request):
    method, path, body, status = ANSWERS[request.param]
    with client.open(path, method=method, json=body) as answer:
        assert answer.status_code == status
        yield answer


def test_every_answer_carries_the_security_headers(answer):
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_no_answer_invites_other_sites_or_sets_a_cookie(answer):
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert "Server" not in answer.headers or "Python" not in answer.headers["Server"]


def test_nothing_is_stored_but_files(answer):
    is_file = answer.request.path.startswith("/static/") and answer.status_code == 200
    assert answer.headers["Cache-Control"] == ("no-cache" if is_file else "no-store")


def test_a_failure_carries_them_too(settings, redis):
    app = create_app(settings, redis)
    app.add_url_rule("/breaks", view_func=lambda: 1 / 0)
    answer = app.test_client().get("/breaks")
    assert answer.status_code == 500
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
