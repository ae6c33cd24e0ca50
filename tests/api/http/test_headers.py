"""Headers that every answer carries, errors too."""

import pytest

from api import create_app
from shared.errors import StorageUnavailable
from tests.user import OTHER_PHONE, PHONE

ANSWERS = {
    "a page": ("GET", "/", None, 200),
    "the docs": ("GET", "/docs", None, 200),
    "a file": ("GET", "/static/style.css", None, 200),
    "health": ("GET", "/health/live", None, 200),
    "the document": ("GET", "/openapi.json", None, 200),
    "a start": ("POST", "/generate-otp", {"phone": PHONE}, 202),
    "a wrong field": ("POST", "/generate-otp", {}, 422),
    "no password": ("DELETE", "/recipients", None, 401),
    "from another site": ("POST", "/admin/logout", None, 403),
    "the way to the log-in": ("GET", "/admin/", None, 303),
    "nothing pending": ("POST", "/verify-otp", {"phone": OTHER_PHONE, "otp": "123456"}, 404),
    "no such page": ("GET", "/nothing", None, 404),
    "no such file": ("GET", "/static/nothing", None, 404),
    "no such method": ("PUT", "/generate-otp", None, 405),
    "too large": ("POST", "/generate-otp", {"phone": "1" * 10_000}, 413),
    "another type": ("POST", "/generate-otp", None, 415),
    "one too many": ("POST", "/generate-otp", {"phone": PHONE}, 429),
    "a failure": ("GET", "/breaks", None, 500),
    "Redis is away": ("GET", "/away", None, 503),
    "options": ("OPTIONS", "/generate-otp", None, 200),
}


def breaks() -> None:
    raise ZeroDivisionError


def away() -> None:
    raise StorageUnavailable("away")


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_ADMIN_PASSWORD": "correct horse", "OTP_TRUSTED_PROXIES": "1"}


@pytest.fixture
def ask(settings, redis):
    app = create_app(settings, redis)
    app.add_url_rule("/breaks", view_func=breaks)
    app.add_url_rule("/away", view_func=away)
    client = app.test_client()

    def ask(what: str, **headers: str):
        method, path, body, status = ANSWERS[what]
        if status == 429:
            client.post(path, json=body)
        headers = {"Sec-Fetch-Site": "cross-site", **headers}
        answer = client.open(path, method=method, json=body, headers=headers)
        assert answer.status_code == status
        return answer

    return ask


def test_every_answer_carries_the_security_headers(ask, subtests):
    for what in ANSWERS:
        with subtests.test(what), ask(what) as answer:
            policy = dict(
                directive.strip().split(" ", 1)
                for directive in answer.headers["Content-Security-Policy"].split(";")
            )
            assert policy["default-src"] == "'self'"
            assert (
                policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
            )
            assert "unsafe" not in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            for feature in ("camera", "geolocation", "microphone", "payment", "usb"):
                assert f"{feature}=()" in answer.headers["Permissions-Policy"]


def test_over_https_every_answer_keeps_browsers_there(ask, subtests):
    for what in ANSWERS:
        with subtests.test(what), ask(what, **{"X-Forwarded-Proto": "https"}) as answer:
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_over_plain_http_none_does(ask, subtests):
    for what in ANSWERS:
        with subtests.test(what), ask(what) as answer:
            assert "Strict-Transport-Security" not in answer.headers


def test_every_answer_carries_the_id_of_its_request(ask, subtests):
    for what in ANSWERS:
        with subtests.test(what), ask(what, **{"X-Request-Id": "some-id"}) as answer:
            assert answer.headers.getlist("X-Request-Id") == ["some-id"]


@pytest.mark.parametrize("env", [{}])
def test_only_a_trusted_proxy_says_that_it_is_https(ask):
    answer = ask("health", **{"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers


def test_no_answer_invites_other_sites_or_sets_a_cookie(ask, subtests):
    for what in ANSWERS:
        with subtests.test(what), ask(what) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert "Set-Cookie" not in answer.headers
            assert "Server" not in answer.headers or "Python" not in answer.headers["Server"]


def test_nothing_is_stored_or_loaded_elsewhere_but_files(ask, subtests):
    for what in ANSWERS:
        with subtests.test(what), ask(what) as answer:
            is_file = answer.request.path.startswith("/static/") and answer.status_code == 200
            assert ("Cross-Origin-Resource-Policy" in answer.headers) is not is_file
            assert answer.headers.get("Cross-Origin-Resource-Policy") in (None, "same-origin")
            assert answer.headers["Cache-Control"] == ("no-cache" if is_file else "no-store")
