"""What trusted proxies say about a request: the client's address, scheme and host.

Each proxy adds what it saw at the end of a list, or replaces the list. With n trusted proxies the
entry that counts is the n-th from the right, or the first of fewer. Every entry further to the left
is the client's own invention.
"""

import logging
import re
from collections.abc import Iterable
from ipaddress import ip_address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# Where the environment keeps the Host that the server saw.
DIRECT_HOST = "otp.direct_host"
UNKNOWN = "0.0.0.0"  # noqa: S104 (a name for "unknown", nothing is bound to it)
# An element of RFC 7239, as in `for="[2001:db8::1]:443";proto=https`.
_FOR = re.compile(r"(?:^|;)\s*for=([^;]*)", re.IGNORECASE)

log = logging.getLogger("otp.api")


class TrustedProxies:
    """WSGI middleware that puts what `count` proxies say in place of what the server saw."""

    def __init__(self, app: WSGIApplication, count: int) -> None:
        self._app = app
        self._count = count
        self._is_logged = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if client := self._said(environ, "FOR"):
            environ["REMOTE_ADDR"] = address_in(client) or self._unreadable(client)
        scheme = self._said(environ, "PROTO").lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        if host := self._said(environ, "HOST"):
            environ[DIRECT_HOST] = environ.get("HTTP_HOST", "")
            environ["HTTP_HOST"] = host
        return self._app(environ, start_response)

    def _said(self, environ: WSGIEnvironment, name: str) -> str:
        """The entry of X-Forwarded-{name} that counts, "" if there is none."""
        header: str = environ.get(f"HTTP_X_FORWARDED_{name}", "")
        entries = [entry.strip() for entry in header.split(",") if entry.strip()]
        return entries[-self._count :][0] if entries else ""

    def _unreadable(self, client: str) -> str:
        if not self._is_logged:
            self._is_logged = True
            log.warning("client_unreadable", extra={"forwarded_for": client[:100]})
        return UNKNOWN


def address_in(entry: str) -> str | None:
    """The IP address in an entry of X-Forwarded-For, without a port, a zone or quotes, and an IPv4
    address as such. Returns None if there is none."""
    element = _FOR.search(entry)
    host = (element[1] if element else entry).strip().strip('"').strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if address.version == 6 else None
    return str(mapped or address)
