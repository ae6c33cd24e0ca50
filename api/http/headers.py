"""Headers of every response."""

from collections.abc import Iterable, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from api.http.request_log import REQUEST_ID
from api.http.wsgi import HeaderFields, Write

HOSTED = ("pages.verification", "forms.verification")

_SECURITY = [
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    # Within this site, so that is_cross_site can recognize our forms.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
]
# Not for files, which are the same for everyone.
_PRIVATE = [("Cache-Control", "no-store"), ("Cross-Origin-Resource-Policy", "same-origin")]
# A year. Only for this host, because we cannot decide for the others of its domain.
_ONLY_HTTPS = [("Strict-Transport-Security", "max-age=31536000")]


class Headers:
    """WSGI middleware around Flask, whose own header objects would check each of these again.
    `sites` can embed the page of a verification, and the page can lead back to them."""

    def __init__(self, app: WSGIApplication, sites: Sequence[str]) -> None:
        self._app = app
        self._ours, self._hosted = _framed_by(()), _framed_by(sites)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: HeaderFields, error: Any = None, /) -> Write:
            # Flask leaves its request here.
            endpoint = environ["werkzeug.request"].endpoint
            headers += self._hosted if endpoint in HOSTED else self._ours
            if environ["wsgi.url_scheme"] == "https":
                headers += _ONLY_HTTPS
            if endpoint != "static" or status >= "400":
                headers += _PRIVATE
            headers += [("X-Request-Id", environ[REQUEST_ID])]
            return start_response(status, headers, error)

        return self._app(environ, start)


def _framed_by(sites: Sequence[str]) -> HeaderFields:
    headers = [*_SECURITY, ("Content-Security-Policy", _policy(sites))]
    if not sites:
        # For browsers without frame-ancestors.
        headers.append(("X-Frame-Options", "DENY"))
    return headers


def _policy(sites: Sequence[str]) -> str:
    ancestors = " ".join(sites) or "'none'"
    targets = " ".join(("'self'", *sites))
    return (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"frame-ancestors {ancestors}; form-action {targets}"
    )
