"""The API against what its parts can do: Flask on the same server, with Redis and without, and RQ's
own enqueue; and the CPU that a request costs its Python."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from redis import Redis

from bench import inprocess
from bench.figures import Figure, interleave, is_noisy, ratio
from bench.parts import served
from bench.traffic import Traffic
from bench.wrk import Load
from tests.redis_servers import redis_server

ROUNDS = 5
# As many as a backend's pool keeps.
FEW_CONNECTIONS = 4


def figures(folder: Path, *, before: str, plain: str) -> Iterator[Figure]:
    yield from _throughput(_loads(folder))
    yield from inprocess.figures(folder, before=before, plain=plain)


def _loads(folder: Path) -> dict[str, list[Load]]:
    with ExitStack() as running:
        url = running.enter_context(redis_server(folder)).url
        redis = Redis.from_url(url)
        traffic = Traffic(folder, redis)
        floors, api, stock = (
            running.enter_context(served(folder, url, module))
            for module in ("bench.floors", "api", "bench.stock")
        )

        def fresh(load: Callable[[], Load]) -> Callable[[], Load]:
            def run() -> Load:
                redis.flushdb()
                return load()

            return run

        subjects = {
            "empty": fresh(lambda: traffic.start(floors, "/empty")),
            "evalsha": fresh(lambda: traffic.start(floors, "/evalsha")),
            "few": fresh(lambda: traffic.start(floors, "/evalsha", connections=FEW_CONNECTIONS)),
            "check": fresh(lambda: traffic.check(api)),
            "check by id": fresh(lambda: traffic.check(api, by_id=True)),
            "start": fresh(lambda: traffic.start(api)),
            "stock start": fresh(lambda: traffic.start(stock)),
        }
        # The first of each warms up.
        interleave(subjects, rounds=1)
        return interleave(subjects, rounds=ROUNDS)


def _throughput(loads: dict[str, list[Load]]) -> Iterator[Figure]:
    rates = {name: [load.per_second for load in seen] for name, seen in loads.items()}
    floor = rates["evalsha"]
    noisy = is_noisy(floor)
    for name, subject in (
        ("floor (a), an empty Flask route", "empty"),
        ("floor (b), the same with one EVALSHA", "evalsha"),
        (f"floor (b), {FEW_CONNECTIONS} keep-alive connections", "few"),
        ("check by number", "check"),
        ("check by id", "check by id"),
        ("start", "start"),
        ("start, stock queue.enqueue", "stock start"),
    ):
        p50, p99 = (
            statistics.median(getattr(load, p) for load in loads[subject])
            for p in ("p50_ms", "p99_ms")
        )
        yield Figure(
            name=f"{name}: requests/s, p50 / p99",
            value=f"{statistics.median(rates[subject]):.0f}/s, {p50:.1f} / {p99:.1f} ms",
        )
    for name, subject, other, bar, stretch in (
        ("check by number, against floor (b)", "check", "evalsha", 0.65, 0.75),
        ("check by id, against floor (b)", "check by id", "evalsha", 0.65, 0.75),
        ("start, against floor (b)", "start", "evalsha", 0.50, 0.60),
        (f"{FEW_CONNECTIONS} connections against 32, floor (b)", "few", "evalsha", 0.80, 0.95),
        ("start, against stock queue.enqueue", "start", "stock start", 1.4, 1.7),
    ):
        yield Figure.at_least(
            name, ratio(rates[subject], rates[other]), bar, stretch=stretch, noisy=noisy
        )
