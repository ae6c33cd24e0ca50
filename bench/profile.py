"""Where the time of a start, a check and a delivery goes: under load, py-spy looks many times a
second at the thread that runs Python in each process of the API, or of the worker. The rows tell in
which package that was, and in which of its functions most often.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from redis import Redis

from bench import parts, workers
from bench.figures import Figure
from bench.numbers import numbers
from bench.parts import served
from bench.provider import Provider
from bench.traffic import Traffic
from bench.wrk import NotMeasured
from tests.redis_servers import redis_server

_SECONDS = 5
_ROWS = 8
_BATCH = 500
# The innermost call of a line such as
# `serve (api/__main__.py:55);start (shared/verification/store.py:110) 12`.
_INNERMOST = re.compile(r"(?:.*;)?(?P<function>[^;]+) \((?P<file>[^;]+?)(?::\d+)?\) (?P<seen>\d+)")


def figures(folder: Path) -> Iterator[Figure]:
    with ExitStack() as running:
        url = running.enter_context(redis_server(folder)).url
        traffic = Traffic(folder, Redis.from_url(url))
        api = running.enter_context(served(folder, url))
        pid = api.program.process.pid
        yield from _rows("start", _seen(folder, pid, lambda: traffic.start(api)))
        yield from _rows("check", _seen(folder, pid, lambda: traffic.check(api)))
    with ExitStack() as running:
        provider = running.enter_context(Provider(folder, folder / "records"))
        url = running.enter_context(redis_server(folder)).url
        env = workers.environment(url, folder, sends_to=provider.env())
        worker = running.enter_context(parts.worker(folder, url, **env))
        redis, fill = Redis.from_url(url), workers.own(32).fill
        fresh = numbers(206)

        def deliver() -> None:
            fill(redis, islice(fresh, _BATCH))

        yield from _rows("delivery", _seen(folder, worker.process.pid, deliver))


def _seen(folder: Path, pid: int, load: Callable[[], object]) -> Counter[tuple[str, str]]:
    """How often which function of which file was found at work. Raises NotMeasured."""
    # The first one warms up.
    load()
    path = folder / "stacks"
    spy = subprocess.Popen(
        [
            *(Path(sys.executable).with_name("py-spy"), "record", "--pid", str(pid)),
            *("--subprocesses", "--gil", "--rate", "200", "--duration", str(_SECONDS)),
            # To stop a process for each look takes longer than what is looked at.
            *("--nonblocking", "--format", "raw", "--output", str(path)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while spy.poll() is None:
        load()
    _, error = spy.communicate()
    if spy.returncode:
        raise NotMeasured(f"py-spy: {error.decode().strip().splitlines()[-1]}")
    seen: Counter[tuple[str, str]] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := _INNERMOST.fullmatch(line):
            function = found["function"].rpartition(".<locals>.")[2]
            seen[found["file"], function] += int(found["seen"])
    return seen


def _rows(what: str, seen: Counter[tuple[str, str]]) -> Iterator[Figure]:
    packages: dict[str, Counter[str]] = {}
    for (file, function), times in seen.items():
        packages.setdefault(_package(file), Counter())[function] += times
    by_time = sorted(packages.items(), key=lambda item: item[1].total(), reverse=True)
    for package, functions in by_time[:_ROWS]:
        most = ", ".join(name for name, _ in functions.most_common(3))
        yield Figure(
            name=f"{what}, in {package}: {most}",
            value=f"{functions.total() / seen.total():.0%}",
        )


def _package(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")
