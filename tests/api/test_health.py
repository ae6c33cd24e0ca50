"""Alive, ready, and what happens while Redis is away."""

import time

import pytest

from api import create_app
from tests.redis_servers import free_port, redis_server
from tests.user import PHONE


def test_alive_and_ready(client, redis):
    for path in ("/health/live", "/health/ready"):
        answer = client.get(path)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert redis.ttl("otp:ready") > 0


def test_an_api_that_is_about_to_stop_is_not_ready_but_does_its_work(client, problem):
    stopping = {"otp.stopping": True}
    problem(client.get("/health/ready", environ_overrides=stopping), 503, "stopping")
    for path in ("/health/live", "/"):
        assert client.get(path, environ_overrides=stopping).status_code == 200
    answer = client.post("/generate-otp", json={"phone": PHONE}, environ_overrides=stopping)
    assert answer.status_code == 202


@pytest.fixture
def away(settings):
    """An API whose Redis is away."""
    gone = settings.model_copy(
        update={"redis_url": settings.redis_url.__class__(f"redis://127.0.0.1:{free_port()}/0")}
    )
    return create_app(gone).test_client()


CALLS = [
    ("POST", "/generate-otp", {"phone": PHONE}),
    ("POST", "/verify-otp", {"phone": PHONE, "otp": "123456"}),
    ("GET", "/verifications/VE" + "0" * 32, None),
    ("DELETE", "/verifications/VE" + "0" * 32, None),
    ("GET", "/health/ready", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_without_redis_every_call_is_unavailable_at_once(away, problem, method, path, body):
    began = time.monotonic()
    for _ in range(3):
        answer = away.open(path, method=method, json=body)
        problem(answer, 503, "storage_unavailable")
        assert answer.headers["Retry-After"] == "1"
    assert time.monotonic() - began < 1


def test_without_redis_it_is_alive_and_shows_its_pages(away):
    for path in ("/health/live", "/", "/openapi.json"):
        assert away.get(path).status_code == 200


def test_without_redis_a_wrong_request_is_still_told_what_is_wrong(away, problem):
    problem(away.post("/generate-otp", json={}), 422, "invalid_request")


def test_a_redis_that_hangs_is_waited_for_less_than_a_second(settings, problem, tmp_path):
    with redis_server(tmp_path) as server:
        url = settings.redis_url.__class__(server.url)
        client = create_app(settings.model_copy(update={"redis_url": url})).test_client()
        assert client.get("/health/ready").status_code == 200
        with server.hanging():
            for method, path, body in CALLS:
                began = time.monotonic()
                problem(client.open(path, method=method, json=body), 503, "storage_unavailable")
                assert time.monotonic() - began < 1
            assert client.get("/health/live").status_code == 200


def test_a_redis_that_is_full_is_not_ready(settings, problem, tmp_path):
    with redis_server(tmp_path, "--maxmemory", "1") as server:
        url = settings.redis_url.__class__(server.url)
        client = create_app(settings.model_copy(update={"redis_url": url})).test_client()
        problem(client.get("/health/ready"), 503, "storage_unavailable")
        problem(client.post("/generate-otp", json={"phone": PHONE}), 503, "storage_unavailable")
