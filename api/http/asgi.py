"""Run the WSGI app on an ASGI server.

WSGI folds `X_Forwarded_For` and `X-Forwarded-For` into one name, so a client could overwrite what a
proxy says about it. ASGI still has the names as they were sent. The adapter drops every header
whose name contains an underscore, as nginx does, before WSGI folds the rest.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from io import BytesIO
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import StartResponse, WSGIApplication

from api.http.draining import STOPPING
from api.http.request_log import RequestIds, RequestLines, request_id

log = logging.getLogger("otp.api")

_Message = MutableMapping[str, Any]
_Headers = Sequence[tuple[bytes, bytes]]
_Environ = dict[str, Any]
_Answer = tuple[int, _Headers, bytes]
_Future = asyncio.Future[_Answer]
# PEP 3333 gives these two no prefix.
_WITHOUT_PREFIX = {"HTTP_CONTENT_TYPE": "CONTENT_TYPE", "HTTP_CONTENT_LENGTH": "CONTENT_LENGTH"}
_CLOSE = (b"connection", b"close")


class _BrokenBody(Exception):
    """The client has gone, or its chunks are malformed."""


class Asgi:
    """An ASGI 3 application (HTTP only) that answers requests in `threads` threads.

    The event loop reads a body before a thread gets the request, so a slow client holds no thread.
    Of a body, the app sees at most `largest_body` bytes and one more, which shows that the body was
    too large. A body that takes longer than `body_seconds` is answered 408, a malformed one 400.
    While the process `is_stopping`, the environment says so and each answer closes its connection.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        threads: int,
        largest_body: int,
        body_seconds: float = 10,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._app = app
        self._largest_body = largest_body
        self._body_seconds = body_seconds
        self._is_stopping = is_stopping
        # An executor would wrap each request in two futures and a lock, a third of the adapter's
        # cost.
        self._requests: SimpleQueue[tuple[_Environ, _Future]] = SimpleQueue()
        for _ in range(threads):
            Thread(target=self._work, name="request", daemon=True).start()

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        try:
            async with asyncio.timeout(self._body_seconds):
                body = await _read(receive, self._largest_body + 1)
        except TimeoutError:
            answer = _refusal(408, _environ(scope, b""))
        except _BrokenBody:
            answer = _refusal(400, _environ(scope, b""))
        else:
            future = asyncio.get_running_loop().create_future()
            environ = _environ(scope, body)
            environ[STOPPING] = self._is_stopping()
            self._requests.put((environ, future))
            answer = await future
        status, headers, content = answer
        if self._is_stopping():
            headers = [*headers, _CLOSE]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _work(self) -> None:
        while True:
            environ, future = self._requests.get()
            try:
                answer = _answer(self._app, environ)
            except Exception:
                log.exception("internal_error", extra={"request_id": request_id(environ)})
                answer = _refusal(500, environ)
            # The loop is closed while the process stops.
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(_settle, future, answer)


def _answer(app: WSGIApplication, environ: _Environ) -> _Answer:
    status = 500
    headers: _Headers = ()

    def start_response(
        line: str, fields: list[tuple[str, str]], _error: Any = None
    ) -> Callable[[bytes], object]:
        nonlocal status, headers
        status = int(line.split(" ", 1)[0])
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        return lambda _data: None

    parts = app(environ, start_response)
    try:
        content = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return status, headers, content


def _refusal(status: int, environ: _Environ) -> _Answer:
    """The answer to a request that the app does not get, or cannot answer."""

    def refuse(_: _Environ, start_response: StartResponse) -> tuple[bytes, ...]:
        headers = [("Connection", "close"), ("X-Request-Id", request_id(environ))]
        start_response(f"{status} ", headers)
        return ()

    return _answer(RequestIds(RequestLines(refuse)), environ)


def _settle(future: _Future, answer: _Answer) -> None:
    if not future.done():
        future.set_result(answer)


async def _read(receive: Callable[[], Awaitable[_Message]], most: int) -> bytes:
    """Read the body, or the first `most` bytes of it. Raises _BrokenBody."""
    body = b""
    while len(body) < most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _BrokenBody
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body[:most]


def _environ(scope: _Message, body: bytes) -> _Environ:
    """The environment of PEP 3333."""
    server, port = scope["server"]
    return {
        **_fields(scope["headers"]),
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "REQUEST_URI": scope["raw_path"].decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        # The end of the input is the end of the body, with or without a Content-Length.
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _fields(headers: _Headers) -> dict[str, str]:
    """Headers under their WSGI names. Lines of one name become one value, in their order."""
    fields: dict[str, str] = {}
    for raw_name, raw_value in headers:
        if b"_" in raw_name:
            continue
        name = "HTTP_" + raw_name.decode("latin-1").upper().replace("-", "_")
        name = _WITHOUT_PREFIX.get(name, name)
        value = raw_value.decode("latin-1")
        if name in fields:
            value = f"{fields[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{value}"
        fields[name] = value
    return fields
