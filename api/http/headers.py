"""Headers of every response."""

from collections.abc import Sequence

from flask import Flask, Response, request

HOSTED = ("pages.verification", "forms.verification")

_Headers = Sequence[tuple[str, str]]
_SECURITY = (
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    # Within this site, so that is_cross_site can recognize our forms.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
)
# Not for files, which are the same for everyone.
_PRIVATE = (("Cache-Control", "no-store"), ("Cross-Origin-Resource-Policy", "same-origin"))
# A year. Only for this host, because we cannot decide for the others of its domain.
_ONLY_HTTPS = "max-age=31536000"


def register(app: Flask, sites: Sequence[str]) -> None:
    """`sites` can embed the page of a verification, and the page can lead back to them."""
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
