"""Starts, checks and limits verifications in Redis."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple

from redis.client import Pipeline
from rq.utils import now, utcformat

from shared.delivery.ledger import OVERDUE_SECONDS
from shared.errors import StorageUnavailable
from shared.storage import keys, reading
from shared.storage.scripts import Facts, RunScript, Scripts, json_of, named
from shared.storage.server import write_something
from shared.verification import records
from shared.verification.admission import CountedLimit
from shared.verification.records import Verification

# How long a caller waits for Redis.
PATIENCE_SECONDS = 0.5
# How long a recipient who has verified passes the guard.
VERIFIED_SECONDS = 30 * 86400
# How long the dashboard shows that a guard was released, if no message follows.
RELEASED_SECONDS = 86400
# How long a Service stays that nobody uses, and what belongs to it.
SERVICE_SECONDS = 400 * 86400


# The values that start.lua and check.lua read and answer without names, in their order.
_START = (
    *("app", "channel", "locale", "tag", "counted", "to", "masked_to", "country"),
    *("ttl_ms", "max_checks", "most_sends", "pause_ms", "resend_code", "max_failed_checks"),
    *("kept_ms", "overdue_ms", "verified_ms", "enqueued_at", "verification_id", "send"),
    *("kid", "key", "generation", "length", "by_recipient", "by_id"),
    *("range", "most_in_range", "range_part_ms", "most_in_country", "country_part_ms"),
)
_STARTED = (
    *("verification_id", "send", "expires_in_ms", "resend_in_ms", "checks_left", "sends_left"),
    *("now", "trace"),
)
_CHECK = (
    *("by", "verification_id", "app", "length", "max_failed_checks", "max_failed_ip"),
    "verified_ms",
)
_CHECKED = (
    *("outcome", "verification_id", "channel", "to", "clear_to", "checks_left", "created", "now"),
    *("context", "trace"),
)


@dataclass(frozen=True, kw_only=True)
class GuardCount:
    """Messages to a range or country within the guard's window, and how many of them led to a
    verified number. `released` is whether the owner had the guard start afresh within the window,
    `exempt_ms` for how much longer the owner exempts the range or country from the guard."""

    sent: int
    verified: int
    released: bool = False
    exempt_ms: float | None = None


class Ended(NamedTuple):
    """When a verification was ended, in Unix seconds, and the trace that it keeps."""

    at: float
    trace: str | None = None


class Store:
    """The verifications in Redis, and what limits them."""

    def __init__(self, scripts: Scripts, *, keep_seconds: int = 86400) -> None:
        """`keep_seconds`: how long a verification can be looked up after its code's end."""
        self._scripts = scripts
        self._keep_ms = keep_seconds * 1000
        # Redis's clock less our monotonic one, as of the last answer that told it.
        self._clock_ms: float | None = None
        # Starts are what has to wait while Redis is full.
        self._start = scripts.load("verification/start")
        self._skip_step = scripts.load("verification/skip_step")
        self._refuse = scripts.load("verification/refuse")
        self._guards = scripts.load("verification/guards")
        self._release_guard = scripts.load("owner/release_guard")
        self._exempt_guard = scripts.load("owner/exempt_guard")
        self._check = scripts.load("verification/check", when_full=True)
        self._end = scripts.load("verification/end", when_full=True)
        self._erase = scripts.load("verification/erase", when_full=True)

    def start(self, limits: Sequence[CountedLimit], request: Facts) -> dict[str, Any]:
        """Run start.lua, which documents the answer.

        `request` is admission.asked()'s, with Outlets.needed(), verification_id, send, and the
        record of a code for that send (Codes.kept). `only` names the one verification to send
        again.
        """
        facts = {
            **request,
            "kept_ms": self._keep_ms,
            "overdue_ms": OVERDUE_SECONDS * 1000,
            "verified_ms": VERIFIED_SECONDS * 1000,
            "enqueued_at": utcformat(now()),
            **{f"name:{limit.key}": limit.name for limit in limits if limit.name},
        }
        values = [facts.pop(name) for name in _START]
        answer = self._in_time(
            self._start,
            [limit.key for limit in limits],
            [*(limit.windows for limit in limits), *values, *named(facts)],
            _STARTED,
        )
        return {"outcome": "started", "channel": request["channel"], **answer}

    def skip_step(self, verification_id: str, number: int, reason: str) -> bool:
        """Skip the next step of a workflow, so that the one after it is due. Returns False if it is
        not the next one any more."""
        request: Facts = {"verification_id": verification_id, "step": number, "reason": reason}
        return bool(self._skip_step([], named(request)))

    def drop_step(self, verification_id: str) -> None:
        """Forget the next step of a verification that is not pending any more."""
        self._scripts.run(lambda redis: redis.zrem(keys.DUE, f"{verification_id}:0"))

    def refuse(self, refusal: Mapping[str, Any]) -> None:
        """Record a start that was refused without start.lua: app, rule, to (masked), subject."""
        self._refuse([], [json.dumps(refusal)])

    def guards(self, *names: str) -> list[GuardCount]:
        """What was counted under `{app}:{range|country}:{subject}`, for each of them."""
        if not names:
            return []
        counted = json_of(self._guards([keys.guard(name) for name in names], names))
        return [GuardCount(**counts) for counts in counted]

    def guarded(self, most: int) -> list[str]:
        """The names of the guards that are exempt, then of those that counted something last, the
        newest first."""

        def ask(pipe: Pipeline) -> None:
            pipe.zrange(keys.GUARD_EXEMPT, 0, -1)
            pipe.zrevrange(keys.GUARDED, 0, most - 1)

        found = chain.from_iterable(names or () for names in self._scripts.fetch(ask))
        names = [str(reading.text(name)) for name in found]
        return list(dict.fromkeys(names))

    def release_guard(self, name: str) -> None:
        """Forget what a guard has counted, so that it starts afresh."""
        self._release_guard([keys.guard(name)], [RELEASED_SECONDS * 1000])

    def exempt_guard(self, name: str, seconds: int) -> None:
        """Switch a guard off for so long, or on again with 0."""
        self._exempt_guard([keys.GUARD_EXEMPT], [name, seconds * 1000])

    def check(self, subject: str, network: str, request: Facts) -> dict[str, Any]:
        """Run check.lua, which documents the answer. `subject` is the recipient's tag or the
        verification's id, as request["by"] says. `network` is the tag of the client's network."""
        facts = {**request, "verified_ms": VERIFIED_SECONDS * 1000}
        key = keys.recipient if request["by"] == "recipient" else keys.verification
        values = [facts.pop(name) for name in _CHECK]
        return self._in_time(
            self._check,
            [key(subject), keys.failed_from(network)],
            [*values, *named(facts)],
            _CHECKED,
        )

    def _in_time(
        self,
        script: RunScript,
        names: Sequence[str],
        words: Sequence[object],
        told: Sequence[str],
    ) -> dict[str, Any]:
        """Run a script that has no effect once this caller has given up: by then it was answered
        that Redis is away. `told` names the values of an answer that is not JSON."""
        for _ in range(2):
            timed = list(words)
            if self._clock_ms is not None:
                not_after = self._clock_ms + 1000 * (time.monotonic() + PATIENCE_SECONDS)
                timed += ("not_after", not_after)
            answer = _read(script(names, timed), told)
            if "now" in answer:
                self._clock_ms = answer["now"] - 1000 * time.monotonic()
            if answer.get("outcome") != "late":
                return answer
            # It answered all the same: one of the clocks was set.
        raise StorageUnavailable("Redis is slow")

    def end(
        self, verification_id: str, app: str, status: Literal["canceled", "approved"]
    ) -> Ended | None:
        """End a pending verification. Returns None if there is none."""
        names = [keys.verification(verification_id), keys.code(verification_id)]
        request: dict[str, str | int] = {
            "verification_id": verification_id,
            "app": app,
            "status": status,
            "verified_ms": VERIFIED_SECONDS * 1000,
        }
        if not (told := self._end(names, named(request))):
            return None
        at, *trace = told
        return Ended(at / 1000, *map(reading.text, trace))

    def apps(self) -> list[str]:
        """The apps that anything may be known of."""
        (found,) = self._scripts.fetch(lambda pipe: pipe.smembers(keys.APPS))
        return sorted(str(reading.text(app)) for app in found or ())

    def erase(self, tags: Sequence[str], counted: Sequence[str] = ()) -> dict[str, int]:
        """Remove all that is known of a recipient, by its tags in all apps, and say how much. By
        the tags `counted` only the counts of limits are removed."""
        counts = [key for tag in counted for key in _counts(tag)]
        erased: dict[str, int] = json_of(self._erase([keys.DUE, keys.PHONE, *counts], list(tags)))
        return erased

    def unblock(self, counted: str) -> bool:
        """Forget a recipient's wrong codes and sends. Whether any were counted."""
        return bool(self._scripts.run(lambda redis: redis.delete(*_counts(counted))))

    def records(self, verification_id: str) -> Verification | None:
        """What is kept of a verification and its sends. Returns None if nothing is."""
        return next(iter(records.fetch(self._scripts, [verification_id])), None)

    def open(self, tag: str) -> str | None:
        """The recipient's open verification."""
        (found,) = self._scripts.fetch(lambda pipe: pipe.get(keys.recipient(tag)))
        return reading.text(found)

    def latest(self, tag: str) -> str | None:
        """The verification of the recipient that ends last, or ended last."""
        (found,) = self._scripts.fetch(lambda pipe: pipe.zrevrange(keys.history(tag), 0, 0))
        return reading.text(found[0]) if found else None

    def app_of(self, verification_id: str) -> str | None:
        """The app whose verification it is."""
        return self._field(keys.verification(verification_id), "app")

    def account(self, verification_id: str) -> str | None:
        """The account of a Service's verification."""
        return self._field(keys.verification(verification_id), "account")

    def recipient(self, verification_id: str) -> str | None:
        """The address in clear, which is there while the code lives."""
        return self._field(keys.code(verification_id), "to")

    def addressed(self, verification_id: str) -> tuple[str | None, str | None]:
        """The address in clear, and what messages say that the code is for."""
        key = keys.code(verification_id)
        (found,) = self._scripts.fetch(lambda pipe: pipe.hmget(key, "to", "context_text"))
        to, context_text = map(reading.text, found or (None, None))
        return to, context_text

    def _field(self, key: str, name: str) -> str | None:
        (found,) = self._scripts.fetch(lambda pipe: pipe.hget(key, name))
        return reading.text(found)

    def write_something(self) -> None:
        """Prove that Redis takes writes and runs our scripts."""
        self._scripts.run(write_something)


def _counts(counted: str) -> tuple[str, str]:
    """Where limits count somebody's wrong codes and sends."""
    return keys.failed(counted), keys.limit("to", counted)


def _read(answer: bytes | list[Any], names: Sequence[str]) -> dict[str, Any]:
    """What a script answers: JSON, or values by these names."""
    if isinstance(answer, bytes):
        told: dict[str, Any] = json_of(answer)
        return told
    values = (reading.text(one) if isinstance(one, bytes) else one for one in answer)
    # What it does not have at the end, it leaves out.
    return dict(zip(names, values, strict=False))
