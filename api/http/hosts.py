"""Which hosts the API answers for while it has no API key.

Without a key, the browser's same-origin rule is all that keeps other sites from reading an answer.
DNS rebinding gets around it: a site lets its own name point to this machine. Its requests still
carry that name in `Host`.
"""

import re
import socket
from collections.abc import Collection
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, request

from api.http.access import Access
from api.http.proxies import DIRECT_HOST

# The name of this service in docker-compose.yml.
_COMPOSE_SERVICE = "api"
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]*)?", re.IGNORECASE)


class HostNotAllowed(Exception):
    """The request is for a host that could be anyone's."""


def is_ours(host: str, names: Collection[str]) -> bool:
    """Whether the value of a Host header is an IP address or one of our `names`, with or without a
    port or a trailing dot."""
    found = _HOST.fullmatch(host)
    if not found:
        return False
    name = _normal(found[1])
    return name in names or name.endswith(".localhost") or _is_ip(name.strip("[]"))


def register(app: Flask, access: Access, public_url: str | None) -> None:
    """Refuse requests with another host before all other work."""
    public = urlsplit(public_url or "").hostname or "localhost"
    names = set(map(_normal, ("localhost", _COMPOSE_SERVICE, socket.gethostname(), public)))

    @lru_cache(maxsize=64)
    def are_ours(*headers: str) -> bool:
        hosts = (host.strip() for header in headers for host in header.split(","))
        # Browsers always send a host, in ASCII.
        return all(is_ours(host, names) for host in hosts if host and host.isascii())

    @app.before_request
    def refuse() -> None:
        # Host, and a trusted proxy's X-Forwarded-Host.
        sent = (request.environ.get(name, "") for name in ("HTTP_HOST", DIRECT_HOST))
        if not are_ours(*sent) and access.is_open():
            raise HostNotAllowed


def _normal(name: str) -> str:
    return name.lower().removesuffix(".")


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
