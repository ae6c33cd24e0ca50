"""A send, and what its owner sees of it."""

import pytest

from shared.delivery.webhooks import Event
from tests.shared.delivery.events import delivered


@pytest.fixture
def send(user) -> tuple[str, int]:
    """A send that is queued."""
    return user.ask().verification_id, 1


@pytest.fixture
def seen(service):
    """The send as its user sees it: (status, reason)."""

    def seen(send: tuple[str, int]) -> tuple[str, str | None]:
        found = service.view(send[0], app="default").sends[send[1] - 1]
        return found.status, found.reason

    return seen


@pytest.fixture
def sends(user) -> list[tuple[str, int]]:
    return [(user.ask(f"+1415555010{n}").verification_id, 1) for n in range(3)]


@pytest.fixture
def told(webhooks):
    """The events that were not seen before, as an endpoint that takes all gets them."""

    def told() -> list[Event]:
        found: list[Event] = []
        next_in: float | None = 0
        while next_in == 0:
            taken = webhooks.take(100)
            events, next_in = taken.events, taken.next_in_seconds
            webhooks.settle(map(delivered, events))
            found += events
            # Their places are free now.
            next_in = 0 if events else next_in
        return sorted(found, key=lambda event: event.data.get("revision", 0))

    return told
