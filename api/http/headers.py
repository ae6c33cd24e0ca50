"""Headers that every answer carries."""

from collections.abc import Sequence

from flask import Flask, Response, request

HOSTED = ("pages.verification", "forms.verification")

_Headers = Sequence[tuple[str, str]]
_SECURITY = (
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    # Other sites are told nothing; without our own, browsers would not say that a form is ours.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
)
# Files are everybody's; the rest is for nobody else to keep or to load.
_PRIVATE = (("Cache-Control", "no-store"), ("Cross-Origin-Resource-Policy", "same-origin"))
# A year without plain HTTP. Only for this host: the others of its domain are not ours to speak for.
_ONLY_HTTPS = "max-age=31536000"


def register(app: Flask, sites: Sequence[str]) -> None:
    """`sites` are those that the page of a verification may be a part of, and lead back to."""
    ours, hosted = _framed_by(()), _framed_by(sites)

    @app.after_request
    def add(response: Response) -> Response:
        endpoint = request.endpoint
        response.headers.extend(hosted if endpoint in HOSTED else ours)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = _ONLY_HTTPS
        if endpoint != "static" or response.status_code >= 400:
            response.headers.extend(_PRIVATE)
        return response


def _framed_by(sites: Sequence[str]) -> _Headers:
    headers = [*_SECURITY, ("Content-Security-Policy", _policy(sites))]
    if not sites:
        # For browsers that do not know frame-ancestors; the others go by that.
        headers.append(("X-Frame-Options", "DENY"))
    return headers


def _policy(sites: Sequence[str]) -> str:
    ancestors = " ".join(sites) or "'none'"
    targets = " ".join(("'self'", *sites))
    return (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"frame-ancestors {ancestors}; form-action {targets}"
    )
