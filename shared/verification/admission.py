"""What a start has to pass: the owner's lists, the limits and the pumping guard. start.lua takes
them with the rest of the request."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any

from shared.codes import Codes
from shared.errors import ChannelNotEnabled, CountryNotAllowed, RecipientBlocked, Refused
from shared.policy import Channel, Guard, Limit, Policy
from shared.recipient import Recipient
from shared.verification.model import ExtraLimit, StartRequest

# As in lib/guard.lua.
_GUARD_PARTS = 24


def asked(request: StartRequest, policy: Policy, codes: Codes) -> dict[str, Any]:
    """What start.lua is told of a request. The code, and what a worker needs, come from others."""
    app, recipient, terms = request.app, request.recipient, request.terms
    told = {
        "app": app,
        "channel": request.channel,
        "locale": request.locale,
        "tag": codes.tag(app, recipient.to),
        "counted": codes.tag(app, recipient.counted_as),
        "to": recipient.to,
        "masked_to": recipient.masked,
        "country": recipient.region or "none",
        "ttl_ms": policy.ttl_seconds * 1000,
        "max_checks": policy.max_checks,
        "max_sends": policy.max_sends,
        "resend_ms": policy.resend_seconds * 1000,
        "resend_code": policy.resend_code,
        "max_failed_checks": window(policy.max_failed_checks),
        "limits": [
            *limits(policy, codes, request.account, recipient, request.ip),
            *extra_limits(codes, app, terms.extra_limits if terms else ()),
        ],
        **cost(policy, recipient, request.channel, is_safe=bool(terms and terms.is_safe)),
    }
    if terms:
        told["terms"] = {"account": terms.account, "app_name": terms.app_name}
    if request.sender:
        told["sender"] = request.sender
    if idempotency := request.idempotency:
        told["idempotency_key"] = codes.tag(f"{app} idempotency", idempotency.key)
        told["idempotency"] = codes.tag(app, idempotency.request)
    if proof := request.proof:
        told |= {"proof": proof.id, "proof_ms": proof.ends_in_seconds * 1000}
    return told


def refused(policy: Policy, recipient: Recipient, channel: Channel) -> Refused | None:
    """The refusal of this by the owner's lists. Returns None if they allow it."""
    if channel not in policy.channels:
        return ChannelNotEnabled("channel_not_enabled", channel)
    if recipient.type is None:
        return None
    region = recipient.region or "none"
    if policy.allowed_countries is not None and region not in policy.allowed_countries:
        return CountryNotAllowed("country_not_allowed", region)
    if recipient.type in policy.blocked_types:
        return RecipientBlocked("number_type", recipient.type)
    for prefix in policy.blocked_prefixes:
        if recipient.to.startswith(prefix):
            return RecipientBlocked("blocked_prefix", prefix)
    return None


def limits(
    policy: Policy, codes: Codes, app: str, recipient: Recipient, ip: str
) -> list[dict[str, Any]]:
    """What is counted, and for whom. All but the last is the app's own affair."""
    subjects = {
        "to": codes.tag(app, recipient.counted_as),
        "ip": _address_tag(codes, app, ip),
        "app": app,
        "country": f"{app}:{recipient.region or 'none'}",
        "range": f"{app}:{recipient.counted_as[:-4]}" if recipient.range else None,
        "global": "all",
    }
    return [
        {"scope": scope, "subject": subject, "windows": list(map(window, windows))}
        for scope, subject in subjects.items()
        if subject and (windows := policy.limits.get(scope))
    ]


def cost(
    policy: Policy, recipient: Recipient, channel: Channel, *, is_safe: bool
) -> dict[str, Any]:
    """What keeps the cost of messages down. Nothing is sent to a test number, so nothing costs."""
    if recipient.to in policy.test_numbers:
        return {"test": True, "guards": []}
    budget = {"budget": policy.budget[channel]} if channel in policy.budget else {}
    return {"guards": [] if is_safe else guards(policy.guard, recipient), **budget}


def guards(guard: Guard, recipient: Recipient) -> list[dict[str, Any]]:
    if guard.mode == "off" or recipient.range is None:
        return []
    subjects = (
        ("range", recipient.range, guard.ranges),
        ("country", recipient.region or "none", guard.countries),
    )
    return [
        {
            "kind": kind,
            "subject": subject,
            "count": limit.count,
            "part_ms": limit.window_seconds * 1000 // _GUARD_PARTS,
            "percent": guard.percent,
            "blocks": guard.mode == "block",
        }
        for kind, subject, limit in subjects
    ]


def _address_tag(codes: Codes, app: str, ip: str) -> str:
    return codes.tag(f"{app} ip", network(ip))


def network_tag(codes: Codes, app: str, ip: str) -> str:
    """The name of the network that wrong codes are counted by: an IPv4 /24, an IPv6 /48."""
    return codes.tag(f"{app} network", network(ip, wider=True))


def extra_limits(codes: Codes, app: str, extra: Sequence[ExtraLimit]) -> list[dict[str, Any]]:
    """What is counted for limits of the caller's own."""
    return [
        {
            "scope": "rate_limit",
            "name": limit.name,
            "subject": codes.tag(f"{app} {limit.id}", limit.value),
            "windows": list(map(window, limit.windows)),
        }
        for limit in extra
        if limit.windows
    ]


def window(limit: Limit) -> dict[str, int]:
    return {"count": limit.count, "ms": limit.window_seconds * 1000}


def network(ip: str, *, wider: bool = False) -> str:
    """Who counts as one client address: an IPv6 customer has a whole /64. `wider`: who is close to
    it, a /24 or /48."""
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return address.packed[: 6 if wider else 8].hex()
        address = address.ipv4_mapped
    return address.packed[: 3 if wider else 4].hex()
