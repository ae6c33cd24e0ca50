import asyncio
import logging
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import pytest

from api.http.asgi import Asgi
from tests import own_loop

LARGEST = 8


class Echo:
    """A WSGI app that keeps what it was called with."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.read = b""
        self.is_closed = False

    def __call__(self, environ, start_response) -> "Echo":
        self.environ, self.read = environ, environ["wsgi.input"].read()
        start_response("201 Created", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield from (b"o", b"k")

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def call(echo):
    """One request with these headers and messages of its body. Answers what the server is sent."""

    def call(
        headers: Sequence[tuple[bytes, bytes]] = (), messages=(), path=b"/", **options
    ) -> list[dict[str, Any]]:
        left = list(messages)
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "server": ("127.0.0.1", "5000"),
            "client": ("192.0.2.1", "41001"),
            "raw_path": path,
            "query_string": b"a=%20",
            "headers": headers,
        }

        async def receive() -> dict[str, Any]:
            if not left:
                await asyncio.Event().wait()
            return left.pop(0)

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(dict(message))

        app = Asgi(echo, threads=1, largest_body=LARGEST, **options)
        own_loop.run(app(scope, receive, send))
        return sent

    return call


def body(*pieces: bytes) -> list[dict[str, Any]]:
    return [
        {"type": "http.request", "body": piece, "more_body": left > 0}
        for left, piece in zip(range(len(pieces) - 1, -1, -1), pieces, strict=True)
    ]


WITH_DASHES = (
    *(b"X-Forwarded-For", b"X-Forwarded-Proto", b"X-Forwarded-Host", b"X-Forwarded-Prefix"),
    *(b"Content-Type", b"Content-Length", b"Idempotency-Key", b"Sec-Fetch-Site", b"X-CSRF-Token"),
)


@pytest.mark.parametrize("name", WITH_DASHES)
def test_no_spelling_with_an_underscore_is_the_header(call, echo, name):
    real, words = (name.lower(), b"real"), name.split(b"-")
    spellings = {
        b"_".join(words),
        b"_".join(words).upper(),
        b"_".join([b"-".join(words[:-1]), words[-1]]),
        b"-".join(words[:1]) + b"_" + b"-".join(words[1:]),
    }
    forged = [(spelling, b"forged") for spelling in spellings]
    key = name.decode().upper().replace("-", "_")
    key = key if name.startswith(b"Content") else f"HTTP_{key}"
    for headers in ([real, *forged], [*forged, real], [*forged, real, *forged]):
        call(headers, body(b""))
        assert echo.environ[key] == "real"
    call(forged, body(b""))
    assert not [value for value in echo.environ.values() if value == "forged"]


def test_lines_of_one_header_stay_in_order(call, echo):
    call([(b"x-a", b"1"), (b"cookie", b"a=1"), (b"X-A", b"2, 3"), (b"cookie", b"b=2")], body(b""))
    assert echo.environ["HTTP_X_A"] == "1,2, 3"
    assert echo.environ["HTTP_COOKIE"] == "a=1; b=2"


def test_tells_the_app_what_the_server_knows(call, echo):
    call([(b"host", b"otp.example")], body(b"{", b"}"), path=b"/a%2Fb/%ff")
    environ = echo.environ
    assert environ["PATH_INFO"] == "/a/b/\xff"
    assert environ["QUERY_STRING"] == "a=%20"
    assert (environ["REQUEST_METHOD"], environ["REMOTE_ADDR"]) == ("POST", "192.0.2.1")
    assert (environ["HTTP_HOST"], environ["wsgi.url_scheme"]) == ("otp.example", "http")
    assert echo.read == b"{}"


def test_answers_with_every_header_and_closes_what_the_app_returned(call, echo):
    start, content = call((), body(b""))
    assert start["status"] == 201
    assert start["headers"] == [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")]
    assert content["body"] == b"ok"
    assert echo.is_closed


@pytest.mark.parametrize("is_stopping", [False, True])
def test_while_it_stops_the_app_knows_and_no_connection_stays_open(call, echo, is_stopping):
    start, content = call((), body(b""), is_stopping=lambda: is_stopping)
    assert (start["status"], content["body"]) == (201, b"ok")
    assert ((b"connection", b"close") in start["headers"]) is is_stopping
    assert echo.environ["otp.stopping"] is is_stopping


def test_reads_no_more_than_shows_that_a_body_is_too_large(call, echo):
    call((), body(*[b"123"] * 1000))
    assert len(echo.read) == LARGEST + 1


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([*body(b"a", b"b")[:1], {"type": "http.disconnect"}], 400),
        (body(b"a", b"b")[:1], 408),
        ([], 408),
    ],
    ids=["breaks off", "stalls", "never begins"],
)
def test_a_body_without_an_end_does_not_reach_the_app(call, echo, messages, status):
    start, content = call([(b"x-request-id", b"some-id")], messages, body_seconds=0.01)
    assert (start["status"], content["body"]) == (status, b"")
    assert start["headers"] == [(b"Connection", b"close"), (b"X-Request-Id", b"some-id")]
    assert echo.environ == {}


def test_a_request_without_a_body_is_logged_like_any_other(call, caplog):
    caplog.set_level(logging.DEBUG, "otp")
    call([(b"x-request-id", b"some-id")], [], body_seconds=0.01)
    (line,) = caplog.records
    assert (line.message, line.method, line.route, line.status) == ("request", "POST", None, 408)


def test_a_request_that_the_app_fails_on_is_answered_and_logged(call, echo, caplog):
    echo.close = None
    start, content = call([(b"x-request-id", b"some-id")], body(b""))
    assert (start["status"], content["body"]) == (500, b"")
    assert (b"X-Request-Id", b"some-id") in start["headers"]
    assert [(line.message, line.request_id) for line in caplog.records] == [
        ("internal_error", "some-id")
    ]
