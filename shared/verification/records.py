"""Reads the hashes of verifications and their sends, as this or another version wrote them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.delivery.ledger import MAX_ATTEMPTS, Attempt, read_attempt
from shared.policy import CHANNELS, MOST_SENDS, Policy
from shared.storage import reading
from shared.verification.model import SEND_STATUSES, STATUSES, Send, Verification


class Check(NamedTuple):
    """A typed code, at a time in Unix seconds."""

    at: float
    result: str


@dataclass(frozen=True)
class SendRecord:
    fields: Mapping[str, str]

    @property
    def channel(self) -> str:
        return reading.word(self.fields.get("channel"), CHANNELS)

    @property
    def status(self) -> str:
        return reading.word(self.fields.get("status"), SEND_STATUSES)

    @property
    def asked_at(self) -> float | None:
        return reading.moment(self.fields.get("asked"))

    def attempt_lines(self) -> dict[int, str]:
        """The records of delivery attempts by number. An attempt whose worker died has none."""
        names = {n: f"attempt:{n}" for n in range(1, MAX_ATTEMPTS + 1)}
        return {n: self.fields[name] for n, name in names.items() if name in self.fields}

    def attempts(self) -> list[Attempt]:
        found = map(read_attempt, self.attempt_lines().values())
        return [attempt for attempt in found if attempt]


@dataclass(frozen=True)
class VerificationRecord:
    """The fields of a verification, read at `now` in Unix seconds."""

    fields: Mapping[str, str]
    now: float

    @property
    def status(self) -> str:
        """One of STATUSES, or unknown. Redis does not write `expired`: it follows from the time."""
        status = reading.word(self.fields.get("status"), STATUSES)
        is_over = (self.expires_at or 0) <= self.now
        return "expired" if status == "pending" and is_over else status

    @property
    def expires_at(self) -> float | None:
        return reading.moment(self.fields.get("expires"))

    @property
    def created_at(self) -> float | None:
        return reading.moment(self.fields.get("created"))

    @property
    def ended_at(self) -> float | None:
        return reading.moment(self.fields.get("ended"))

    @property
    def checks_left(self) -> int:
        return max(0, reading.number(self.fields.get("checks_left")))

    @property
    def code_length(self) -> int:
        return reading.number(self.fields.get("code_length"), Policy.code_length)

    @property
    def send_count(self) -> int:
        return max(0, min(reading.number(self.fields.get("sends")), MOST_SENDS))

    def checks(self) -> list[Check]:
        lines = (line for name, line in self.fields.items() if name.startswith("check:"))
        return [check for line in lines if (check := _check(line))]


@dataclass(frozen=True)
class Records:
    """A verification with all its sends. A send without a record has no fields."""

    verification: VerificationRecord
    sends: Sequence[SendRecord]

    def view(self, verification_id: str) -> Verification:
        """The verification without the sends that have no record."""
        record = self.verification
        fields, status = record.fields, record.status
        left = (record.expires_at or 0) - record.now if status == "pending" else 0
        resend_ms = reading.number(fields.get("sent_at")) + reading.number(fields.get("resend_ms"))
        found = {n: send for n, send in enumerate(self.sends, 1) if send.fields}
        return Verification(
            verification_id=verification_id,
            account=fields.get("account") or fields.get("app", ""),
            app_name=found[max(found)].fields.get("app_name", "") if found else "",
            status=status,
            channel=reading.word(fields.get("channel"), CHANNELS),
            to=fields.get("to", ""),
            code_length=record.code_length,
            created_at=record.created_at,
            updated_at=_updated_at(record),
            expires_at=record.expires_at,
            expires_in=math.ceil(left),
            resend_in=max(0, math.ceil(resend_ms / 1000 - record.now)) if left else 0,
            checks_left=record.checks_left,
            sends_left=max(0, reading.number(fields.get("max_sends")) - len(self.sends)),
            sends=tuple(_send(number, send) for number, send in found.items()),
        )


def _updated_at(record: VerificationRecord) -> float | None:
    """When someone last did something to it."""
    times = [
        *(check.at for check in record.checks()),
        *(record.created_at, reading.moment(record.fields.get("sent_at")), record.ended_at),
    ]
    return max(filter(None, times), default=None)


def _send(number: int, record: SendRecord) -> Send:
    return Send(
        number=number,
        channel=record.channel,
        asked_at=record.asked_at,
        status=record.status,
        reason=record.fields.get("reason"),
        attempts=tuple(record.attempts()),
    )


def _check(line: str) -> Check | None:
    """A check as check.lua wrote it. Returns None if it is unreadable."""
    told = reading.json_object(line) or {}
    at = reading.moment(told.get("at"))
    return Check(at, reading.text(told.get("result")) or reading.UNKNOWN) if at else None
