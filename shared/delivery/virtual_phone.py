"""The virtual phone: the console sender's messages, shown to developers, and what the carrier in
between does with them. Redis does not hold the code of a message here either."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Literal, NamedTuple, get_args

from pydantic import OnErrorOmit, TypeAdapter
from redis.client import Pipeline

from shared.codes import Codes
from shared.delivery.ledger import ReceiptOutcome
from shared.policy import Channel
from shared.storage import keys, reading
from shared.storage.scripts import Scripts

MOST_MESSAGES = 50
KEPT_SECONDS = 600
# How long after a look at it the phone counts as watched.
WATCHED_SECONDS = 5

Carrier = Literal["deliver", "delay", "lose", "refuse", "unreachable", "fail"]
CARRIERS: tuple[Carrier, ...] = get_args(Carrier)

# Stands for a digit of the code. ASCII has it for this, and no name of an app may hold it.
_HIDDEN = "\x1a"


@dataclass(frozen=True, kw_only=True)
class PhoneMessage:
    """A message of the console sender; times in Unix milliseconds of Redis. `carrier` is what was
    done to it, or None if the phone was not open. The message has appeared unless `appears_at` is
    None or in the future."""

    verification_id: str
    send: int
    attempt: int
    channel: Channel
    to: str
    locale: str
    subject: str
    text: str
    kid: str
    generation: int
    length: int
    at: int
    carrier: Carrier | None = None
    appears_at: int | None = None
    sealed: str | None = None

    def code(self, codes: Codes) -> str | None:
        """Returns None if its key is no longer in the ring."""
        try:
            if self.sealed:
                return codes.unseal(self.kid, self.verification_id, self.sealed)
            return codes.derive(self.kid, self.verification_id, self.generation, self.length)
        except KeyError:
            return None


class Report(NamedTuple):
    """A receipt that is due, in the order of its member of PHONE_RECEIPTS."""

    verification_id: str
    send: int
    attempt: int
    outcome: ReceiptOutcome


# What another version wrote differently is left out.
_MESSAGES = TypeAdapter(list[OnErrorOmit[PhoneMessage]])
_REPORTS = TypeAdapter(list[OnErrorOmit[Report]])


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What there is to see, newest message first, at `now` in Unix milliseconds of Redis."""

    now: int
    carrier: Carrier
    messages: tuple[PhoneMessage, ...]
    reports: tuple[Report, ...]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A message that a provider would deliver, with its code. `to` is masked."""

    channel: Channel
    to: str
    locale: str
    subject: str
    text: str
    code: str = field(repr=False)


class Phone:
    """The phone in Redis."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._receive = scripts.load("delivery/phone")

    def receive(self, verification_id: str, send: int, message: Arrival) -> Carrier | None:
        """Put a message on the phone. Returns what the carrier did, or None if the phone is not
        open."""
        kept = {
            "verification_id": verification_id,
            "send": send,
            "channel": message.channel,
            "to": message.to,
            "locale": message.locale,
            "subject": _hide(message.subject, message.code),
            "text": _hide(message.text, message.code),
        }
        names = [
            keys.PHONE,
            keys.PHONE_WATCHED,
            keys.PHONE_CARRIER,
            keys.PHONE_RECEIPTS,
            keys.code(verification_id),
            keys.send(verification_id, send),
        ]
        words = [json.dumps(kept), MOST_MESSAGES, KEPT_SECONDS * 1000, f"{verification_id}:{send}"]
        did = self._receive(names, words)
        return did.decode() if did else None

    def look(self) -> Screen:
        """Watch the phone for a few seconds. The viewer reports the receipts due, by
        `Ledger.receipt`, and confirms them by `reported`. Nothing else waits for a receipt."""

        def ask(pipe: Pipeline) -> None:
            pipe.lrange(keys.PHONE, 0, -1)
            pipe.get(keys.PHONE_CARRIER)
            pipe.zrange(keys.PHONE_RECEIPTS, 0, -1, withscores=True)
            pipe.time()

        self._scripts.put(keys.PHONE_WATCHED, 1, seconds=WATCHED_SECONDS)
        lines, carrier, receipts, (seconds, micros) = self._scripts.fetch(ask)
        now = seconds * 1000 + micros // 1000
        oldest = now - KEPT_SECONDS * 1000
        messages = _MESSAGES.validate_python(reading.json_objects(lines))
        due = [str(reading.text(member)).split(":") for member, at in receipts or () if at <= now]
        told = reading.text(carrier)
        return Screen(
            now=now,
            carrier=next((known for known in CARRIERS if known == told), "deliver"),
            messages=tuple(message for message in messages if message.at > oldest),
            reports=tuple(_REPORTS.validate_python(due)),
        )

    def reported(self, reports: Sequence[Report]) -> None:
        if reports:
            members = [":".join(map(str, report)) for report in reports]
            self._scripts.run(lambda redis: redis.zrem(keys.PHONE_RECEIPTS, *members))

    def tell_carrier(self, carrier: Carrier) -> None:
        """What to do to the next message; to those after it, what it does usually."""
        self._scripts.put(keys.PHONE_CARRIER, carrier, seconds=KEPT_SECONDS)


def with_code(text: str, code: str | None) -> str:
    """A text of a message, as it was sent."""
    digits = cycle(code or "•")
    return re.sub(_HIDDEN, lambda _: next(digits), text)


def _hide(text: str, code: str) -> str:
    """Without the digits of the code, also where a voice says them one by one."""
    for digits in (code, ", ".join(code)):
        text = text.replace(digits, re.sub("[0-9]", _HIDDEN, digits))
    return text
