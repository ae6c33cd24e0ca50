"""What a start has to pass: the owner's lists, the limits and the pumping guard. start.lua takes
them with the rest of the request."""

import json
import secrets
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from shared.codes import Codes
from shared.errors import (
    ChannelNotEnabled,
    CountryNotAllowed,
    InvalidRequest,
    RecipientBlocked,
    Refused,
)
from shared.messages.texts import MOST_BYTES_WITH_HASH, Texts
from shared.policy import Channel, Guard, Limit, Policy
from shared.recipient import Recipient
from shared.storage import keys
from shared.storage.scripts import Facts
from shared.verification.model import ExtraLimit, StartRequest

# How long a request with an idempotency key can be repeated.
IDEMPOTENCY_SECONDS = 86400
# As in lib/guard.lua.
_GUARD_PARTS = 24


class CountedLimit(NamedTuple):
    """A limit, as start.lua gets it. `name` is that of a caller's own limit."""

    key: str
    windows: str
    name: str | None = None


def asked(request: StartRequest, policy: Policy, codes: Codes) -> Facts:
    """What start.lua is told of a request. The code, and what a worker needs, come from others."""
    app, recipient, terms, own = request.app, request.recipient, request.terms, request.caller_code
    is_test = recipient.to in policy.test_numbers
    return {
        "app": app,
        "channel": request.channel,
        "locale": request.locale,
        "tag": recipient_tag(codes, app, recipient.to, checked_here=request.checked_here),
        "counted": codes.tag(app, recipient.counted_as),
        "to": recipient.to,
        "masked_to": recipient.masked,
        "country": recipient.region or "none",
        "ttl_ms": policy.ttl_seconds * 1000,
        "max_checks": policy.max_checks,
        "most_sends": policy.max_sends,
        "pause_ms": policy.resend_seconds * 1000,
        "resend_code": policy.resend_code,
        "max_failed_checks": windows(policy.max_failed_checks),
        # Nothing is sent to a test number, so nothing costs.
        "test": is_test,
        "budget": None if is_test else policy.budget.get(request.channel),
        **_guards(policy.guard, None if is_test or (terms and terms.is_safe) else recipient.range),
        "account": terms.account if terms else None,
        "app_name": terms.app_name if terms else None,
        "sender": request.sender,
        "app_hash": request.app_hash,
        "code_from": "caller" if own and not is_test else None,
        "unchecked": not request.checked_here,
        "replaces": own is not None and own.replaces,
        "context": request.context,
        "context_text": request.context_text,
        "webhook": refused_event_id() if policy.tells_app else None,
        **_once(request, codes),
        **_turn(request, codes),
    }


def recipient_tag(codes: Codes, app: str, to: str, *, checked_here: bool) -> str:
    """The tag of a recipient's verifications. Those that are checked elsewhere have their own, so
    neither kind replaces the other."""
    return codes.tag(app if checked_here else f"{app} elsewhere", to)


def recipient_tags(codes: Codes, app: str, to: str) -> list[str]:
    """The tags of all verifications of an app's recipient."""
    return [recipient_tag(codes, app, to, checked_here=here) for here in (True, False)]


def refused_event_id() -> str:
    """The name of the event that tells of a refused start."""
    return f"RB{secrets.token_hex(16)}"


def _once(request: StartRequest, codes: Codes) -> Facts:
    """What keeps a request or a proof of work from counting twice."""
    once: dict[str, str | float] = {}
    if idempotency := request.idempotency:
        names = (codes.tag(f"{request.app} idempotency", key) for key in idempotency.keys)
        once["idempotency_keys"] = " ".join(names)
        once["idempotency"] = codes.tag(request.app, idempotency.request)
        once["idempotency_ms"] = IDEMPOTENCY_SECONDS * 1000
    if proof := request.proof:
        once |= {"proof": proof.id, "proof_ms": proof.ends_in_seconds * 1000}
    return once


def _turn(request: StartRequest, codes: Codes) -> Facts:
    """The step of a workflow. Redis gets no address to count its later steps by."""
    turn = request.turn
    if turn is None or not turn.workflow:
        return {"step": turn.number} if turn else {}
    steps = [
        [step.channel, *([step.wait_seconds * 1000] if step.wait_seconds else [])]
        for step in turn.workflow
    ]
    return {
        "step": turn.number,
        "workflow": json.dumps(steps),
        "skipped": json.dumps(list(turn.skipped.items())),
        "ip_tag": ip_tag(codes, request) or "",
    }


def ip_tag(codes: Codes, request: StartRequest) -> str | None:
    """What limits count a client's address by."""
    if request.turn and request.turn.ip_tag:
        return request.turn.ip_tag
    return codes.tag(f"{request.account} ip", network(request.ip)) if request.ip else None


def refused(policy: Policy, recipient: Recipient, channel: Channel) -> Refused | None:
    """The refusal of this by the owner's lists. Returns None if they allow it."""
    route = policy.route(channel, recipient.to, recipient.region)
    if channel not in policy.channels or (route and route.senders == ()):
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


def refuse_long_sms(policy: Policy, request: StartRequest, texts: Callable[[str], Texts]) -> None:
    """Raises InvalidRequest if an SMS cannot end in the hash that the request asks for. Registered
    texts never do."""
    terms, own, recipient = request.terms, request.caller_code, request.recipient
    if request.app_hash is None or request.channel == "email":
        return
    route = policy.route("sms", recipient.to, recipient.region)
    if route and route.text:
        return
    if not texts(request.account).fit_with(
        request.app_hash,
        request.locale,
        code_length=len(own.code) if own else policy.code_length,
        life_seconds=policy.ttl_seconds,
        app_name=terms.app_name if terms else None,
    ):
        told = f"an SMS that ends in it does not fit in {MOST_BYTES_WITH_HASH} bytes"
        raise InvalidRequest(("app_hash", f"{told}; use a shorter app name"))


def limits(policy: Policy, codes: Codes, request: StartRequest) -> list[CountedLimit]:
    """What is counted, and for whom. All but the last is the app's own affair."""
    app, recipient = request.account, request.recipient
    subjects = {
        "to": codes.tag(app, recipient.counted_as),
        "ip": ip_tag(codes, request),
        "app": app,
        "country": f"{app}:{recipient.region or 'none'}",
        "range": f"{app}:{recipient.counted_as[:-4]}" if recipient.range else None,
        "global": "all",
    }
    return [
        CountedLimit(keys.limit(scope, subject), windows(*of_scope))
        for scope, subject in subjects.items()
        if subject and (of_scope := policy.limits.get(scope))
    ]


def _guards(guard: Guard, range_: str | None) -> Facts:
    return {
        "range": range_ if range_ and guard.mode != "off" else "",
        "most_in_range": guard.ranges.count,
        "range_part_ms": guard.ranges.window_seconds * 1000 // _GUARD_PARTS,
        "most_in_country": guard.countries.count,
        "country_part_ms": guard.countries.window_seconds * 1000 // _GUARD_PARTS,
        "blocks_below_percent": guard.percent if guard.mode == "block" else None,
    }


def network_tag(codes: Codes, app: str, ip: str) -> str:
    """The name of the network that wrong codes are counted by: an IPv4 /24, an IPv6 /48."""
    return codes.tag(f"{app} network", network(ip, wider=True))


def extra_limits(codes: Codes, app: str, extra: Sequence[ExtraLimit]) -> list[CountedLimit]:
    """What is counted for limits of the caller's own."""
    found = []
    for limit in extra:
        if limit.windows:
            subject = codes.tag(f"{app} {limit.id}", limit.value)
            key = keys.limit("rate_limit", subject)
            found.append(CountedLimit(key, windows(*limit.windows), limit.name))
    return found


@lru_cache(maxsize=256)
def windows(*limits: Limit) -> str:
    """Limits as lib/limits.lua reads them. Returns '' if there are none."""
    if not limits:
        return ""
    counts = [limit.count for limit in limits]
    longest_ms = max(limit.window_seconds for limit in limits) * 1000
    each = (f"{limit.count}/{limit.window_seconds * 1000}" for limit in limits)
    return f"{min(counts)} {max(counts)} {longest_ms} {' '.join(each)}"


def network(ip: str, *, wider: bool = False) -> str:
    """Who counts as one client address: an IPv6 customer has a whole /64. `wider`: who is close to
    it, a /24 or /48."""
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return address.packed[: 6 if wider else 8].hex()
        address = address.ipv4_mapped
    return address.packed[: 3 if wider else 4].hex()
