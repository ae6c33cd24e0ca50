"""Request ids, the traces of callers, and a log line for each request."""

import logging
import re
from collections.abc import Iterable
from random import getrandbits
from time import perf_counter
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from api.http.wsgi import HeaderFields, Write
from shared.logs.request import Request, caller, current, parse_traceparent

log = logging.getLogger("otp.api")

REQUEST_ID = "HTTP_X_REQUEST_ID"
# The log gets these ids, so an id must look like neither an address nor a code: it has a letter, or
# more digits than a phone number.
_ID = re.compile(r"(?=.*[A-Za-z]|(?:[^0-9]*[0-9]){16})[A-Za-z0-9._:/=-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEALTH = ("/health/live", "/health/ready")


class RequestIds:
    """WSGI middleware that gives each request an id, which all lines about the request have, as
    they have the trace that it belongs to. The app has the id from the environment, and returns
    it."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(request_id(environ))
        if "HTTP_TRACEPARENT" in environ:
            request.trace = parse_traceparent(environ["HTTP_TRACEPARENT"])

        token = current.set(request)
        try:
            return self._app(environ, start_response)
        finally:
            current.reset(token)


class RequestLines:
    """WSGI middleware that logs each request at DEBUG when it is answered, except health checks
    that succeed. The line has the route, because the path may hold an address."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begin = perf_counter()
        status, route = 500, None

        def start(line: str, headers: HeaderFields, error: Any = None, /) -> Write:
            nonlocal status, route
            status = int(line.split(" ", 1)[0])
            # Flask leaves its request there until it has answered.
            rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
            route = rule and rule.rule
            return start_response(line, headers, error)

        parts = self._app(environ, start)
        if route not in _HEALTH or status >= 400:
            method = environ["REQUEST_METHOD"]
            told = {
                "method": method if method in _METHODS else "other",
                "route": route,
                "status": status,
                "duration_ms": round((perf_counter() - begin) * 1000, 1),
                "app": caller(),
            }
            log.debug("request", extra=told)
        return parts


def request_id(environ: WSGIEnvironment) -> str:
    """The caller's X-Request-Id, or a new one if that is missing or invalid. Stays the same for a
    request."""
    if REQUEST_ID not in environ or not _ID.fullmatch(environ[REQUEST_ID]):
        environ[REQUEST_ID] = f"{getrandbits(128):032x}"
    given: str = environ[REQUEST_ID]
    return given
