"""The delivery ledger: which sends there are to make, who makes them, and what became of them."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

from redis import Redis

from shared.policy import Channel
from shared.redis_scripts import RedisScripts

# A send is looked for by the sweepers when its job has not come to a worker for this long.
OVERDUE_SECONDS = 2.0
# How long a worker may be silent before its delivery attempt is given to another one.
LEASE_SECONDS = 5.0
# A code that lives shorter than this is of no use to the person who receives it.
MIN_LIFE_SECONDS = 5.0
MAX_ATTEMPTS = 8
# A sender that fails this often in a row is left alone for a while, then tried with one message.
BREAKER_FAILURES = 5
BREAKER_OPEN_SECONDS = 5.0

AttemptResult = Literal["accepted", "refused", "transient", "unknown", "invalid_recipient"]
SendStatus = Literal["sent", "queued", "failed", "delivered", "undelivered", "lost"]
ReceiptOutcome = Literal["accepted", "delivered", "undelivered"]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A delivery attempt: one hand-over of a send to a provider. `at` is when its result was known,
    in Unix seconds."""

    sender: str
    status: AttemptResult
    at: float
    error: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right and the facts to make one delivery attempt for `app`, through `sender`. `untried`
    other senders could be tried at once should it fail, `others` at all."""

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


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A send that came to its end without an attempt: `dropped` or `failed`, and the reason."""

    status: str
    reason: str


_ATTEMPT_FACTS = [fact.name for fact in fields(Attempt)]


class Ledger(RedisScripts):
    """The sends in Redis; Store lists the keys."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        # Also while Redis is full: what they finish makes room.
        self._claim = self._script_when_full("claim")
        self._done = self._script_when_full("done")
        self._renew = self._script_when_full("renew")
        self._receipt = self._script_when_full("receipt")
        self._sweep = self._script_when_full("sweep")

    def claim(
        self,
        verification_id: str,
        send: int,
        senders: Mapping[str, Mapping[Channel, Sequence[str]]],
    ) -> Claim | Ended | None:
        """Claim a send for one attempt through one of its channel's senders, which are named per
        app in order of preference; under "" for every app that has none of its own. None: it is not
        ours to make, now or ever."""
        token = secrets.token_hex(8)
        answer = self._json(
            self._claim,
            [
                f"otp:send:{verification_id}:{send}",
                f"otp:verification:{verification_id}",
                f"otp:code:{verification_id}",
                "otp:due",
            ],
            [
                json.dumps(
                    {
                        "member": f"{verification_id}:{send}",
                        "token": token,
                        "lease_ms": LEASE_SECONDS * 1000,
                        "min_life_ms": MIN_LIFE_SECONDS * 1000,
                        "max_attempts": MAX_ATTEMPTS,
                        "senders": senders,
                    }
                )
            ],
        )
        match answer.pop("outcome"):
            case "claimed":
                return Claim(
                    verification_id=verification_id,
                    send=send,
                    token=token,
                    life_seconds=answer.pop("life_ms") / 1000,
                    **answer,
                )
            case "not_due":
                return None
            case status:
                return Ended(status=status, reason=answer["reason"])

    def done(
        self,
        claim: Claim,
        result: AttemptResult,
        *,
        error: str | None = None,
        provider_id: str | None = None,
        retry_in_seconds: float | None = None,
    ) -> SendStatus:
        """Record what became of a claimed attempt, and answer what becomes of the send."""
        request = {
            "member": f"{claim.verification_id}:{claim.send}",
            "token": claim.token,
            "attempt": claim.attempt,
            "sender": claim.sender,
            "result": result,
            "error": error,
            "provider_id": provider_id,
            "retry_in_ms": None if retry_in_seconds is None else round(retry_in_seconds * 1000),
            "breaker_failures": BREAKER_FAILURES,
            "breaker_open_ms": round(BREAKER_OPEN_SECONDS * 1000),
        }
        keys = [
            f"otp:send:{claim.verification_id}:{claim.send}",
            f"otp:verification:{claim.verification_id}",
            "otp:due",
        ]
        body = json.dumps({name: value for name, value in request.items() if value is not None})
        return cast(SendStatus, self._run(lambda: self._done(keys, [body])).decode())

    def receipt(
        self,
        verification_id: str,
        send: int,
        attempt: int,
        *,
        outcome: ReceiptOutcome,
        error: str | None = None,
        provider_id: str | None = None,
    ) -> str | None:
        """Record what a provider says later of an attempt. The status of the send then, None where
        there is none."""
        member = f"{verification_id}:{send}"
        request = {
            "member": member,
            "attempt": attempt,
            "outcome": outcome,
            "error": error,
            "provider_id": provider_id,
        }
        body = json.dumps({name: value for name, value in request.items() if value is not None})
        status = self._run(lambda: self._receipt([f"otp:send:{member}", "otp:due"], [body]))
        return status.decode() if status else None

    def renew(self, claims: Sequence[Claim]) -> None:
        """Prolong the leases of attempts that are under way."""
        keys, words = ["otp:due"], [str(round(LEASE_SECONDS * 1000))]
        for claim in claims:
            keys.append(f"otp:send:{claim.verification_id}:{claim.send}")
            words += (f"{claim.verification_id}:{claim.send}", claim.token)
        self._run(lambda: self._renew(keys, words))

    def sweep(self, queue_key: str, most: int) -> list[tuple[str, int]]:
        """(verification id, send) of up to `most` overdue sends, each for this caller alone."""
        words = [most, round(OVERDUE_SECONDS * 1000), round(2 * OVERDUE_SECONDS * 1000)]
        members = self._run(lambda: self._sweep(["otp:due", queue_key], words))
        pairs = (member.decode().split(":") for member in members)
        return [(verification_id, int(send)) for verification_id, send in pairs]


def read_attempt(line: Mapping[str, Any]) -> Attempt:
    """A delivery attempt from what done.lua wrote."""
    facts = {name: line[name] for name in _ATTEMPT_FACTS if name in line}
    return Attempt(**{**facts, "at": line["at"] / 1000})
