"""Providers that are dead, hang, or are slower than what comes in."""

import time
from collections.abc import Sequence

from tests.chaos.provider import Behaviour, Call
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import Measure, deliveries, quantile, statuses

_FAILURES_UNTIL_OPEN = 5


def provider_dead(scene: Scene) -> Sequence[Measure]:
    """The first provider of two says that it is busy, for a minute."""
    redis = scene.redis()
    dead = scene.provider("dead")
    second = scene.provider("second", Behaviour(before_seconds=0.1, after_seconds=0.1))
    service = scene.service(redis.url, dead, second)
    port, _ = service.start_api()
    service.start_workers(2)
    load = scene.load(port, rate=20)
    time.sleep(1)
    dead.behave(Behaviour(mode="busy"))
    time.sleep(scene.scaled(long=60, short=6))
    dead.behave(Behaviour())
    # The breaker lets a call through every five seconds.
    time.sleep(6)
    answers = load.end()
    with redis.client() as client:
        open_sends = settle(client, 30)
    calls = dead.calls()
    found = deliveries(answers, [*calls, *second.calls()])
    busy = [call for call in calls if call.outcome == "busy"]
    in_time = sum(delay <= 5 for delay in found.delays)
    return [
        Measure(name="verifications", value=found.accepted),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="sent in 5 s", value=100 * in_time / found.accepted, at_least=99, unit=" %"),
        Measure(name="worst", value=found.worst, unit=" s"),
        Measure(name="calls to the dead one", value=len(busy)),
        Measure(name="since its breaker opened", value=_after_opening(busy), at_most=20),
        Measure(
            name="sent through it when it was back",
            value=sum(call.at > busy[-1].at for call in calls),
            at_least=1,
        ),
    ]


def _after_opening(failed: Sequence[Call]) -> int:
    """Calls that came after the one that opened the breaker was answered."""
    opened_at = failed[_FAILURES_UNTIL_OPEN - 1].at
    return sum(call.came_at > opened_at for call in failed)


def provider_hangs(scene: Scene) -> Sequence[Measure]:
    """The only provider takes calls and answers none of them for half a minute."""
    redis = scene.redis()
    provider = scene.provider(behaviour=Behaviour(before_seconds=0.02, after_seconds=0.03))
    service = scene.service(redis.url, provider)
    port, _ = service.start_api()
    service.start_workers(2)
    load = scene.load(port, rate=20)
    time.sleep(1)
    provider.behave(Behaviour(mode="hang"))
    time.sleep(scene.scaled(long=30, short=6))
    answers = load.end()
    provider.behave(Behaviour(before_seconds=0.02, after_seconds=0.03))
    with redis.client() as client:
        open_sends = settle(client, scene.scaled(long=120, short=0))
    calls = provider.calls()
    found = deliveries(answers, calls)
    return [
        Measure(name="asked", value=len(answers)),
        Measure(
            name="POST p95",
            value=1000 * quantile((answer.seconds for answer in answers), 0.95),
            at_most=50,
            unit=" ms",
        ),
        Measure(name="answered 202", value=found.accepted),
        Measure(name="calls that hung", value=sum(call.outcome == "hung" for call in calls)),
        Measure(name="sent when it was back", value=found.accepted - found.lost),
        Measure(name="still to be", value=open_sends),
    ]


def overload(scene: Scene) -> Sequence[Measure]:
    """Five times as many verifications as the workers can deliver."""
    ttl = scene.scaled(long=60, short=30)
    capacity, latency = 20, 0.1
    redis = scene.redis()
    provider = scene.provider(
        behaviour=Behaviour(before_seconds=latency / 2, after_seconds=latency / 2)
    )
    service = scene.service(
        redis.url,
        provider,
        OTP_TTL_SECONDS=str(ttl),
        WORKER_CONCURRENCY=str(round(capacity * latency)),
    )
    port, _ = service.start_api()
    service.start_workers(1)
    load = scene.load(port, rate=5 * capacity)
    time.sleep(scene.scaled(long=120, short=10))
    answers = load.end()
    with redis.client() as client:
        open_sends = settle(client, ttl)
    found = deliveries(answers, provider.calls(), ttl_seconds=ttl)
    answered = statuses(answers)
    backlog = sum(answer.problem == "delivery_backlog" for answer in answers)
    return [
        Measure(name="asked", value=len(answers)),
        Measure(name="accepted", value=found.accepted),
        Measure(name="refused for the backlog", value=backlog),
        Measure(name="otherwise", value=len(answers) - answered[202] - backlog, at_most=0),
        Measure(name="not sent", value=found.lost + open_sends, at_most=0),
        Measure(name="worst", value=found.worst, at_most=ttl / 3, unit=" s"),
        Measure(name="after expiry", value=found.after_expiry, at_most=0),
    ]
