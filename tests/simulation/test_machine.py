"""The moves of the walk, chosen by Hypothesis, which reduces a history that breaks a promise to the
fewest moves that do."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from shared.verification.service import VerificationService
from tests.simulation import surroundings
from tests.simulation.invariants import Violation
from tests.simulation.moves import MOVES
from tests.simulation.run import server
from tests.simulation.walk import Move, Walk
from tests.simulation.world import simulated

SETTINGS = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# These are hundreds of moves each.
LONG = {surroundings.calm_down, surroundings.forget}


class Machine(RuleBasedStateMachine):
    def __init__(self, redis: Any) -> None:
        super().__init__()
        self._parts = ExitStack()
        self.walk = Walk(self._parts.enter_context(simulated(redis, 0)), Random(0))

    def teardown(self) -> None:
        self.walk.set_full(False)
        self._parts.close()


def _rule(move: Move) -> Callable[..., None]:
    @rule(random=st.randoms(use_true_random=False))
    def make(self: Machine, random: Random) -> None:
        self.walk.random = random
        self.walk.make(move)

    return make


for _move in MOVES.keys() - LONG:
    setattr(Machine, _move.__name__, _rule(_move))


@pytest.fixture(scope="module")
def redis():
    logging.disable()
    with server() as redis:
        yield redis
    logging.disable(logging.NOTSET)


def test_no_machine_finds_a_violation(redis):
    run_state_machine_as_test(lambda: Machine(redis), settings=SETTINGS)


def test_a_fault_is_found_and_shown_in_a_few_moves(redis, monkeypatch):
    """Canceling does nothing, and says that it did."""
    monkeypatch.setattr(VerificationService, "end", lambda *args, **facts: 0.0)
    made: list[Machine] = []

    def machine() -> Machine:
        made.append(Machine(redis))
        return made[-1]

    with pytest.raises(Violation) as found:
        run_state_machine_as_test(machine, settings=settings(SETTINGS, derandomize=True))
    assert found.value.invariant == "records_are_as_the_model"
    assert made[-1].walk.steps <= 3
