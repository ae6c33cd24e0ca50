"""Compresses files and pages."""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

_TEXT = ("text/html", "text/css", "text/javascript", "image/svg+xml")
_SMALLEST = 500


def register(app: Flask) -> None:
    @app.after_request
    def compress(response: Response) -> Response:
        if not _holds_no_secret() or response.mimetype not in _TEXT:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code != 200 or not request.accept_encodings.quality("gzip"):
            return response
        response.direct_passthrough = False
        content = response.get_data()
        if len(content) >= _SMALLEST:
            response.set_data(_compressed(content))
            response.headers["Content-Encoding"] = "gzip"
            etag, _ = response.get_etag()
            if etag:
                # A strong one would promise the same bytes.
                response.set_etag(etag, weak=True)
        return response


def _holds_no_secret() -> bool:
    """The compressed size reveals a secret if an attacker can add text next to it (BREACH)."""
    return request.endpoint == "static" or request.blueprint == "pages"


@lru_cache(maxsize=128)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, 6, mtime=0)
