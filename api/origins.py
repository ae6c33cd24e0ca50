"""Other sites: where the page may send people back to, which sites it may be a part of, and which
sites' forms it takes (none)."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Request

# Visible ASCII without what browsers may read otherwise than we do: user:password@, backslashes,
# and in the path dots that go up, also escaped.
_PLAIN = re.compile(
    r"(?P<origin>https?://[a-z0-9.-]+(?::[0-9]+)?)(?P<path>/(?:(?![?#\\])[!-~])*)?(?:\?[!-~]*)?"
)
_ESCAPED = re.compile(r"/\.{1,2}(?:/|$)|%2e|%2f|%5c", re.IGNORECASE)


class FromElsewhere(Exception):
    """Another site sent a form."""


class ReturnUrls:
    """OTP_RETURN_URLS: origins, or URLs whose path others have to begin with. Sending people to any
    address would make the service an open redirect."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = [(urlsplit(url), url.rstrip("/")) for url in allowed]

    @property
    def origins(self) -> tuple[str, ...]:
        origins = (f"{parts.scheme}://{parts.netloc}" for parts, _ in self._allowed)
        return tuple(dict.fromkeys(origins))

    def allows(self, url: str) -> bool:
        found = _PLAIN.fullmatch(url)
        if not found or _ESCAPED.search(found["path"] or ""):
            return False
        place = found["origin"] + (found["path"] or "")
        return any(
            place == allowed or place.startswith(f"{allowed}/") for _, allowed in self._allowed
        )


def with_result(url: str, verification_id: str, status: str) -> str:
    """The URL with what became of the verification in its query."""
    parts = urlsplit(url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in ("verification_id", "status")
    ]
    query = urlencode([*kept, ("verification_id", verification_id), ("status", status)])
    return parts._replace(query=query).geturl()


def is_cross_site(request: Request) -> bool:
    """Whether a browser says that another site made the request. Those that do not say it by
    Sec-Fetch-Site name the origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host
