"""`python -m tests.simulation [--minutes N] [--steps N] [--seed N] [--processes N] [--redis FILE]`:
look for histories in which the service breaks what it promises.

Each process walks at random on its own Redis. A violation is printed with its seed and the last
moves, and makes the exit code 1. The same seed and the same number of steps have the same history.
"""

import argparse
import gc
import multiprocessing
import os
import resource
import secrets
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.redis_servers import REAL_REDIS
from tests.simulation.run import Report, server, walk
from tests.simulation.walk import Walk

PROGRESS_SECONDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--steps", type=int, default=0, help="of each process, not the minutes")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    # While one waits for its Redis, another one goes on.
    parser.add_argument("--processes", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--redis", default=REAL_REDIS["real"], help="a Redis or Valkey server")
    arguments = parser.parse_args()
    seeds = [arguments.seed + n for n in range(arguments.processes)]
    print(f"seeds {', '.join(map(str, seeds))} on {arguments.redis}", flush=True)
    found: Any = multiprocessing.SimpleQueue()
    # So that whatever was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes = [
        multiprocessing.Process(target=_walk, args=(seed, arguments, found.put), daemon=True)
        for seed in seeds
    ]
    for process in processes:
        process.start()
    reports = _follow(found.get, len(seeds))
    for process in processes:
        process.join()
    # Of the walks and their servers, as other programs may keep the cores busy.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    steps = sum(report.steps for report in reports)
    print(f"{1000 * (used.ru_utime + used.ru_stime) / steps:.2f} ms of CPU for each step")
    sys.exit(any(report.violation for report in reports))


def _walk(seed: int, arguments: argparse.Namespace, put: Callable[[object], None]) -> None:
    # Looking for cycles would take a quarter of the time.
    gc.freeze()
    gc.set_threshold(50_000)
    seconds = 0 if arguments.steps else arguments.minutes * 60
    told_at = time.perf_counter()

    def progress(one: Walk) -> None:
        nonlocal told_at
        if time.perf_counter() > told_at + PROGRESS_SECONDS:
            told_at = time.perf_counter()
            put((seed, one.steps, len(one.interleavings)))

    with server(arguments.redis) as redis:
        put(walk(redis, seed, steps=arguments.steps, seconds=seconds, progress=progress))


def _follow(get: Callable[[], Any], count: int) -> list[Report]:
    """Print what the processes tell, until each has ended."""
    began, known, reports = time.perf_counter(), dict[int, tuple[int, int]](), list[Report]()
    while len(reports) < count:
        told = get()
        if isinstance(told, Report):
            reports.append(told)
            known[told.seed] = told.steps, len(told.interleavings)
            if told.violation:
                print(f"{told.last}\nseed {told.seed}, step {told.steps}: {told.violation}")
            print(f"seed {told.seed}: {told.steps:,} steps, history {told.history[:16]}")
        else:
            seed, *numbers = told
            known[seed] = tuple(numbers)
        if len(known) == count:
            _print(time.perf_counter() - began, *map(sum, zip(*known.values(), strict=True)))
    distinct = len(frozenset().union(*(report.interleavings for report in reports)))
    print(f"{distinct:,} different interleavings, {_violations(reports)}")
    return reports


def _print(seconds: float, steps: int, interleavings: int) -> None:
    rate = steps / seconds
    print(
        f"{seconds:4.0f} s: {steps:,} steps, {rate:,.0f} a second, {interleavings:,} interleavings",
        flush=True,
    )


def _violations(reports: list[Report]) -> str:
    broken = sum(bool(report.violation) for report in reports)
    return f"{broken} violations" if broken else "no violation"


if __name__ == "__main__":
    main()
