"""The nouns: what a start and a check ask for, and what the scripts answer to that."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, get_args

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
from shared.policy import Channel, Limit, Limits, Policy, Workflow
from shared.recipient import Recipient
from shared.storage import reading
from shared.typed import plain

Status = Literal["pending", "approved", "canceled", "expired", "max_attempts_reached"]
STATUSES: tuple[Status, ...] = get_args(Status)
SendStatus = Literal["queued", "sending", "sent", "delivered", "undelivered", "dropped", "failed"]
CodeFrom = Literal["caller", "service"]
SEND_STATUSES: tuple[SendStatus, ...] = get_args(SendStatus)

_OTP = re.compile(r"[0-9](?:\s*(?:-\s*)?[0-9])*")


class Asked(NamedTuple):
    """A send as it was asked for, at a time in Unix seconds."""

    channel: str
    at: float | None


@dataclass(frozen=True, kw_only=True)
class Started:
    """A verification that was started, or whose code was sent once more (`send` > 1). Times in
    whole seconds, `to` masked. With a Service's terms also when it was created, in Unix seconds,
    and all sends of it. `trace` is the traceparent of the first request for it that had one."""

    verification_id: str
    send: int
    channel: Channel
    to: str
    expires_in: int
    resend_in: int
    checks_left: int
    sends_left: int
    created_at: float | None = None
    asked: tuple[Asked, ...] = ()
    trace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A typed code that was compared with that of a verification, right or wrong. `to` is masked,
    and `clear_to` the address in clear text. Times are Unix seconds. `context` and `trace` are
    those of the start."""

    verification_id: str
    approved: bool
    channel: Channel
    to: str
    clear_to: str = field(repr=False)
    checks_left: int
    created_at: float
    at: float
    context: str | None = None
    trace: str | None = None

    def raise_if_incorrect(self) -> None:
        """Raises IncorrectCode for a wrong code."""
        if not self.approved:
            raise IncorrectCode(self.checks_left)


@dataclass(frozen=True, kw_only=True)
class Idempotency:
    """A request that may be repeated: the caller's keys for it, each of which is enough to know it
    again, and what it asks for in one text."""

    keys: tuple[str, ...]
    request: str


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A proof of work, which is good for one start, and ends by itself."""

    id: str
    ends_in_seconds: int


@dataclass(frozen=True, kw_only=True)
class ExtraLimit:
    """A caller's own limit: how many starts with the same `value` each window allows. A value may
    be an address, so Redis gets a keyed hash of it. A refusal gives the `name`."""

    id: str
    name: str
    value: str
    windows: Limits


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a Service (shared/verify_v2/services.py) starts a verification on: a policy, the app
    whose senders and words it uses, and what its message calls that. `extra_limits` count in
    addition to those of the policy. A recipient that `is_safe` passes the guard."""

    policy: Policy
    account: str
    app_name: str
    extra_limits: Sequence[ExtraLimit] = ()
    is_safe: bool = False


@dataclass(frozen=True, kw_only=True)
class CallerCode:
    """A code that the caller made. `life_seconds` is how long it is valid, by default as long as
    the policy says. If it is not `checked_here`, its caller checks it, and no check of ours finds
    it. If it `replaces` the recipient's pending code, that verification ends and another one
    starts. Otherwise the pending verification gets this code."""

    code: str = field(repr=False)
    life_seconds: int | None = None
    checked_here: bool = True
    replaces: bool = False

    def policy(self, policy: Policy) -> Policy:
        """The rules for this code. The guard could only misjudge a code that is never checked."""
        policy = replace(policy, ttl_seconds=self.life_seconds or policy.ttl_seconds)
        if self.checked_here:
            return policy
        return replace(policy, max_checks=0, max_sends=1, guard=replace(policy.guard, mode="off"))


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The step of a workflow that a start is for, by its `number` from 1. A request brings the
    `workflow`, and why the steps before were `skipped`, by their numbers. A timer brings `ip_tag`,
    which limits count instead of the address that the request came from."""

    number: int
    workflow: Workflow = ()
    skipped: Mapping[int, str] = field(default_factory=dict)
    ip_tag: str | None = None


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """What a caller asks a start for. If `ip` is None, no client's address counts. The same request
    with the same `idempotency` gets the same answer for a day and sends nothing again. If `sender`
    is given, no other sender delivers the message. `app_hash` names the Android app that gets the
    code of every SMS of the verification. `context` is a hash of what the code is to confirm, such
    as a payment: a code for one context is none for another. Messages show its `context_text`.
    `turn` is the step of a workflow that this is."""

    recipient: Recipient
    channel: Channel
    app: str
    ip: str | None
    locale: str
    idempotency: Idempotency | None = None
    proof: Proof | None = None
    sender: str | None = None
    app_hash: str | None = None
    terms: Terms | None = None
    caller_code: CallerCode | None = None
    context: str | None = None
    context_text: str | None = None
    turn: Turn | None = None

    @property
    def account(self) -> str:
        """The app whose limits and senders apply. All Services of an account share its limits."""
        return self.terms.account if self.terms else self.app

    @property
    def checked_here(self) -> bool:
        return self.caller_code is None or self.caller_code.checked_here


def parse_otp(text: str) -> str:
    """The digits of a typed or pasted code, in ASCII: 4 to 10 digits of any script, in groups that
    white space or dashes part. Characters that cannot be seen don't count. Raises InvalidRequest
    for anything else."""
    typed = plain(text).strip()
    digits = re.sub(r"[\s-]", "", typed)
    if not _OTP.fullmatch(typed) or not 4 <= len(digits) <= 10:
        raise InvalidRequest(("otp", "enter only the digits of the code"))
    return digits


def not_a_code(length: int) -> InvalidRequest:
    return InvalidRequest(("otp", f"enter all {length} digits of the code"))


def seconds(ms: float) -> int:
    return max(1, math.ceil(ms / 1000))


def read_started(answer: Mapping[str, Any], recipient: Recipient) -> Started:
    """From what start.lua answers, which another version may have written if the request is a
    repeated one. Raises what it says instead."""
    match answer["outcome"]:
        case "started":
            return Started(
                verification_id=answer["verification_id"],
                send=reading.number(answer.get("send"), 1),
                channel=answer["channel"],
                to=recipient.masked,
                expires_in=seconds(reading.number(answer.get("expires_in_ms"))),
                resend_in=math.ceil(reading.number(answer.get("resend_in_ms")) / 1000),
                checks_left=reading.number(answer.get("checks_left")),
                sends_left=reading.number(answer.get("sends_left")),
                created_at=reading.moment(answer.get("created")),
                asked=tuple(
                    Asked(send["channel"], reading.moment(send.get("at")))
                    for send in answer.get("sends") or ()
                    if "channel" in send
                ),
                trace=answer.get("trace"),
            )
        case "locked":
            raise TooManyChecks(seconds(answer["wait_ms"]))
        case "backlog":
            raise DeliveryBacklog(min(60, seconds(answer["wait_ms"])))
        case "conflict":
            raise IdempotencyConflict
        case "proof_spent":
            raise ProofSpent
        case "not_found":
            raise VerificationNotFound
        case "held":
            raise RecipientBlocked(answer["rule"])
        case _:
            raise _rate_limited(answer["scope"], answer)


def read_checked(answer: Mapping[str, Any]) -> Checked:
    """From what check.lua answers. Raises the refusal, if it is one."""
    if answer["outcome"] in {"approved", "incorrect"}:
        return Checked(
            verification_id=answer["verification_id"],
            approved=answer["outcome"] == "approved",
            channel=answer["channel"],
            to=answer["to"],
            # A Redis that is short of memory may have evicted the code and its address.
            clear_to=answer["clear_to"] or answer["to"],
            checks_left=answer["checks_left"],
            created_at=answer["created"] / 1000,
            at=answer["now"] / 1000,
            context=answer["context"] or None,
            trace=answer.get("trace"),
        )
    error = _check_refused(answer)
    error.verification_id, error.trace = answer.get("verification_id"), answer.get("trace")
    raise error


def _check_refused(answer: Mapping[str, Any]) -> OtpError:
    match answer["outcome"]:
        case "used_up":
            return TooManyChecks(seconds(answer["wait_ms"]), answer["rule"])
        case "limited":
            error = _rate_limited("ip", answer)
            error.rule = "failed_ip"
            return error
        case "malformed":
            return not_a_code(answer["code_length"])
    return VerificationNotFound()


def _rate_limited(scope: str, answer: Mapping[str, Any]) -> RateLimited:
    limit = Limit(count=answer["count"], window_seconds=seconds(answer["ms"]))
    return RateLimited(scope, limit, seconds(answer["wait_ms"]), answer.get("name"))
