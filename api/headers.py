"""Headers that every answer carries."""

from flask import Flask, Response, request

_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # For browsers that do not know frame-ancestors; the others go by that.
    "X-Frame-Options": "DENY",
}
# A year without plain HTTP. Only for this host: the others of its domain are not ours to speak for.
_ONLY_HTTPS = "max-age=31536000"


def register(app: Flask) -> None:
    @app.after_request
    def add(response: Response) -> Response:
        response.headers.update(_SECURITY)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = _ONLY_HTTPS
        if request.endpoint != "static" or response.status_code >= 400:
            # Files are everybody's; the rest is for nobody else to keep or to load.
            response.headers["Cache-Control"] = "no-store"
            response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return response
