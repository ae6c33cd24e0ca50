"""What one worker process delivers: beside those of RQ and Celery as they come, and with a provider
that takes its time."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from bench import workers
from bench.figures import Figure, interleave, is_noisy, ratio
from bench.workers import Run, Stage
from tests.conftest import redis_server

_ROUNDS = 5
_SLOW_ROUNDS = 2
_THREADS = 16
_SLOW_SECONDS = 0.2
# Five seconds, and each thread's first and last call, which do not count.
_SLOW_CALLS = 27

_OWN = workers.own(_THREADS)
_SIMPLE = workers.rq("SimpleWorker")
_FORKING = workers.rq("Worker")
_CELERY_THREADS = workers.celery("threads", count=_THREADS)
_CELERY_PREFORK = workers.celery("prefork", count=os.cpu_count() or 1)
# What is about a second's work.
_BACKLOGS = {
    _OWN.name: (_OWN, 2500),
    _SIMPLE.name: (_SIMPLE, 400),
    _FORKING.name: (_FORKING, 80),
    _CELERY_THREADS.name: (_CELERY_THREADS, 1500),
    _CELERY_PREFORK.name: (_CELERY_PREFORK, 1500),
}


def figures(folder: Path) -> Iterator[Figure]:
    with redis_server(folder) as server:
        stage = Stage(folder, server.url)
        runs = interleave(
            {name: partial(stage.run, *backlog) for name, backlog in _BACKLOGS.items()},
            rounds=_ROUNDS,
        )
        few, many = (_with_slow_provider(stage, threads) for threads in (64, 128))
    yield from _beside_others(runs)
    yield from _of_ideal(64, *few, bar=0.90, stretch=0.97)
    yield from _of_ideal(128, *many, bar=0.85, stretch=0.94)
    yield from _memory(runs[_SIMPLE.name], many[0])


def _with_slow_provider(stage: Stage, threads: int) -> tuple[list[Run], list[float]]:
    """What a worker does, and what so many threads do at best."""
    worker, calls = workers.own(threads), threads * _SLOW_CALLS
    runs: list[Run] = []
    ideal: list[float] = []
    subjects: dict[str, Callable[[], None]] = {
        "worker": lambda: runs.append(stage.run(worker, calls, _SLOW_SECONDS)),
        "ideal": lambda: ideal.append(stage.call_directly(threads, _SLOW_CALLS, _SLOW_SECONDS)),
    }
    interleave(subjects, rounds=_SLOW_ROUNDS)
    return runs, ideal


def _beside_others(runs: dict[str, list[Run]]) -> Iterator[Figure]:
    rates = {name: [run.rate for run in of_one] for name, of_one in runs.items()}
    own = rates[_OWN.name]
    for label, kind in (
        ("one worker process, 16 threads", _OWN),
        ("RQ SimpleWorker", _SIMPLE),
        ("RQ Worker, forking", _FORKING),
        ("Celery, 16 threads", _CELERY_THREADS),
        ("Celery, prefork", _CELERY_PREFORK),
    ):
        yield Figure(
            name=f"no-op deliveries/s, {label}",
            value=f"{median(rates[kind.name]):.0f}",
            noisy=is_noisy(rates[kind.name]),
        )
    yield Figure.at_least(
        "no-op deliveries/s, against SimpleWorker",
        ratio(own, rates[_SIMPLE.name]),
        8,
        stretch=14,
        form="{:.1f} x",
        noisy=is_noisy(rates[_SIMPLE.name]),
    )
    yield Figure.at_least(
        "no-op deliveries/s, against Celery threads",
        ratio(own, rates[_CELERY_THREADS.name]),
        2,
        stretch=3.5,
        form="{:.1f} x",
        noisy=is_noisy(rates[_CELERY_THREADS.name]),
    )
    yield Figure.at_most(
        "Redis round trips per delivery with a backlog",
        median(run.round_trips for run in runs[_OWN.name]),
        1,
        stretch=0.3,
    )
    yield Figure(
        name="the same, RQ SimpleWorker",
        value=f"{median(run.round_trips for run in runs[_SIMPLE.name]):.1f}",
    )


def _of_ideal(
    threads: int, runs: Sequence[Run], ideal: Sequence[float], *, bar: float, stretch: float
) -> Iterator[Figure]:
    rates = [run.rate for run in runs]
    provider = f"provider of {_SLOW_SECONDS * 1000:.0f} ms, {threads} threads"
    yield Figure(name=f"{provider}, floor (c), deliveries/s", value=f"{median(ideal):.0f}")
    yield Figure.at_least(
        f"{provider}, against floor (c)",
        ratio(rates, ideal),
        bar,
        stretch=stretch,
        form="{:.1%}",
    )


def _memory(simple: Sequence[Run], many_threads: Sequence[Run]) -> Iterator[Figure]:
    stock, own = (median(run.memory_bytes for run in runs) for runs in (simple, many_threads))
    yield Figure(name="memory of a SimpleWorker", value=f"{stock / 2**20:.0f} MB")
    yield Figure(name="memory of a worker, 128 threads", value=f"{own / 2**20:.0f} MB")
    yield Figure.at_most(
        "worker memory at 128 threads, against SimpleWorker",
        own / stock,
        1.4,
        stretch=1.15,
        form="{:.2f} x",
    )
