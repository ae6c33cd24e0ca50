"""Workers that die, stop, start again, or have the wrong time."""

import time
from collections.abc import Sequence

from tests.chaos.programs import Program, Service, wait_for_worker
from tests.chaos.provider import Behaviour
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import Deliveries, Measure, deliveries, statuses
from tests.counts import counts

KILL_EVERY_SECONDS = 2.0
_USUAL = Behaviour(before_seconds=0.02, after_seconds=0.03)


class Killer:
    """Kills one of the workers every other second, and starts another one in its place."""

    def __init__(self, scene: Scene, service: Service, workers: list[Program]) -> None:
        self.kills = 0
        self._random = scene.random
        self._service = service
        self._workers = workers
        self._next = time.monotonic() + KILL_EVERY_SECONDS

    def turn(self) -> None:
        """Kill when it is time."""
        if time.monotonic() < self._next:
            return
        victim = self._random.randrange(len(self._workers))
        self._workers[victim].kill()
        self._workers[victim] = self._service.start_worker()
        self.kills += 1
        self._next += KILL_EVERY_SECONDS


def worker_kills(scene: Scene) -> Sequence[Measure]:
    found, kills, open_sends = _under_kills(scene, _USUAL, scene.scaled(long=10_000, short=700))
    return [
        Measure(name="verifications", value=found.accepted),
        Measure(name="kills", value=kills),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="duplicates", value=found.duplicates, at_most=kills),
        Measure(
            name="that is",
            value=100 * found.duplicates / found.accepted,
            # Of a short run one more or less would decide.
            at_most=scene.scaled(long=0.5, short=None),
            unit=" %",
        ),
        Measure(name="with another code", value=found.other_codes, at_most=0),
        Measure(name="p99", value=found.delay(0.99), at_most=1, unit=" s"),
        Measure(name="worst", value=found.worst, at_most=10, unit=" s"),
    ]


def idempotent(scene: Scene) -> Sequence[Measure]:
    idempotent = Behaviour(before_seconds=0.02, after_seconds=0.03, idempotent=True)
    found, kills, open_sends = _under_kills(scene, idempotent, scene.scaled(long=10_000, short=300))
    return [
        Measure(name="verifications", value=found.accepted),
        Measure(name="kills", value=kills),
        Measure(name="repetitions that the provider saw", value=found.repetitions),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="duplicates", value=found.duplicates, at_most=0),
    ]


def _under_kills(scene: Scene, behaviour: Behaviour, total: int) -> tuple[Deliveries, int, int]:
    """(deliveries, kills, sends that never came to an end)"""
    redis = scene.redis()
    provider = scene.provider(behaviour=behaviour)
    service = scene.service(redis.url, provider)
    port, _ = service.start_api()
    killer = Killer(scene, service, service.start_workers(5))
    load = scene.load(port, rate=60, total=total)
    while not load.is_over:
        killer.turn()
        time.sleep(0.05)
    answers = load.wait()
    with redis.client() as client:
        open_sends = settle(client, 60)
    return deliveries(answers, provider.calls()), killer.kills, open_sends


def stale_backlog(scene: Scene) -> Sequence[Measure]:
    """The workers stop before the codes are sent, and start again when all have expired."""
    redis = scene.redis()
    provider = scene.provider()
    service = scene.service(redis.url, provider, OTP_TTL_SECONDS="30")
    port, _ = service.start_api()
    answers = scene.load(port, rate=50, total=scene.scaled(long=400, short=150)).wait()
    time.sleep(30.5)
    with redis.client() as client:
        backlog = client.zcard("otp:due")
        service.start_workers(2)
        settle(client, 30)
        dropped = counts(client).get("sends:sms:dropped:expired", 0)
    return [
        Measure(name="accepted", value=statuses(answers)[202]),
        Measure(name="backlog", value=backlog, at_least=statuses(answers)[202]),
        Measure(name="messages", value=len(provider.calls()), at_most=0),
        Measure(name="dropped", value=dropped, at_least=backlog, at_most=backlog),
    ]


def rolling_restart(scene: Scene) -> Sequence[Measure]:
    """One process after the other, while callers go to the API that takes them."""
    redis = scene.redis()
    provider = scene.provider(behaviour=Behaviour(before_seconds=0.1, after_seconds=0.1))
    service = scene.service(redis.url, provider)
    apis = dict(service.start_api() for _ in range(2))
    workers = service.start_workers(3)
    load = scene.load(*apis, rate=40)
    slowest, restarts = 0.0, 0
    deadline = time.monotonic() + scene.scaled(long=60, short=0)
    while True:
        for port, api in list(apis.items()):
            time.sleep(0.5)
            slowest = max(slowest, api.stop())
            _, apis[port] = service.start_api(port)
            restarts += 1
        for number, worker in enumerate(workers):
            time.sleep(0.5)
            slowest = max(slowest, worker.stop())
            workers[number] = service.start_worker()
            wait_for_worker(workers[number])
            restarts += 1
        if time.monotonic() > deadline:
            break
    answers = load.end()
    with redis.client() as client:
        open_sends = settle(client, 30)
    found = deliveries(answers, provider.calls())
    return [
        Measure(name="verifications", value=found.accepted),
        Measure(name="restarts", value=restarts),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="slowest to be gone", value=slowest, at_most=10, unit=" s"),
        Measure(name="duplicates", value=found.duplicates),
        Measure(name="answered 503", value=statuses(answers)[503]),
        Measure(
            name="otherwise",
            value=len(answers) - found.accepted - statuses(answers)[503],
            at_most=0,
        ),
        Measure(name="worst", value=found.worst, unit=" s"),
    ]


def clock_skew(scene: Scene) -> Sequence[Measure]:
    """Three workers, one of them ten minutes ahead and one ten minutes behind, and a provider so
    slow that each always has attempts under way which the others must leave alone."""
    redis = scene.redis()
    provider = scene.provider(behaviour=Behaviour(before_seconds=0.2, after_seconds=1.0))
    service = scene.service(redis.url, provider)
    port, _ = service.start_api()
    workers = [service.start_worker(skew_seconds=skew) for skew in (600, -600)]
    for worker in [*workers, *service.start_workers(1)]:
        wait_for_worker(worker)
    answers = scene.load(port, rate=40, total=scene.scaled(long=1_600, short=200)).wait()
    with redis.client() as client:
        open_sends = settle(client, 30)
    found = deliveries(answers, provider.calls())
    return [
        Measure(name="verifications", value=found.accepted),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="duplicates", value=found.duplicates, at_most=0),
        Measure(name="p99", value=found.delay(0.99), at_most=1, unit=" s"),
        Measure(name="worst", value=found.worst, at_most=10, unit=" s"),
    ]
