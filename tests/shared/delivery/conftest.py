"""A send, and what its owner sees of it."""

import pytest

from tests.shared.delivery.events import take_all


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
    """The events that were not seen before."""
    return lambda: take_all(webhooks)
