"""What one worker process delivers when its provider takes its time, and what waiting costs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from bench import senders, workers
from bench.figures import Figure
from bench.provider import Provider
from bench.workers import Run, Stage

_HTTP_ROUNDS = 2
_SECONDS = 0.2
# Three seconds, and each thread's first and last call, which do not count.
_CALLS = 17
_BARS = {64: (0.90, 0.97), 128: (0.85, 0.94)}
_MANY_THREADS = 256
_MANY_SECONDS = 2.0
_MANY_CALLS = 5


def over_http(
    stage: Stage, provider: Provider, *, few_threads: Sequence[Run], simple: Sequence[Run]
) -> Iterator[Figure]:
    """`few_threads` and `simple` are workers that delivered over HTTP without waiting, to compare
    the memory with."""
    seen = _rounds(stage, provider.env(_SECONDS), _HTTP_ROUNDS)
    yield from _of_ideal("over HTTP", seen)
    yield from _memory("over HTTP", seen[128], simple)
    many = workers.own(_MANY_THREADS)
    calls = _MANY_CALLS * _MANY_THREADS
    yield from _many(stage.run(many, calls, provider.env(_MANY_SECONDS)), few_threads)


def in_worker(stage: Stage, records: Path, *, simple: Sequence[Run]) -> Iterator[Figure]:
    seen = _rounds(stage, senders.env(records, _SECONDS), 1)
    yield from _of_ideal("to a recorder in the worker", seen)
    yield from _memory("to a recorder in the worker", seen[128], simple)


def _rounds(stage: Stage, sends_to: Mapping[str, str], rounds: int) -> dict[int, list[Run]]:
    """By threads."""
    return {
        threads: [
            stage.run(workers.own(threads), threads * _CALLS, sends_to) for _ in range(rounds)
        ]
        for threads in _BARS
    }


def _of_ideal(how: str, seen: Mapping[int, Sequence[Run]]) -> Iterator[Figure]:
    for threads, runs in seen.items():
        bar, stretch = _BARS[threads]
        ideal = threads / _SECONDS
        yield Figure.at_least(
            f"deliveries/s {how}, {1000 * _SECONDS:.0f} ms, {threads} threads: "
            f"share of the ideal {ideal:.0f}",
            median(run.rate for run in runs) / ideal,
            bar,
            stretch=stretch,
            form="{:.1%}",
        )


def _memory(how: str, own: Sequence[Run], simple: Sequence[Run]) -> Iterator[Figure]:
    many, stock = _bytes(own), _bytes(simple)
    yield Figure(
        name=f"memory {how}: a worker with 128 threads, a SimpleWorker",
        value=f"{many / 2**20:.0f} MB, {stock / 2**20:.0f} MB",
    )
    name = f"worker memory at 128 threads, against SimpleWorker, {how}"
    yield Figure.at_most(name, many / stock, 1.4, stretch=1.15, form="{:.2f} x")


def _many(run: Run, few_threads: Sequence[Run]) -> Iterator[Figure]:
    ideal = _MANY_THREADS / _MANY_SECONDS
    how = f"{_MANY_THREADS} threads, {_MANY_SECONDS:.0f} s over HTTP"
    yield Figure.at_least(
        f"{how}: share of the ideal {ideal:.0f}/s", run.rate / ideal, 0.95, form="{:.1%}"
    )
    yield Figure.at_most(f"{how}: cores used by the worker", run.rate * run.cpu_seconds, 0.5)
    # The few threads are left out, because they are next to nothing and were not all waiting.
    each = (run.memory_bytes - _bytes(few_threads)) / _MANY_THREADS
    yield Figure(name=f"{how}: memory per waiting send", value=f"{each / 1024:.0f} KB")


def _bytes(runs: Sequence[Run]) -> float:
    return median(run.memory_bytes for run in runs)
