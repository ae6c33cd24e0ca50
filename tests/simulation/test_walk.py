"""Random walks keep every promise. What a walk has found is fixed, and its seed is walked again."""

import random

import pytest

from tests.redis_servers import ALL_REDIS
from tests.simulation.run import server, walk

STEPS = 10_000
FIXED = 19
FRESH = random.SystemRandom().randrange(10**6)
RARE = {
    *("start lost", "start conflict", "start backlog", "start guard_range"),
    *("check approved", "check used_up", "check lost", "end approved", "erase", "crash"),
    *("claim dropped", "claim left", "attempt too", "renew True", "step 2", "fail over"),
    *("full True", "receipt unreachable", "event failed"),
}
# The simulation's clock needs a command of Redis 7.
SERVERS = [program for name, program in ALL_REDIS.items() if name != "6.2"]


@pytest.mark.parametrize("seed", [FIXED, FRESH], ids=["fixed", "fresh"])
def test_no_walk_finds_a_violation(seed, figure):
    with server() as redis:
        report = walk(redis, seed, steps=STEPS)
    found = f"{report.steps:,} steps, {len(report.interleavings):,} interleavings"
    figure(f"simulation with seed {seed}", found)
    assert not report.violation, f"{report.last}\nseed {seed}, step {report.steps}"


def test_a_walk_comes_to_what_is_rare():
    with server() as redis:
        words = walk(redis, FIXED, steps=3_000).words
    assert RARE - words.keys() == set()


def test_a_seed_has_the_same_history_on_every_server():
    histories = set()
    for program in SERVERS:
        with server(program) as redis:
            histories.add(walk(redis, FIXED, steps=1_000).history)
    assert len(SERVERS) > 1
    assert len(histories) == 1
