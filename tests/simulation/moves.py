"""All moves, and how often each is made."""

from tests.simulation import people, surroundings, workers
from tests.simulation.walk import Move, Walk

_MOST: dict[Move, float] = {
    people.start: 20,
    people.start_workflow: 5,
    people.resend: 5,
    people.check: 16,
    people.end: 3,
    people.erase: 0.3,
    workers.take: 9,
    workers.sweep: 8,
    workers.start_step: 6,
    workers.claim: 22,
    workers.attempt: 20,
    workers.record: 18,
    workers.renew: 2,
    workers.crash: 1,
    workers.take_events: 8,
    workers.settle_event: 20,
    surroundings.receipt: 6,
    surroundings.wait: 16,
    surroundings.fill: 0.2,
}


def fail_over(walk: Walk) -> None:
    surroundings.fail_over(walk, list(_MOST), list(_MOST.values()))


MOVES: dict[Move, float] = {
    **_MOST,
    fail_over: 0.2,
    surroundings.calm_down: 0.01,
    surroundings.forget: 0.02,
}
