"""Reads the hashes of verifications and their sends, as this or another version wrote them."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple

from redis.client import Pipeline

from shared.delivery.ledger import MAX_ATTEMPTS, Attempt, read_attempt
from shared.policy import CHANNELS, MOST_SENDS, Policy
from shared.recipient import mask_route
from shared.storage import keys, reading
from shared.storage.scripts import Scripts
from shared.verification.model import SEND_STATUSES, STATUSES, CodeFrom


class Check(NamedTuple):
    """A typed code, at a time in Unix seconds."""

    at: float
    result: str


class WorkflowStep(NamedTuple):
    """A step of a workflow. `wait` is how many seconds after it the next step starts. `skipped` is
    why the step did not start, which was known at `skipped_at` (Unix seconds)."""

    channel: str
    wait: int | None
    skipped: str | None
    skipped_at: float | None


@dataclass(frozen=True)
class Send:
    number: int
    fields: Mapping[str, str]

    @property
    def channel(self) -> str:
        return reading.word(self.fields.get("channel"), CHANNELS)

    @property
    def status(self) -> str:
        return reading.word(self.fields.get("status"), SEND_STATUSES)

    @property
    def reason(self) -> str | None:
        return self.fields.get("reason")

    @property
    def route(self) -> str | None:
        """The name of the route that all its attempts take, as shown next to a masked address."""
        name = self.fields.get("route")
        return mask_route(name) if name else None

    @property
    def step(self) -> int | None:
        """The number of the workflow's step that it is."""
        return reading.number(self.fields.get("step")) or None

    @property
    def asked_at(self) -> float | None:
        return reading.moment(self.fields.get("asked"))

    def attempt_records(self) -> dict[int, dict[str, Any]]:
        """What is kept of delivery attempts by number, see lib/attempts.lua. If a worker died, its
        attempt has no record."""
        numbers = range(1, MAX_ATTEMPTS + 1)
        return {n: self._attempt_record(n) for n in numbers if f"attempt:{n}" in self.fields}

    def _attempt_record(self, number: int) -> dict[str, Any]:
        # The first attempt begins when its send is claimed.
        begun = {"begun": self.fields.get("claimed")} if number == 1 else {}
        line = reading.json_object(self.fields[f"attempt:{number}"]) or {}
        beside = {
            "provider_id": self.fields.get(f"provider_id:{number}"),
            "receipt": reading.json_object(self.fields.get(f"receipt:{number}")),
            "route": self.route,
        }
        return {**begun, **line, **{name: fact for name, fact in beside.items() if fact}}

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        found = map(read_attempt, self.attempt_records().values())
        return tuple(attempt for attempt in found if attempt)


@dataclass(frozen=True)
class Verification:
    """What Redis keeps of a verification, read at `now`, with those of its sends that were read and
    have a record. `now` and `…_at` are Unix seconds. `…_at` is None if unreadable. `…_in` is in
    seconds from now, or 0 if the verification is not pending."""

    verification_id: str
    fields: Mapping[str, str]
    now: float = field(compare=False)
    sends: tuple[Send, ...] = ()

    @property
    def status(self) -> str:
        """One of STATUSES, or unknown. Redis does not write `expired`: it follows from the time."""
        status = reading.word(self.fields.get("status"), STATUSES)
        is_over = (self.expires_at or 0) <= self.now
        return "expired" if status == "pending" and is_over else status

    @property
    def account(self) -> str:
        """The app whose senders and words it uses."""
        return self.fields.get("account") or self.fields.get("app", "")

    @property
    def app_name(self) -> str:
        """The name in the messages of a Service."""
        return self.sends[-1].fields.get("app_name", "") if self.sends else ""

    @property
    def channel(self) -> str:
        return reading.word(self.fields.get("channel"), CHANNELS)

    @property
    def to(self) -> str:
        """Masked."""
        return self.fields.get("to", "")

    @property
    def created_at(self) -> float | None:
        return reading.moment(self.fields.get("created"))

    @property
    def expires_at(self) -> float | None:
        return reading.moment(self.fields.get("expires"))

    @property
    def ended_at(self) -> float | None:
        return reading.moment(self.fields.get("ended"))

    @property
    def updated_at(self) -> float | None:
        """When someone last did something to it."""
        sent_at = reading.moment(self.fields.get("sent_at"))
        times = [*(c.at for c in self.checks()), self.created_at, sent_at, self.ended_at]
        return max(filter(None, times), default=None)

    @property
    def expires_in(self) -> int:
        left = (self.expires_at or 0) - self.now
        return math.ceil(left) if self.status == "pending" else 0

    @property
    def resend_in(self) -> int:
        sent, pause = (reading.number(self.fields.get(name)) for name in ("sent_at", "resend_ms"))
        return max(0, math.ceil((sent + pause) / 1000 - self.now)) if self.expires_in else 0

    @property
    def code_length(self) -> int:
        return reading.number(self.fields.get("code_length"), Policy.code_length)

    @property
    def code_from(self) -> CodeFrom:
        return "caller" if self.fields.get("code_from") == "caller" else "service"

    @property
    def checked_here(self) -> bool:
        return "unchecked" not in self.fields

    @property
    def checks_left(self) -> int:
        return max(0, reading.number(self.fields.get("checks_left")))

    @property
    def send_count(self) -> int:
        return max(0, min(reading.number(self.fields.get("sends")), MOST_SENDS))

    @property
    def sends_left(self) -> int:
        return max(0, reading.number(self.fields.get("max_sends")) - self.send_count)

    @property
    def workflow(self) -> tuple[WorkflowStep, ...] | None:
        steps = reading.json_list(self.fields.get("workflow"))
        return tuple(self._step(n, step) for n, step in enumerate(steps, 1)) or None

    def _step(self, number: int, kept: object) -> WorkflowStep:
        channel, wait_ms = [*kept, None, None][:2] if isinstance(kept, list) else (None, None)
        skipped = reading.json_object(self.fields.get(f"skipped:{number}")) or {}
        return WorkflowStep(
            channel=reading.word(channel, CHANNELS),
            wait=reading.number(wait_ms) // 1000 or None,
            skipped=reading.text(skipped.get("reason")),
            skipped_at=reading.moment(skipped.get("at")),
        )

    @property
    def step(self) -> int | None:
        """The number, from 1, of the step of the workflow that was last started or skipped."""
        steps = self.workflow
        return max(1, min(reading.number(self.fields.get("step")), len(steps))) if steps else None

    @property
    def next_step_at(self) -> float | None:
        """Returns None if no other step will start."""
        return reading.moment(self.fields.get("next_step_at")) if self.expires_in else None

    @property
    def next_step(self) -> WorkflowStep | None:
        """The step that starts at next_step_at. Returns None if its channel is unknown here."""
        steps = self.workflow or ()
        coming = steps[self.step or 0 :][:1] if self.next_step_at else ()
        return next((step for step in coming if step.channel in CHANNELS), None)

    def checks(self) -> list[Check]:
        lines = (line for name, line in self.fields.items() if name.startswith("check:"))
        return [check for line in lines if (check := _check(line))]


def fetch(scripts: Scripts, ids: Collection[str]) -> list[Verification]:
    """The verifications of these ids that are kept, with their sends, in two round trips. Raises
    StorageUnavailable."""

    def ask(pipe: Pipeline) -> None:
        pipe.time()
        for verification_id in ids:
            pipe.hgetall(keys.verification(verification_id))

    (seconds, micros), *kept = scripts.fetch(ask)
    found = [
        Verification(verification_id, reading.fields(fields), now=seconds + micros / 1e6)
        for verification_id, fields in zip(ids, kept, strict=True)
        if fields
    ]

    def ask_for_sends(pipe: Pipeline) -> None:
        for one in found:
            for number in range(1, one.send_count + 1):
                pipe.hgetall(keys.send(one.verification_id, number))

    sends = iter(scripts.fetch(ask_for_sends))

    def next_of(one: Verification) -> tuple[Send, ...]:
        numbered = enumerate(islice(sends, one.send_count), 1)
        return tuple(Send(number, reading.fields(send)) for number, send in numbered if send)

    return [replace(one, sends=next_of(one)) for one in found]


def _check(line: str) -> Check | None:
    """A check as check.lua wrote it. Returns None if it is unreadable."""
    told = reading.json_object(line) or {}
    at = reading.moment(told.get("at"))
    return Check(at, reading.text(told.get("result")) or reading.UNKNOWN) if at else None
