"""Headers that every answer carries."""

from collections.abc import Sequence

from flask import Flask, Response, request

HOSTED = ("pages.verification", "forms.verification")

_SECURITY = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Other sites are told nothing; without our own, browsers would not say that a form is ours.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# A year without plain HTTP. Only for this host: the others of its domain are not ours to speak for.
_ONLY_HTTPS = "max-age=31536000"


def register(app: Flask, sites: Sequence[str]) -> None:
    """`sites` are those that the page of a verification may be a part of, and lead back to."""

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.update(_SECURITY)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = _ONLY_HTTPS
        framing = sites if request.endpoint in HOSTED else ()
        response.headers["Content-Security-Policy"] = _policy(framing)
        if not framing:
            # For browsers that do not know frame-ancestors; the others go by that.
            response.headers["X-Frame-Options"] = "DENY"
        if request.endpoint != "static" or response.status_code >= 400:
            # Files are everybody's; the rest is for nobody else to keep or to load.
            response.headers["Cache-Control"] = "no-store"
            response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


def _policy(sites: Sequence[str]) -> str:
    ancestors = " ".join(sites) or "'none'"
    targets = " ".join(("'self'", *sites))
    return (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"frame-ancestors {ancestors}; form-action {targets}"
    )
