"""Stand-ins that record what they are given."""

import io
from collections.abc import Callable, Mapping
from typing import Any

from shared.delivery.ledger import AttemptResult, Claim, Ended, Ledger, Outcome, SendStatus
from shared.errors import StorageUnavailable
from shared.messages.texts import Texts
from shared.policy import CHANNELS, Channel
from shared.storage.scripts import Scripts
from worker.deliverer import Deliverer, Outlet
from worker.messages import Messages
from worker.senders.base import DeliveryError, Message, Sender

# As a worker names its senders, of which tests without one have no more than these.
SENDER_NAMES = {"": {channel: ["smtp"] for channel in CHANNELS}}


def outlets(
    senders: Mapping[Channel, Mapping[str, Sender]], texts: Texts | None = None
) -> dict[str, Outlet]:
    """What every app sends with."""
    return {"": Outlet(messages=Messages(texts or Texts("Test")), senders=senders)}


class Terminal(io.StringIO):
    """Text that a person would see."""

    def isatty(self) -> bool:
        return True


class FakeSender:
    """Accepts every message, after the failures that it is told to begin with. `during` is what
    happens elsewhere while it is at it."""

    channels = CHANNELS

    def __init__(self, *failures: DeliveryError | Exception) -> None:
        self.messages: list[Message] = []
        self.failures = list(failures)
        self.during: Callable[[Message], None] = lambda message: None

    def send(self, message: Message) -> str:
        self.during(message)
        if self.failures:
            raise self.failures.pop(0)
        self.messages.append(message)
        return f"id-{len(self.messages)}"

    def code_for(self, to: str) -> str:
        return [m.code for m in self.messages if m.to == to][-1]


def claim_one(ledger: Ledger, verification_id: str, send: int) -> Claim | Ended | None:
    (answer,) = ledger.claim([(verification_id, send)], SENDER_NAMES)
    return answer


def done_one(ledger: Ledger, claim: Claim, result: AttemptResult, **facts: Any) -> SendStatus:
    (status,) = ledger.done([Outcome(claim=claim, result=result, **facts)])
    return status


class DirectDeliverer(Deliverer):
    """Needs no worker: who asks it makes the attempts."""

    def deliver(self, verification_id: str, send: int) -> None:
        """Make every attempt for a send that is due."""
        sends = [(verification_id, send)]
        while sends:
            outcomes = map(self.attempt, self.claim(sends))
            sends = self.record([outcome for outcome in outcomes if outcome])


class FlakyLedger(Ledger):
    """A ledger whose Redis is away for the first calls of some methods, as many as `away` says."""

    def __init__(self, scripts: Scripts, **away: int) -> None:
        super().__init__(scripts)
        self.away = away

    def claim(self, *args: Any, **facts: Any) -> list[Claim | Ended | None]:
        self._fail("claim")
        return super().claim(*args, **facts)

    def done(self, *args: Any) -> list[SendStatus]:
        self._fail("done")
        return super().done(*args)

    def sweep(self, *args: Any) -> list[tuple[str, int]]:
        self._fail("sweep")
        return super().sweep(*args)

    def _fail(self, method: str) -> None:
        if self.away.get(method):
            self.away[method] -= 1
            raise StorageUnavailable("Redis is away")
