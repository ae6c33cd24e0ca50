"""The use cases: start a verification, check its code, look at it, cancel it."""

import json
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any

from shared.codes import Codes
from shared.errors import (
    ChannelNotEnabled,
    CountryNotAllowed,
    DeliveryBacklog,
    IncorrectCode,
    InvalidRequest,
    RateLimited,
    RecipientBlocked,
    TooManyChecks,
    VerificationNotFound,
)
from shared.ledger import Attempt, Ledger, ReceiptOutcome, read_attempt
from shared.policy import Channel, Limit, Policy
from shared.queue import WakeUps
from shared.recipient import Recipient
from shared.store import Store

_ID = re.compile(r"VE[0-9a-f]{32}")
_OTP = re.compile(r"[0-9](?:[ -]?[0-9])*")


@dataclass(frozen=True, kw_only=True)
class Started:
    """A verification that was started, or whose code was sent once more (`send` > 1). Times in
    whole seconds, `to` masked."""

    verification_id: str
    send: int
    channel: Channel
    to: str
    expires_in: int
    resend_in: int
    checks_left: int
    sends_left: int


@dataclass(frozen=True, kw_only=True)
class Approved:
    verification_id: str
    channel: Channel
    to: str


@dataclass(frozen=True, kw_only=True)
class Send:
    number: int
    channel: str
    status: str
    reason: str | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What can be known of a verification. `…_at` in Unix seconds, `…_in` in seconds from now and
    0 when it is not pending, `to` masked."""

    verification_id: str
    status: str
    channel: str
    to: str
    created_at: float
    expires_at: float
    expires_in: int
    resend_in: int
    checks_left: int
    sends_left: int
    sends: tuple[Send, ...]


class VerificationService:
    def __init__(
        self, store: Store, ledger: Ledger, codes: Codes, wake_ups: WakeUps, policy: Policy
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._codes = codes
        self._wake_ups = wake_ups
        self._policy = policy

    def start(
        self, recipient: Recipient, channel: Channel, *, app: str, ip: str, locale: str
    ) -> Started:
        """Start a verification and queue its delivery; while one is pending, queue another send
        of it. Raises Refused, RateLimited, TooManyChecks, DeliveryBacklog, StorageUnavailable.
        """
        self._refuse_by_policy(recipient, channel)
        tag = self._codes.tag(app, recipient.to)
        subjects = {
            "to": tag,
            "ip": self._codes.tag("ip", _network(ip)),
            "app": app,
            "country": recipient.region or "none",
            "global": "all",
        }
        scopes = [scope for scope in subjects if self._policy.limits.get(scope)]
        verification_id, send = _new_id(), 1
        # The script says when the recipient has a verification to go on with. It can be another
        # one again by the time of the next try, but only as often as somebody else's send won.
        for _ in range(self._policy.max_sends + 1):
            answer = self._store.start(
                {
                    "verification_id": verification_id,
                    "send": send,
                    "app": app,
                    "channel": channel,
                    "locale": locale,
                    "tag": tag,
                    "to": recipient.to,
                    "masked_to": recipient.masked,
                    "ttl_ms": self._policy.ttl_seconds * 1000,
                    "max_checks": self._policy.max_checks,
                    "max_sends": self._policy.max_sends,
                    "resend_ms": self._policy.resend_seconds * 1000,
                    "max_failed_checks": _window(self._policy.max_failed_checks),
                    "limits": [
                        {"scope": scope, "windows": list(map(_window, self._policy.limits[scope]))}
                        for scope in scopes
                    ],
                }
                | self._code(verification_id, send, tag),
                [(scope, subjects[scope]) for scope in scopes],
                self._wake_ups.queue_key,
                self._wake_ups.commands(verification_id, send, self._policy.ttl_seconds),
            )
            if answer["outcome"] != "retry_with":
                return _started(answer, recipient, channel)
            verification_id = answer.get("verification_id") or _new_id()
            send = answer["send"]
        raise RateLimited("resend", Limit(count=1, window_seconds=1), retry_after=1)

    def check(
        self,
        otp: str,
        *,
        app: str,
        recipient: Recipient | None = None,
        verification_id: str = "",
    ) -> Approved:
        """Check a typed code, found by its recipient or by the id of its verification, and use
        it up when it is right. Raises InvalidRequest (not of a code's form: counts nothing),
        VerificationNotFound, IncorrectCode, TooManyChecks, StorageUnavailable.
        """
        code = parse_otp(otp, self._policy.code_length)
        subject = self._codes.tag(app, recipient.to) if recipient else verification_id
        answer = self._store.check(
            subject,
            {
                "by": "recipient" if recipient else "id",
                "verification_id": verification_id,
                "app": app,
                "verifiers": self._codes.verifiers(subject, code),
                "max_failed_checks": _window(self._policy.max_failed_checks),
            },
        )
        match answer["outcome"]:
            case "approved":
                return Approved(
                    verification_id=answer["verification_id"],
                    channel=answer["channel"],
                    to=answer["to"],
                )
            case "incorrect":
                raise IncorrectCode(answer["checks_left"])
            case "used_up":
                raise TooManyChecks(_seconds(answer["wait_ms"]))
            case _:
                raise VerificationNotFound

    def view(self, verification_id: str, *, app: str) -> Verification:
        """Raises VerificationNotFound, StorageUnavailable."""
        found = self._store.view(verification_id) if _ID.fullmatch(verification_id) else None
        if found is None or found[0]["app"] != app:
            raise VerificationNotFound
        fields, sends, now = found
        expires_at = int(fields["expires"]) / 1000
        resend_at = (int(fields["sent_at"]) + int(fields["resend_ms"])) / 1000
        status = fields["status"]
        if status == "pending" and expires_at <= now:
            status = "expired"
        pending = status == "pending"
        return Verification(
            verification_id=verification_id,
            status=status,
            channel=fields["channel"],
            to=fields["to"],
            created_at=int(fields["created"]) / 1000,
            expires_at=expires_at,
            expires_in=math.ceil(expires_at - now) if pending else 0,
            resend_in=max(0, math.ceil(resend_at - now)) if pending else 0,
            checks_left=int(fields["checks_left"]),
            sends_left=int(fields["max_sends"]) - int(fields["sends"]),
            sends=tuple(_send(number, send) for number, send in enumerate(sends, 1)),
        )

    def cancel(self, verification_id: str, *, app: str) -> None:
        """Raises VerificationNotFound, StorageUnavailable."""
        if not _ID.fullmatch(verification_id) or not self._store.cancel(verification_id, app):
            raise VerificationNotFound

    def record_receipt(
        self,
        verification_id: str,
        send: int,
        attempt: int,
        *,
        outcome: ReceiptOutcome,
        error: str | None = None,
        provider_id: str | None = None,
    ) -> None:
        """Record what a provider says later of a delivery attempt. Raises VerificationNotFound,
        StorageUnavailable."""
        status = None
        if _ID.fullmatch(verification_id):
            status = self._ledger.receipt(
                verification_id,
                send,
                attempt,
                outcome=outcome,
                error=error,
                provider_id=provider_id,
            )
        if status is None:
            raise VerificationNotFound

    def _refuse_by_policy(self, recipient: Recipient, channel: Channel) -> None:
        if channel not in self._policy.channels:
            raise ChannelNotEnabled
        if recipient.field != "phone":
            return
        allowed = self._policy.allowed_countries
        if allowed is not None and recipient.region not in allowed:
            raise CountryNotAllowed
        if recipient.to.startswith(self._policy.blocked_prefixes):
            raise RecipientBlocked

    def _code(self, verification_id: str, send: int, tag: str) -> dict[str, Any]:
        if send > 1 and self._policy.resend_code == "same":
            return {}
        kid, length = self._codes.kid, self._policy.code_length
        generation = send - 1
        code = self._codes.derive(kid, verification_id, generation, length)
        return {
            "code": {
                "kid": kid,
                "generation": generation,
                "length": length,
                "by_recipient": self._codes.verifier(kid, tag, code),
                "by_id": self._codes.verifier(kid, verification_id, code),
            }
        }


def parse_otp(text: str, length: int) -> str:
    """The digits of a typed code. Raises InvalidRequest unless they are `length` ASCII digits,
    with at most a space or a dash between two of them."""
    typed = text.strip(" ")
    digits = typed.replace(" ", "").replace("-", "")
    if not _OTP.fullmatch(typed) or len(digits) != length:
        raise InvalidRequest(("otp", f"expected {length} digits"))
    return digits


def _new_id() -> str:
    return f"VE{secrets.token_hex(16)}"


def _network(ip: str) -> str:
    """Who counts as one client address: an IPv6 customer has a whole /64."""
    address = ip_address(ip)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return address.packed[:8].hex()
    return str(address)


def _window(limit: Limit) -> dict[str, int]:
    return {"count": limit.count, "ms": limit.window_seconds * 1000}


def _seconds(ms: float) -> int:
    return max(1, math.ceil(ms / 1000))


def _started(answer: Mapping[str, Any], recipient: Recipient, channel: Channel) -> Started:
    match answer["outcome"]:
        case "started":
            return Started(
                verification_id=answer["verification_id"],
                send=answer["send"],
                channel=channel,
                to=recipient.masked,
                expires_in=_seconds(answer["expires_in_ms"]),
                resend_in=math.ceil(answer["resend_in_ms"] / 1000),
                checks_left=answer["checks_left"],
                sends_left=answer["sends_left"],
            )
        case "locked":
            raise TooManyChecks(_seconds(answer["wait_ms"]))
        case "backlog":
            raise DeliveryBacklog(min(60, _seconds(answer["wait_ms"])))
        case _:
            limit = Limit(count=answer["count"], window_seconds=_seconds(answer["ms"]))
            raise RateLimited(answer["scope"], limit, _seconds(answer["wait_ms"]))


def _send(number: int, fields: Mapping[str, str]) -> Send:
    lines = (fields.get(f"attempt:{n}") for n in range(1, int(fields["attempts"]) + 1))
    return Send(
        number=number,
        channel=fields["channel"],
        status=fields["status"],
        reason=fields.get("reason"),
        attempts=tuple(read_attempt(json.loads(line)) for line in lines if line),
    )
