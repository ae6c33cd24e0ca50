"""A Redis that dies, hangs, or is full."""

import time
from collections.abc import Sequence

from tests.chaos.load import Answer, Caller, Prober, start
from tests.chaos.provider import Behaviour
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import Measure, deliveries, quantile, statuses
from tests.chaos.workers import Killer

_USUAL = Behaviour(before_seconds=0.02, after_seconds=0.03)
_DOWN_SECONDS = 1.0


def redis_kills(scene: Scene) -> Sequence[Measure]:
    """Redis and the workers die in turn."""
    redis = scene.redis(fsync="always")
    provider = scene.provider(behaviour=_USUAL)
    service = scene.service(redis.url, provider)
    port, _ = service.start_api()
    killer = Killer(scene, service, service.start_workers(5))
    load = scene.load(port, rate=50, total=scene.scaled(long=3_000, short=400))
    every = scene.scaled(long=15.0, short=3.0)
    redis_kills, next_kill, next_start = 0, time.monotonic() + every, float("inf")
    while not load.is_over:
        killer.turn()
        if time.monotonic() > next_kill:
            redis.kill()
            redis_kills += 1
            next_kill, next_start = next_kill + every, time.monotonic() + _DOWN_SECONDS
        if time.monotonic() > next_start:
            redis.start()
            next_start = float("inf")
        time.sleep(0.05)
    if not redis.program.is_running:
        redis.start()
    answers = load.wait()
    with redis.client() as client:
        open_sends = settle(client, 60)
    found = deliveries(answers, provider.calls())
    answered = statuses(answers)
    return [
        Measure(name="verifications", value=found.accepted),
        Measure(name="kills of Redis", value=redis_kills),
        Measure(name="of workers", value=killer.kills),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="rejected by 503", value=answered[503]),
        Measure(name="otherwise", value=_others(answers), at_most=0),
        Measure(name="worst", value=found.worst, at_most=10, unit=" s"),
        Measure(name="duplicates", value=found.duplicates),
    ]


def redis_down(scene: Scene) -> Sequence[Measure]:
    redis = scene.redis()
    provider = scene.provider(behaviour=_USUAL)
    service = scene.service(redis.url, provider)
    port, _ = service.start_api()
    service.start_workers(2)
    load = scene.load(port, rate=40)
    with Prober(port) as prober:
        time.sleep(1)
        redis.kill()
        time.sleep(scene.scaled(long=10, short=3))
        redis.start()
        back_at = time.time()
        time.sleep(2)
    answers = load.end()
    with redis.client() as client:
        open_sends = settle(client, 60)
    found = deliveries(answers, provider.calls())
    rejected = [one.seconds for one in answers if one.status == 503]
    taken_again = (one for one in answers if one.status == 202 and one.asked_at > back_at)
    first = min((one.answered_at for one in taken_again), default=float("inf"))
    return [
        Measure(name="answered 503", value=len(rejected)),
        Measure(name="p99", value=quantile(rejected, 0.99), at_most=0.1, unit=" s"),
        Measure(name="neither 202 nor 503", value=_others(answers), at_most=0),
        Measure(name="first 202 after", value=first - back_at, at_most=1, unit=" s"),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="duplicates", value=found.duplicates, at_most=0),
        Measure(name="liveness asked", value=prober.asked),
        Measure(name="failed", value=prober.failed, at_most=0),
    ]


def redis_hung(scene: Scene) -> Sequence[Measure]:
    redis = scene.redis()
    provider = scene.provider(behaviour=_USUAL)
    service = scene.service(redis.url, provider)
    port, _ = service.start_api()
    service.start_workers(2)
    load = scene.load(port, rate=40)
    time.sleep(1)
    with Prober(port) as prober, redis.hanging():
        time.sleep(scene.scaled(long=10, short=4))
    time.sleep(2)
    answers = load.end()
    with redis.client() as client:
        open_sends = settle(client, 60)
    found = deliveries(answers, provider.calls())
    rejected = [one.seconds for one in answers if one.status == 503]
    return [
        Measure(name="answered 503", value=len(rejected)),
        Measure(name="p99", value=quantile(rejected, 0.99), at_most=0.6, unit=" s"),
        Measure(name="neither 202 nor 503", value=_others(answers), at_most=0),
        Measure(name="slowest liveness", value=prober.slowest_seconds, at_most=0.05, unit=" s"),
        Measure(name="failed", value=prober.failed, at_most=0),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="duplicates", value=found.duplicates, at_most=0),
        Measure(name="sent in spite of a 503", value=found.unannounced),
    ]


def redis_full(scene: Scene) -> Sequence[Measure]:
    """Redis takes nothing more while a backlog waits for its workers."""
    redis = scene.redis("--maxmemory-policy", "noeviction")
    provider = scene.provider(behaviour=_USUAL)
    service = scene.service(redis.url, provider)
    port, _ = service.start_api()
    answers = scene.load(port, rate=100, total=scene.scaled(long=1_000, short=200)).wait()
    with redis.client() as client:
        client.set("filler", bytes(20 * 2**20))
        client.config_set("maxmemory", str(10 * 2**20))
        workers = service.start_workers(2)
        open_sends = settle(client, 30)
        refused = scene.load(port, rate=50, total=50).wait()
        calls = provider.calls()
        caller = Caller([port])
        checks = [
            caller.call("POST", "/verify-otp", {"phone": call.to, "otp": call.code})[0]
            for call in calls
        ]
        client.delete("filler")
        after = start(caller, next(scene.numbers))
        caller.close()
        settle(client, 10)
    found = deliveries([*answers, after], provider.calls())
    return [
        Measure(name="backlog", value=len(answers)),
        Measure(name="left of it", value=open_sends, at_most=0),
        Measure(name="lost", value=found.lost, at_most=0),
        Measure(name="starts refused by 503", value=statuses(refused)[503], at_least=50),
        Measure(name="codes verified", value=checks.count(200), at_least=len(answers)),
        Measure(name="workers ended", value=sum(not one.is_running for one in workers), at_most=0),
        Measure(name="taken when there is room again", value=after.status == 202, at_least=1),
    ]


def _others(answers: Sequence[Answer]) -> int:
    """How many were answered neither 202 nor 503."""
    return sum(answer.status not in (202, 503) for answer in answers)
