"""The sends of an account, and which of them had the recipient verified: how well codes arrive, by
country and channel. What is a send elsewhere is an attempt here, as in the API that shows them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.codes import Codes
from shared.policy import MOST_SENDS
from shared.recipient import Recipient
from shared.storage import keys, reading
from shared.storage.scripts import Scripts
from shared.verification import records
from shared.verification.records import Send, Verification

# A page is two round trips; a caller that asks for them all keeps no other waiting for long.
_AT_ONCE = 200
_MEMBER = re.compile("(VE[0-9a-f]+):([0-9]{1,3})")


@dataclass(frozen=True, kw_only=True)
class ServiceSend:
    """A send and its verification."""

    verification: Verification
    send: Send

    @property
    def sid(self) -> str:
        return attempt_sid(self.verification.verification_id, self.send.number)

    @property
    def service(self) -> str:
        return self.verification.fields["app"]

    @property
    def country(self) -> str | None:
        """A region."""
        country = self.verification.fields.get("country", "none")
        return None if country == "none" else country

    @property
    def is_converted(self) -> bool:
        """Only the latest send can be: nobody knows which message the code was read from."""
        is_latest = self.send.number == self.verification.send_count
        return self.verification.status == "approved" and is_latest

    @property
    def updated_at(self) -> float | None:
        times = [self.send.asked_at, *(attempt.at for attempt in self.send.attempts)]
        return max(filter(None, times), default=None)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which attempts; what is None or empty is any. Times in Unix seconds. Of a `prefix` of numbers
    only what a mask leaves can be told."""

    service: str | None = None
    verification_id: str | None = None
    recipient: Recipient | None = None
    country: str | None = None
    channel: str | None = None
    is_converted: bool | None = None
    after: float | None = None
    before: float | None = None
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Summary:
    total: int
    converted: int

    @classmethod
    def of(cls, attempts: Iterable[ServiceSend]) -> "Summary":
        converted = [attempt.is_converted for attempt in attempts]
        return cls(total=len(converted), converted=sum(converted))

    @property
    def percentage(self) -> str:
        """`81.818181818` of 9 in 11."""
        if not self.total:
            return "0"
        share = Decimal(100 * self.converted) / self.total
        return f"{share.quantize(Decimal('1e-9')).normalize():f}"


class ServiceSends:
    """Reads what start.lua writes."""

    def __init__(self, scripts: Scripts, codes: Codes) -> None:
        self._scripts = scripts
        self._codes = codes

    def find(self, account: str, wanted: Wanted) -> Iterator[ServiceSend]:
        """The newest first. They are read as they are asked for. Raises StorageUnavailable."""
        lowest = "-inf" if wanted.after is None else wanted.after * 1000
        highest = "+inf" if wanted.before is None else wanted.before * 1000
        (found,) = self._scripts.fetch(
            lambda pipe: pipe.zrevrangebyscore(keys.attempts(account), highest, lowest)
        )
        members = [str(reading.text(member)) for member in found or ()]
        if wanted.verification_id:
            members = [m for m in members if m.startswith(f"{wanted.verification_id}:")]
        for first in range(0, len(members), _AT_ONCE):
            for attempt in self._read(members[first : first + _AT_ONCE]):
                if self._is_wanted(attempt, wanted):
                    yield attempt

    def get(self, account: str, sid: str) -> ServiceSend | None:
        """Raises StorageUnavailable."""
        members = [f"{_verification_id(sid, send)}:{send}" for send in range(1, MOST_SENDS + 1)]
        (scores,) = self._scripts.fetch(lambda pipe: pipe.zmscore(keys.attempts(account), members))
        known = [m for m, score in zip(members, scores or (), strict=False) if score is not None]
        return next(iter(self._read(known)), None)

    def _is_wanted(self, attempt: ServiceSend, wanted: Wanted) -> bool:
        return (
            wanted.service in (None, attempt.service)
            and wanted.country in (None, attempt.country)
            and wanted.channel in (None, attempt.send.channel)
            and wanted.is_converted in (None, attempt.is_converted)
            and attempt.verification.to.startswith(wanted.prefix)
            and (
                wanted.recipient is None
                or attempt.verification.fields.get("tag")
                == self._codes.tag(attempt.service, wanted.recipient.to)
            )
        )

    def _read(self, members: Sequence[str]) -> list[ServiceSend]:
        known = [(match[1], int(match[2])) for match in map(_MEMBER.fullmatch, members) if match]
        ids = dict.fromkeys(verification_id for verification_id, _ in known)
        found = {one.verification_id: one for one in records.fetch(self._scripts, ids)}
        return [
            ServiceSend(verification=found[verification_id], send=send)
            for verification_id, number in known
            if verification_id in found and "app" in found[verification_id].fields
            for send in found[verification_id].sends
            if send.number == number and "channel" in send.fields
        ]


def attempt_sid(verification_id: str, send: int) -> str:
    return f"VL{int(verification_id.removeprefix('VE'), 16) ^ send:032x}"


def _verification_id(sid: str, send: int) -> str:
    return f"VE{int(sid.removeprefix('VL'), 16) ^ send:032x}"
