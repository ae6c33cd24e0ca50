"""From the request to the approved code: how soon a sender is called, and how many verifications a
second go the whole way, beside the same service of stock parts."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from redis import Redis

from bench import recorder, senders, workers
from bench.figures import Figure, interleave, is_noisy, ratio
from bench.load import People, Starter
from bench.parts import served, worker
from bench.seeds import numbers
from bench.workers import Kind
from tests.chaos.programs import wait_for
from tests.conftest import redis_server

_PER_SECOND = 500
_STEADY_SECONDS = 4.0
# The same while there is next to nothing to do.
_IDLE_PER_SECOND = 10
_IDLE_SECONDS = 2.0
_STEADY_ROUNDS = 3
_SLOW_SECONDS = 0.2
_MOST_AT_REST_MS = 5.0
# They could send 800 a second.
_THREADS = 160

_CHAIN_SECONDS = 4.0
_CHAIN_ROUNDS = 5
_PEOPLE = 32
# As WORKER_CONCURRENCY is by default.
_OWN = workers.own(32)
_STOCK = workers.rq("SimpleWorker")


def figures(folder: Path) -> Iterator[Figure]:
    senders.plug_in(folder)
    with redis_server(folder) as server:
        yield from _until_sent(*_steady(folder, server.url))
    with redis_server(folder) as own, redis_server(folder) as stock, ExitStack() as running:
        ours = _people(running, folder, own.url, "api", [_OWN])
        theirs = _people(running, folder, stock.url, "bench.textbook", [_STOCK, _STOCK])
        subjects = {
            "own": partial(ours.verify, _CHAIN_SECONDS),
            "stock": partial(theirs.verify, _CHAIN_SECONDS),
        }
        # The first of each warms up.
        interleave(subjects, rounds=1)
        yield from _whole_chain(interleave(subjects, rounds=_CHAIN_ROUNDS))


@dataclass(frozen=True, kw_only=True)
class _Steady:
    """Milliseconds until the sender was called, from when the request was about to be sent, by the
    clock of the caller, and from when it was accepted, by that of Redis, which are one; and how
    many jobs were left in the queue behind the last answer."""

    since_asked: Sequence[float]
    since_accepted: Sequence[float]
    queued: int


def _steady(folder: Path, redis_url: str) -> tuple[list[_Steady], list[_Steady]]:
    """Round by round, when next to idle and at the rate."""
    records = folder / "steady"
    redis = Redis.from_url(redis_url)
    env = workers.environment(redis_url, folder, records, _SLOW_SECONDS)

    def measure(starter: Starter, per_second: int, seconds: float) -> _Steady:
        records.write_bytes(b"")
        started = starter.run(per_second, seconds)
        queued = redis.llen("rq:queue:otp")
        wait_for(lambda: recorder.count(records) >= len(started), 10, "all codes to be sent")
        called = {taken.to: taken.at for taken in recorder.read(records.read_bytes())}
        with redis.pipeline(transaction=False) as pipe:
            for one in started:
                pipe.hget(f"otp:send:{one.verification_id}:1", "asked")
            accepted = [int(asked) / 1000 for asked in pipe.execute()]
        return _Steady(
            since_asked=[1000 * (called[one.to] - one.asked_at) for one in started],
            since_accepted=[
                1000 * (called[one.to] - at) for one, at in zip(started, accepted, strict=True)
            ],
            queued=queued,
        )

    with ExitStack() as running:
        api = running.enter_context(served(folder, redis_url, **env))
        threads = {"WORKER_CONCURRENCY": str(_THREADS)}
        running.enter_context(worker(folder, redis_url, **env, **threads))
        starter = Starter(api.port, numbers(203))
        subjects = {
            "idle": partial(measure, starter, _IDLE_PER_SECOND, _IDLE_SECONDS),
            "steady": partial(measure, starter, _PER_SECOND, _STEADY_SECONDS),
        }
        # It connects to Redis, and the threads begin.
        measure(starter, _PER_SECOND, 1.0)
        seen = interleave(subjects, rounds=_STEADY_ROUNDS)
        return seen["idle"], seen["steady"]


def _people(
    running: ExitStack, folder: Path, redis_url: str, module: str, kinds: Sequence[Kind]
) -> People:
    pipe = folder / f"{module}.codes"
    os.mkfifo(pipe)
    env = workers.environment(redis_url, folder, pipe)
    api = running.enter_context(served(folder, redis_url, module, **env))
    people = People(api.port, pipe, numbers(205), count=_PEOPLE)
    for kind in kinds:
        running.callback(workers.start(kind, folder, env).kill)
    return people


def _until_sent(idle: Sequence[_Steady], steady: Sequence[_Steady]) -> Iterator[Figure]:
    at_rest, _ = _percentiles([one.since_accepted for one in idle])
    yield Figure(
        name=f"sender called at {_IDLE_PER_SECOND}/s, p50 since accepted", value=f"{at_rest:.1f} ms"
    )
    # Something else keeps the machine busy.
    noisy = at_rest > _MOST_AT_REST_MS
    name = f"sender called at {_PER_SECOND}/s, provider of {_SLOW_SECONDS * 1000:.0f} ms"
    p50, p99 = _percentiles([one.since_accepted for one in steady])
    for part, value, bar, stretch in (("p50", p50, 5, 2.5), ("p99", p99, 25, 10)):
        yield Figure.at_most(
            f"{name}, {part} since accepted",
            value,
            bar,
            stretch=stretch,
            form="{:.1f} ms",
            noisy=noisy,
        )
    p50, p99 = _percentiles([one.since_asked for one in steady])
    yield Figure(name=f"{name}, p50 and p99 since asked", value=f"{p50:.1f} and {p99:.1f} ms")
    # Five may have come within the last 10 ms.
    queued = max(one.queued for one in steady)
    yield Figure.at_most(f"{name}, jobs left", queued, 5, form="{:.0f}", noisy=noisy)


def _percentiles(rounds: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The medians of the rounds' p50 and p99."""
    parts = [quantiles(one, n=100) for one in rounds]
    return median(part[49] for part in parts), median(part[98] for part in parts)


def _whole_chain(rates: dict[str, list[float]]) -> Iterator[Figure]:
    noisy = is_noisy(rates["stock"])
    yield Figure(name="the whole chain, verifications/s", value=f"{median(rates['own']):.0f}")
    yield Figure(
        name="the whole chain of stock parts, verifications/s",
        value=f"{median(rates['stock']):.0f}",
        noisy=noisy,
    )
    yield Figure.at_least(
        "the whole chain, against stock parts",
        ratio(rates["own"], rates["stock"]),
        3,
        stretch=6,
        form="{:.1f} x",
        noisy=noisy,
    )
