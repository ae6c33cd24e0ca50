"""Tells how each request was answered, and how long that took."""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from api.http.wsgi import HeaderFields, Write

# The method, the rule of the endpoint's path or NO_ROUTE, the status, and the seconds.
Note = Callable[[str, str, str, float], None]
NO_ROUTE = "none"


class Measured:
    """WSGI middleware around Flask."""

    def __init__(self, app: WSGIApplication, note: Note) -> None:
        self._app = app
        self._note = note

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begin = perf_counter()

        def start(status: str, headers: HeaderFields, error: Any = None, /) -> Write:
            # Flask leaves its request here, and has made the whole response.
            rule = environ["werkzeug.request"].url_rule
            route = rule.rule if rule else NO_ROUTE
            self._note(environ["REQUEST_METHOD"], route, status[:3], perf_counter() - begin)
            return start_response(status, headers, error)

        return self._app(environ, start)
