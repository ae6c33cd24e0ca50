"""The nouns: a verification and its sends, what a start and a check ask for and answer, and how all
that is read from what Redis says."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.errors import (
    DeliveryBacklog,
    IdempotencyConflict,
    IncorrectCode,
    InvalidRequest,
    OtpError,
    ProofSpent,
    RateLimited,
    RecipientBlocked,
    TooManyChecks,
    VerificationNotFound,
)
from shared.ledger import Attempt, read_attempt
from shared.policy import Channel, Limit, Policy
from shared.rate_limits import Counted
from shared.recipient import Recipient
from shared.typed import plain

_OTP = re.compile(r"[0-9](?:\s*(?:-\s*)?[0-9])*")


class Asked(NamedTuple):
    """A send as it was asked for, at a time in Unix seconds."""

    channel: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Started:
    """A verification that was started, or whose code was sent once more (`send` > 1). Times in
    whole seconds, `to` masked. With a Service's terms also when it was created, in Unix seconds,
    and all sends of it."""

    verification_id: str
    send: int
    channel: Channel
    to: str
    expires_in: int
    resend_in: int
    checks_left: int
    sends_left: int
    created_at: float = 0
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Approved:
    verification_id: str
    channel: Channel
    to: str


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A Service's verification, a code for which was compared, right or wrong. Times in Unix
    seconds, `to` in clear."""

    verification_id: str
    approved: bool
    channel: Channel
    to: str
    created_at: float
    at: float


@dataclass(frozen=True, kw_only=True)
class Send:
    number: int
    channel: str
    asked_at: float
    status: str
    reason: str | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What can be known of a verification. `…_at` in Unix seconds, `…_in` in seconds from now and
    0 when it is not pending, `to` masked. `account` is the app whose senders and words it uses, and
    `app_name` what its messages call that where it is a Service's."""

    verification_id: str
    account: str
    app_name: str
    status: str
    channel: str
    to: str
    code_length: int
    created_at: float
    updated_at: float
    expires_at: float
    expires_in: int
    resend_in: int
    checks_left: int
    sends_left: int
    sends: tuple[Send, ...]


@dataclass(frozen=True, kw_only=True)
class Idempotency:
    """A request that may be repeated: the caller's key for it, and what it asks for in one text."""

    key: str
    request: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A proof of work, which is good for one start, and ends by itself."""

    id: str
    ends_in_seconds: int


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a Service starts a verification on (shared/services.py): a policy, the app whose
    senders and words it uses, what its message calls that, and the code where the caller has made
    one up. `counted` are limits beside those of the policy. Who `is_safe` passes the guard."""

    policy: Policy
    account: str
    app_name: str
    code: str | None = None
    counted: Sequence[Counted] = ()
    is_safe: bool = False


def parse_otp(text: str) -> str:
    """The digits of a typed or pasted code, in ASCII: 4 to 10 digits of any script, in groups that
    white space or dashes part. Characters that cannot be seen don't count. Raises InvalidRequest
    for anything else."""
    typed = plain(text).strip()
    digits = re.sub(r"[\s-]", "", typed)
    if not _OTP.fullmatch(typed) or not 4 <= len(digits) <= 10:
        raise InvalidRequest(("otp", "expected the digits of the code"))
    return digits


def not_a_code(length: int) -> InvalidRequest:
    return InvalidRequest(("otp", f"expected {length} digits"))


def seconds(ms: float) -> int:
    return max(1, math.ceil(ms / 1000))


def read_started(answer: Mapping[str, Any], recipient: Recipient) -> Started:
    """From what start.lua answers. Raises what it says instead."""
    match answer["outcome"]:
        case "started":
            return Started(
                verification_id=answer["verification_id"],
                send=answer["send"],
                channel=answer["channel"],
                to=recipient.masked,
                expires_in=seconds(answer["expires_in_ms"]),
                resend_in=math.ceil(answer["resend_in_ms"] / 1000),
                checks_left=answer["checks_left"],
                sends_left=answer["sends_left"],
                created_at=answer.get("created", 0) / 1000,
                asked=tuple(
                    Asked(send["channel"], send["at"] / 1000) for send in answer.get("sends", ())
                ),
            )
        case "locked":
            raise TooManyChecks(seconds(answer["wait_ms"]))
        case "backlog":
            raise DeliveryBacklog(min(60, seconds(answer["wait_ms"])))
        case "conflict":
            raise IdempotencyConflict
        case "proof_spent":
            raise ProofSpent
        case "held":
            raise RecipientBlocked(answer["rule"])
        case _:
            raise _rate_limited(answer["scope"], answer)


def check_refused(answer: Mapping[str, Any]) -> OtpError:
    """The refusal that check.lua answers."""
    error: OtpError
    match answer["outcome"]:
        case "incorrect":
            error = IncorrectCode(answer["checks_left"])
        case "used_up":
            error = TooManyChecks(seconds(answer["wait_ms"]), answer["rule"])
        case "limited":
            error = _rate_limited("ip", answer)
            error.rule = "failed_ip"
        case "malformed":
            error = not_a_code(answer["code_length"])
        case _:
            error = VerificationNotFound()
    error.verification_id = answer.get("verification_id")
    return error


def _rate_limited(scope: str, answer: Mapping[str, Any]) -> RateLimited:
    limit = Limit(count=answer["count"], window_seconds=seconds(answer["ms"]))
    return RateLimited(scope, limit, seconds(answer["wait_ms"]), answer.get("name"))


def read_verification(
    verification_id: str, fields: Mapping[str, str], sends: Sequence[Mapping[str, str]], now: float
) -> Verification:
    """From what the scripts wrote of it, at a time in Unix seconds."""
    expires_at = int(fields["expires"]) / 1000
    resend_at = (int(fields["sent_at"]) + int(fields["resend_ms"])) / 1000
    status = fields["status"]
    if status == "pending" and expires_at <= now:
        status = "expired"
    pending = status == "pending"
    return Verification(
        verification_id=verification_id,
        account=fields.get("account", fields["app"]),
        app_name=sends[-1].get("app_name", ""),
        status=status,
        channel=fields["channel"],
        to=fields["to"],
        code_length=int(fields["code_length"]),
        created_at=int(fields["created"]) / 1000,
        updated_at=_updated_at(fields),
        expires_at=expires_at,
        expires_in=math.ceil(expires_at - now) if pending else 0,
        resend_in=max(0, math.ceil(resend_at - now)) if pending else 0,
        checks_left=int(fields["checks_left"]),
        sends_left=int(fields["max_sends"]) - int(fields["sends"]),
        sends=tuple(_send(number, send) for number, send in enumerate(sends, 1)),
    )


def _updated_at(fields: Mapping[str, str]) -> float:
    """When somebody last did something to it."""
    checks = (json.loads(line)["at"] for name, line in fields.items() if name.startswith("check:"))
    times = [fields["sent_at"], fields.get("ended", 0), *checks]
    return max(map(int, times)) / 1000


def _send(number: int, fields: Mapping[str, str]) -> Send:
    lines = (fields.get(f"attempt:{n}") for n in range(1, int(fields["attempts"]) + 1))
    return Send(
        number=number,
        channel=fields["channel"],
        asked_at=int(fields["asked"]) / 1000,
        status=fields["status"],
        reason=fields.get("reason"),
        attempts=tuple(read_attempt(json.loads(line)) for line in lines if line),
    )
