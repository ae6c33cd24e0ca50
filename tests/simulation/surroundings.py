"""What providers, Redis and time do."""

import pickle
from functools import partial
from typing import Any

from tests.simulation import invariants, workers
from tests.simulation.calls import Unavailable, ask
from tests.simulation.model import Model
from tests.simulation.walk import Move, Walk

# The longest back-off of a retry, the lease of a worker that crashed, and the sweeper's pace.
LONGEST_END_MS = 30_000 + 5_000 + 5_000

# An endpoint that has failed rests for five minutes at most.
LONGEST_REST_MS = 300_000


def receipt(walk: Walk) -> None:
    """For any attempt, in any order, more than once, and contradicting others."""
    rng, world, model = walk.random, walk.world, walk.model
    id_ = walk.any_verification()
    one = model.verifications.get(id_)
    if one is None:
        return
    number = rng.randint(1, len(one.sends))
    send, member = one.sends[number - 1], f"{id_}:{number}"
    if not send.attempts:
        return
    attempt, is_known = rng.randint(1, len(send.attempts)), rng.random() < 0.97
    sender = send.attempts[attempt - 1][0] if is_known else "webhook-9"
    outcome: Any = rng.choice(("accepted", "delivered", "delivered", "undelivered", "unreachable"))
    senders: Any = [(send.channel, sender)]
    say = partial(world.ledger.receipt, id_, number, attempt, senders=senders, outcome=outcome)
    status: Any = False
    try:
        status = ask(walk, world.line, say, faults="lost")
    except Unavailable as error:
        if not error.is_done:
            walk.tell("receipt unavailable")
            return
    expected = model.receipt(member, attempt, outcome) if is_known else None
    if status is not False:
        invariants.answered_as_the_model(f"receipt for {member}", status, expected)
    for handover in world.handed[member] if is_known else ():
        if handover.attempt == attempt and outcome in ("undelivered", "unreachable"):
            handover.is_undelivered = True
    walk.tell(f"receipt {outcome} {expected}", id_)


_WAITS = ((1, 100), (100, 1_000), (500, 500), (5_000, 5_000), (1_000, 5_000), (5_000, 60_000),
          (60_000, 600_000), (3_600_000, 10_800_000))  # fmt: skip
_WAIT_CHANCES = (40, 30, 8, 4, 8, 3, 1, 0.1)


def wait(walk: Walk) -> None:
    shortest, longest = walk.random.choices(_WAITS, _WAIT_CHANCES)[0]
    ms = walk.random.randint(shortest, longest)
    walk.advance(ms)
    walk.tell(f"wait {len(str(ms))}")


def fill(walk: Walk) -> None:
    """Redis is full for a while: it starts nothing, and what workers finish makes room."""
    walk.set_full(not walk.is_full)
    walk.tell(f"full {walk.is_full}")


def fail_over(walk: Walk, moves: list[Move], weights: list[float]) -> None:
    """A replica that has not heard of the last second becomes the server."""
    world = walk.world
    data, model = world.copy(), pickle.dumps(walk.model)
    began, facts = walk.model.now, pickle.dumps(walk.facts())
    for _ in range(walk.random.randint(1, 8)):
        if walk.model.now < began + 1000:
            walk.make(walk.random.choices(moves, weights)[0])
    if walk.model.now > began + 1000:
        return
    is_full = walk.is_full
    walk.set_full(False)
    world.restore(data)
    world.clock.advance(0)
    walk.set_full(is_full)
    restored: Model = pickle.loads(model)
    touched = {*restored.verifications, *walk.model.verifications}
    walk.model = restored
    walk.restore_facts(pickle.loads(facts))
    walk.advance(0)
    walk.tell("fail over", *touched)


def calm_down(walk: Walk) -> None:
    """Everything is healthy again. Each send comes to its end, and each event is told."""
    walk.set_full(False)
    walk.has_faults = False
    walk.world.workers[:] = [walk.world.worker(0)]
    (worker,) = walk.world.workers
    ends = walk.model.now + LONGEST_END_MS
    walk.advance(1000)
    while walk.model.now < ends:
        for move in (workers.take, workers.sweep, workers.claim):
            walk.make(move)
        while worker.jobs:
            walk.make(workers.claim)
        while worker.claims:
            walk.make(workers.attempt)
        while worker.outcomes:
            walk.make(workers.record)
        if not walk.model.due and not walk.model.queue and not worker.jobs:
            break
        walk.advance(walk.random.randint(100, 1500))
    walk.look_at_open_sends()
    _tell_events(walk)
    walk.has_faults = True
    walk.world.workers += [walk.world.worker(n) for n in (0, 1)]


def _tell_events(walk: Walk) -> None:
    (worker,) = walk.world.workers
    quiet_ms = 0
    # An endpoint that has just failed rests until the end of that.
    while quiet_ms <= LONGEST_REST_MS:
        walk.make(workers.take_events)
        if not worker.events:
            walk.advance(15_000)
            quiet_ms += 15_000
        while worker.events:
            quiet_ms = 0
            walk.make(workers.settle_event)
    walk.look_at_events()


def forget(walk: Walk) -> None:
    """Time passes until nothing is left."""
    calm_down(walk)
    walk.advance(walk.model.keep + 61_000)
    walk.look_at_history()
    walk.advance(400 * 86_400_000)
    walk.begin_again()
