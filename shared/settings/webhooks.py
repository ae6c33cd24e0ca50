"""Where events for the backend of an app may go: nowhere inside the owner's own network, unless the
owner names the host."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

# RFC 6052: the last 32 bits are an IPv4 address.
_NAT64 = IPv6Network("64:ff9b::/96")


def refuse_endpoint(url: str, allowed: Collection[str]) -> None:
    """Raises ValueError for an endpoint that events must not go to. `allowed` are the hosts that
    may be private, and may be reached over plain HTTP. What a host name resolves to is checked when
    the worker connects."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.fragment:
        raise ValueError("expected a URL such as https://shop.example/otp-events")
    if host in allowed:
        return
    if parts.scheme != "https":
        raise ValueError("expected https://, or its host in OTP_WEBHOOK_ALLOW")
    if host == "localhost" or ((address := _address(host)) and not is_public(address)):
        raise ValueError("this address is private; to use it, add it to OTP_WEBHOOK_ALLOW")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is on the internet, also by its IPv4 address inside an IPv6 one."""
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inside = IPv4Address(int(address) & 0xFFFFFFFF)
        if inside:
            return is_public(inside)
    return address.is_global and not address.is_multicast


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
