"""Other sites: those that the page can return people to or be embedded in. No site's forms are
accepted."""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from flask import Request

# Visible ASCII, without user:password@ and backslashes, which browsers can read differently.
_PLAIN = re.compile(
    r"(?P<origin>https?://[a-z0-9.-]+(?::[0-9]+)?)(?P<path>/(?:(?![?#\\])[!-~])*)?(?:\?[!-~]*)?"
)
# Escaped dots and separators, which a server decodes after this check.
_ESCAPED = re.compile("%2e|%2f|%3b", re.IGNORECASE)


class FromElsewhere(Exception):
    """Another site sent a form."""


class ReturnUrls:
    """OTP_RETURN_URLS: origins, or URLs with a path that others have to begin with."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = [(urlsplit(url), url.rstrip("/")) for url in allowed]

    @property
    def origins(self) -> tuple[str, ...]:
        origins = (f"{parts.scheme}://{parts.netloc}" for parts, _ in self._allowed)
        return tuple(dict.fromkeys(origins))

    def allows(self, url: str) -> bool:
        found = _PLAIN.fullmatch(url)
        if not found:
            return False
        path = found["path"] or ""
        place = found["origin"] + path
        return _stays_below(path) and any(
            place == allowed or place.startswith(f"{allowed}/") for _, allowed in self._allowed
        )


def _stays_below(path: str) -> bool:
    """Whether no server would leave the beginning of the path. Some decode twice, drop
    `;parameters` (Tomcat) or trailing dots and blanks (Windows), merge slashes, or read other
    characters as dots and slashes."""
    try:
        decoded = unquote(path, errors="strict")
    except UnicodeDecodeError:
        return False
    names = [part.partition(";")[0].strip(" .") for part in decoded.removesuffix("/").split("/")]
    return not _ESCAPED.search(path) and all(map(_is_plain, decoded)) and all(names[1:])


def _is_plain(sign: str) -> bool:
    """Printable ASCII without `\\` and `%`, and letters and digits of other scripts."""
    if sign.isascii():
        return sign.isprintable() and sign not in "\\%"
    kind = unicodedata.category(sign)
    return kind[0] in "LM" or kind == "Nd"


def with_result(url: str, verification_id: str, status: str, receipt: str | None = None) -> str:
    """The URL with the verification's id, its status and the receipt in its query."""
    parts = urlsplit(url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in ("verification_id", "status", "receipt")
    ]
    result = {"verification_id": verification_id, "status": status}
    if receipt:
        result["receipt"] = receipt
    query = urlencode([*kept, *result.items()])
    return parts._replace(query=query).geturl()


def is_cross_site(request: Request) -> bool:
    """Whether a browser says that another site made the request. Old browsers send Origin, but not
    Sec-Fetch-Site."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.host
    except ValueError:
        return True
