"""Stand-ins that record what they are given."""

from collections.abc import Callable, Mapping
from typing import Any

from redis import Redis

from shared.errors import StorageUnavailable
from shared.ledger import Claim, Ended, Ledger, SendStatus
from shared.policy import CHANNELS, Channel
from worker.delivery import Outlet
from worker.messages import Texts
from worker.senders.base import DeliveryError, Message, Sender

# As a worker names its senders, of which tests without one have no more than these.
SENDER_NAMES = {"": {channel: ["smtp"] for channel in CHANNELS}}


def outlets(
    senders: Mapping[Channel, Mapping[str, Sender]], texts: Texts | None = None
) -> dict[str, Outlet]:
    """What every app sends with."""
    return {"": Outlet(texts=texts or Texts("Test"), senders=senders)}


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


class FlakyLedger(Ledger):
    """A ledger whose Redis is away for the first calls of some methods, as many as `away` says."""

    def __init__(self, redis: Redis, **away: int) -> None:
        super().__init__(redis)
        self.away = away

    def claim(self, *args: Any) -> Claim | Ended | None:
        self._fail("claim")
        return super().claim(*args)

    def done(self, *args: Any, **facts: Any) -> SendStatus:
        self._fail("done")
        return super().done(*args, **facts)

    def sweep(self, *args: Any) -> list[tuple[str, int]]:
        self._fail("sweep")
        return super().sweep(*args)

    def _fail(self, method: str) -> None:
        if self.away.get(method):
            self.away[method] -= 1
            raise StorageUnavailable("Redis is away")
