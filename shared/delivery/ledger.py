"""The delivery ledger: the sends to make, the workers that make them, and their results."""

import json
import logging
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal, cast, get_args

from shared.logs.request import traced
from shared.policy import Channel
from shared.storage import keys, reading
from shared.storage.scripts import Scripts

log = logging.getLogger("otp.api")

# Sweepers look for a send if no worker has had its job for this long.
OVERDUE_SECONDS = 2.0
# If a worker is silent for longer, another one makes its delivery attempts.
LEASE_SECONDS = 5.0
# A person can no longer use a code that expires sooner than this.
MIN_LIFE_SECONDS = 5.0
MAX_ATTEMPTS = 8
# Sweepers look for a step of a workflow again if no worker has started it for this long.
STEP_SECONDS = 0.5
# Sweepers find a send that a worker has left to others after this long.
LEFT_SECONDS = 0.5
# A worker whose heartbeat is older than this is gone. RQ's registers stay for a day after the last.
WORKER_SECONDS = 30
_REGISTER_SECONDS = 86400
# Workers skip a sender that fails this often in a row for a while, then try it with one message.
BREAKER_FAILURES = 5
BREAKER_OPEN_SECONDS = 5.0
# Of what a provider says, such as its id of a message.
_LONGEST_TOLD = 255

AttemptResult = Literal[
    "accepted", "refused", "transient", "unknown", "invalid_recipient", "unreachable"
]
SendStatus = Literal["sent", "queued", "failed", "delivered", "undelivered", "lost", "broken"]
ATTEMPT_RESULTS: tuple[AttemptResult, ...] = get_args(AttemptResult)
ReceiptOutcome = Literal["accepted", "delivered", "undelivered", "unreachable"]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A delivery attempt: one hand-over of a send to a provider. `at` is when its result was known,
    in Unix seconds. `status` is one of ATTEMPT_RESULTS. `route` is the name of the send's route."""

    sender: str
    status: str
    at: float
    error: str | None = None
    provider_id: str | None = None
    route: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right and the facts to make one delivery attempt for `app`, through `sender`. After a
    failure, `untried` other senders could be tried immediately, and `others` at all. `asked_at` is
    the time of the claim, by this machine's monotonic clock. `outlet` is the app whose words and
    senders these are, "" for apps without their own. `app_name` is a Service's name in the message,
    `app_hash` the Android app that gets the code, `context_text` what the code is for, `route` the
    name of the route that the API chose, and `sealed` the code if it cannot be derived.
    `provider_id` is what the provider called the message in the sender's last attempt, if that is
    known. If `ended` is given, nothing is to be sent: the sender is told how the verification
    ended. `trace` is the traceparent that the verification keeps."""

    verification_id: str
    app: str
    send: int
    token: str
    attempt: int
    sender: str
    untried: int
    others: int
    to: str
    channel: Channel
    locale: str
    kid: str
    generation: int
    length: int
    life_seconds: float
    asked_at: float
    outlet: str = ""
    app_name: str | None = None
    app_hash: str | None = None
    context_text: str | None = field(default=None, repr=False)
    route: str | None = None
    sealed: str | None = None
    provider_id: str | None = None
    ended: Literal["approved", "canceled"] | None = None
    trace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A send without an attempt, and the reason: `dropped`, `failed`, `broken` if its record is
    unreadable, or `left` to other workers because this one lacks the `app` of OTP_APPS, the `key`
    of the code, the `route`, or a `sender`. `trace` is the traceparent that the verification
    keeps."""

    status: str
    reason: str
    trace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a claimed attempt. If `retry_in_seconds` is None, there is no retry."""

    claim: Claim
    result: AttemptResult
    error: str | None = None
    provider_id: str | None = None
    retry_in_seconds: float | None = None


class Ledger:
    """The sends in Redis."""

    def __init__(self, scripts: Scripts) -> None:
        self._pop = scripts.pop
        self._take = scripts.load("delivery/take")
        # Also while Redis is full: what they finish makes room.
        self._claim = scripts.load("delivery/claim", when_full=True)
        self._done = scripts.load("delivery/done", when_full=True)
        self._renew = scripts.load("delivery/renew", when_full=True)
        self._receipt = scripts.load("delivery/receipt", when_full=True)
        self._sweep = scripts.load("delivery/sweep", when_full=True)
        self._beat = scripts.load("delivery/beat", when_full=True)

    def take(self, most: int, *, wait_seconds: float = 0) -> list[bytes]:
        """Take up to `most` jobs that wake workers up off the queue, and wait for the first one if
        asked to. Returns the `data` of each (see queue.py). Losing or repeating one is harmless."""
        # Bytes: an id that somebody else wrote need not be text.
        ids: list[bytes] = []
        if wait_seconds:
            first = self._pop(keys.QUEUE, wait_seconds)
            if first is None:
                return []
            ids = [first]
        jobs: list[bytes] = self._take([keys.QUEUE], [most - len(ids), keys.job(""), *ids])
        return jobs

    def claim(
        self,
        sends: Sequence[tuple[str, int]],
        senders: Mapping[str, Mapping[Channel, Sequence[str]]],
        fingerprints: Mapping[str, str] | None = None,
        places: int | None = None,
        slow: Collection[str] = (),
        *,
        routes: Mapping[str, Mapping[Channel, Collection[str]]] | None = None,
    ) -> list[Claim | Ended | None]:
        """Claim one attempt for each send, (verification id, number), through one of its channel's
        senders. They are named per app in order of preference, under "" for every app without its
        own. `fingerprints` are those of the worker's keys by their id; None does not compare
        them. Senders in `slow`, as `channel:sender`, do not get the last of the worker's free
        `places`, if these are given. `routes` are the names of the worker's routes by app and
        channel, for the apps that have any. The result is None if this worker must not attempt the
        send now."""
        asked_at = time.monotonic()
        batch = secrets.token_hex(8)
        tokens = [f"{batch}-{n}" for n in range(len(sends))]
        request: dict[str, Any] = {
            "lease_ms": LEASE_SECONDS * 1000,
            "min_life_ms": MIN_LIFE_SECONDS * 1000,
            "max_attempts": MAX_ATTEMPTS,
            "senders": senders,
            "left_ms": LEFT_SECONDS * 1000,
        }
        if fingerprints is not None:
            request["keys"] = fingerprints
        if routes:
            request["routes"] = {
                app: {channel: dict.fromkeys(names, True) for channel, names in named.items()}
                for app, named in routes.items()
            }
        if places is not None:
            request |= {"places": places, "slow": dict.fromkeys(slow, True)}
        names, words = [keys.DUE], [json.dumps(request)]
        for (verification_id, send), token in zip(sends, tokens, strict=True):
            names += (
                keys.send(verification_id, send),
                keys.verification(verification_id),
                keys.code(verification_id),
            )
            words += (f"{verification_id}:{send}", token)
        answers = self._claim(names, words)
        return [
            _read_claim(answer, verification_id, send, token, asked_at)
            for answer, (verification_id, send), token in zip(answers, sends, tokens, strict=True)
        ]

    def done(self, outcomes: Sequence[Outcome]) -> list[SendStatus]:
        """Record the results of claimed attempts. Returns the new status of each send."""
        names = [keys.DUE]
        words: list[str | int] = [BREAKER_FAILURES, round(BREAKER_OPEN_SECONDS * 1000)]
        for outcome in outcomes:
            claim, retry_in = outcome.claim, outcome.retry_in_seconds
            names += (
                keys.send(claim.verification_id, claim.send),
                keys.verification(claim.verification_id),
            )
            words += (
                f"{claim.verification_id}:{claim.send}",
                claim.token,
                claim.attempt,
                claim.sender,
                reading.word(outcome.result, ATTEMPT_RESULTS),
                _told(outcome.error) or "",
                _told(outcome.provider_id) or "",
                "" if retry_in is None else round(retry_in * 1000),
            )
        answers = self._done(names, words)
        return [cast(SendStatus, answer.decode(errors="replace")) for answer in answers]

    def receipt(
        self,
        verification_id: str,
        send: int,
        attempt: int | None,
        *,
        senders: Collection[tuple[Channel, str]],
        outcome: ReceiptOutcome,
        error: str | None = None,
        provider_id: str | None = None,
    ) -> str | None:
        """Record what a provider says later of an attempt, or of the newest one that `senders` made
        if `attempt` is None. The report is from one of `senders`, by channel and name. Returns the
        status of the send then, None if none of them made that attempt."""
        member = f"{verification_id}:{send}"
        request = {
            "senders": list(senders),
            "member": member,
            "attempt": attempt,
            "outcome": outcome,
            "error": _told(error),
            "provider_id": _told(provider_id),
        }
        words = [_json_of(request)]
        told = self._receipt([keys.send(verification_id, send), keys.DUE], words)
        if told is None:
            return None
        status, channel, sender, *trace = map(reading.text, told)
        facts = {
            "verification_id": verification_id,
            "send": send,
            "attempt": attempt,
            "channel": channel,
            "sender": sender,
            "outcome": outcome,
            "error": request["error"],
            "send_status": status,
        }
        log.info("receipt", extra={**facts, **traced(*trace)})
        return status

    def renew(self, claims: Sequence[Claim]) -> None:
        """Prolong the leases of attempts that are under way."""
        names, words = [keys.DUE], [str(round(LEASE_SECONDS * 1000))]
        for claim in claims:
            names.append(keys.send(claim.verification_id, claim.send))
            words += (f"{claim.verification_id}:{claim.send}", claim.token)
        self._renew(names, words)

    def sweep(self, most: int, most_steps: int = 0) -> list[tuple[str, int]]:
        """(verification id, send) of up to `most` overdue sends, each for this caller alone. Send 0
        is the next step of a workflow, of which up to `most_steps` come after the sends."""
        words = [
            most,
            *(round(OVERDUE_SECONDS * 1000), round(2 * OVERDUE_SECONDS * 1000)),
            *(most_steps, round(STEP_SECONDS * 1000)),
        ]
        members = self._sweep([keys.DUE, keys.QUEUE], words)
        pairs = (member.decode().split(":") for member in members)
        return [(verification_id, int(send)) for verification_id, send in pairs]

    def beat(self, worker: str, facts: Mapping[str, str | int]) -> None:
        """Note that a worker is alive, by its key in RQ's registers."""
        names = [worker, keys.WORKERS, keys.WORKERS_OF_QUEUE]
        words = chain.from_iterable(facts.items())
        self._beat(names, [WORKER_SECONDS * 1000, _REGISTER_SECONDS * 1000, *words])


def _read_claim(
    answer: bytes, verification_id: str, send: int, token: str, asked_at: float
) -> Claim | Ended | None:
    """What claim.lua says of one send."""
    try:
        # Of bytes, json would look for their encoding first.
        facts = json.loads(answer.decode())
        match facts.pop("outcome"):
            case "claimed":
                return Claim(
                    verification_id=verification_id,
                    send=send,
                    token=token,
                    life_seconds=facts.pop("life_ms") / 1000,
                    asked_at=asked_at,
                    **facts,
                )
            case "not_due":
                return None
            case status:
                return Ended(status=status, reason=facts["reason"], trace=facts.get("trace"))
    except (KeyError, TypeError, ValueError) as error:
        # Somebody else has written something into it.
        return Ended(status="broken", reason=type(error).__name__)


def read_attempt(told: Mapping[str, Any]) -> Attempt | None:
    """A delivery attempt from its record. Returns None if it is unreadable."""
    at = reading.moment(told.get("at"))
    if at is None:
        return None
    return Attempt(
        sender=reading.text(told.get("sender")) or reading.UNKNOWN,
        status=reading.word(told.get("status"), ATTEMPT_RESULTS),
        at=at,
        error=reading.text(told.get("error")),
        provider_id=reading.text(told.get("provider_id")),
        route=reading.text(told.get("route")),
    )


def _json_of(facts: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in facts.items() if value is not None})


def _told(by_provider: object) -> str | None:
    """Text from a provider or its sender that Redis and every reader accept. A record that Redis
    refuses would have the message sent again."""
    if by_provider is None:
        return None
    try:
        told = str(by_provider)
    except Exception:  # noqa: BLE001 (senders may come from other packages)
        return None
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in told[:_LONGEST_TOLD])
