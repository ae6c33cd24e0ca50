"""Workflows, and what tests see of them."""

from typing import Any

import pytest

from shared.verification.model import Started, Turn
from tests.shared.verification.workflows import WORKFLOW
from tests.user import PHONE


@pytest.fixture
def ask(user):
    """Start a verification with a workflow."""

    def ask(to: str = PHONE, workflow=WORKFLOW, **more: Any) -> Started:
        return user.ask(to, turn=Turn(number=1, workflow=workflow), **more)

    return ask


@pytest.fixture
def due(ledger, steps, redis):
    """Start the steps that are due, as workers do."""

    def due() -> None:
        for verification_id, send in ledger.sweep(0, 100):
            assert send == 0
            steps.start_next(verification_id)

    return due


@pytest.fixture
def seen(service):
    """The channels that a verification was sent by, its step, and whether another one follows."""

    def seen(started: Started) -> tuple[list[str], int, bool]:
        found = service.view(started.verification_id, app="default")
        return [one.channel for one in found.sends], found.step, found.next_step_at is not None

    return seen


@pytest.fixture
def skipped(service):
    def skipped(started: Started) -> list[str | None]:
        found = service.view(started.verification_id, app="default")
        return [step.skipped for step in found.workflow]

    return skipped
