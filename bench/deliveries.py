"""What one worker process delivers: over HTTP, and to a recorder in the worker; next to the workers
of RQ and Celery, and with a provider that takes its time."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from bench import senders, slow_sends, workers
from bench.figures import Figure, interleave, is_noisy, ratio
from bench.provider import Provider
from bench.workers import Kind, Run, Stage
from tests.redis_servers import redis_server

_HTTP_ROUNDS = 3
_IN_WORKER_ROUNDS = 3
_THREADS = 16
_OWN = workers.own(_THREADS)
_SIMPLE = workers.rq("SimpleWorker")
_FORKING = workers.rq("Worker")
_CELERY_THREADS = workers.celery("threads", count=_THREADS)
_CELERY_PREFORK = workers.celery("prefork", count=os.cpu_count() or 1)
_LABELS = {
    _OWN.name: "one worker process, 16 threads",
    _SIMPLE.name: "RQ SimpleWorker",
    _FORKING.name: "RQ Worker, forking",
    _CELERY_THREADS.name: "Celery, 16 threads",
    _CELERY_PREFORK.name: "Celery, prefork",
}
# What is about a second's work.
_OVER_HTTP = ((_OWN, 1500), (_SIMPLE, 200), (_CELERY_THREADS, 400))
_IN_WORKER = (
    (_OWN, 2500),
    (_SIMPLE, 400),
    (_FORKING, 80),
    (_CELERY_THREADS, 1500),
    (_CELERY_PREFORK, 1500),
)


def figures(folder: Path) -> Iterator[Figure]:
    records = folder / "records"
    with redis_server(folder) as server, Provider(folder, records) as provider:
        stage = Stage(folder, server.url, records)
        over_http = _seen(stage, _OVER_HTTP, provider.env(), rounds=_HTTP_ROUNDS)
        yield from _beside_others("over HTTP", over_http)
        own, simple = over_http[_OWN.name], over_http[_SIMPLE.name]
        yield from slow_sends.over_http(stage, provider, few_threads=own, simple=simple)
        in_worker = _seen(stage, _IN_WORKER, senders.env(records), rounds=_IN_WORKER_ROUNDS)
        yield from _beside_others("to a recorder in the worker", in_worker)
        yield from _bars(in_worker)
        yield from slow_sends.in_worker(stage, records, simple=in_worker[_SIMPLE.name])


def _seen(
    stage: Stage, backlogs: Sequence[tuple[Kind, int]], sends_to: Mapping[str, str], *, rounds: int
) -> dict[str, list[Run]]:
    subjects = {kind.name: partial(stage.run, kind, count, sends_to) for kind, count in backlogs}
    return interleave(subjects, rounds=rounds)


def _beside_others(how: str, runs: Mapping[str, Sequence[Run]]) -> Iterator[Figure]:
    for name, of_one in runs.items():
        rates = [run.rate for run in of_one]
        cpu_ms = 1000 * median(run.cpu_seconds for run in of_one)
        yield Figure(
            name=f"deliveries/s {how}, and worker CPU of each, {_LABELS[name]}",
            value=f"{median(rates):.0f}, {cpu_ms:.2f} ms",
            noisy=is_noisy(rates),
        )


def _bars(runs: Mapping[str, Sequence[Run]]) -> Iterator[Figure]:
    rates = {name: [run.rate for run in of_one] for name, of_one in runs.items()}
    for name, kind, bar, stretch in (
        ("SimpleWorker", _SIMPLE, 8, 14),
        ("Celery threads", _CELERY_THREADS, 2, 3.5),
    ):
        yield Figure.at_least(
            f"no-op deliveries/s, against {name}",
            ratio(rates[_OWN.name], rates[kind.name]),
            bar,
            stretch=stretch,
            form="{:.1f} x",
            noisy=is_noisy(rates[kind.name]),
        )
    own, simple = (median(run.round_trips for run in runs[kind.name]) for kind in (_OWN, _SIMPLE))
    yield Figure.at_most("Redis round trips per delivery with a backlog", own, 1, stretch=0.3)
    yield Figure(name="the same, RQ SimpleWorker", value=f"{simple:.1f}")
