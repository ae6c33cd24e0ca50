"""What a start and a check cost the API itself, without a server: one thread calls its WSGI app,
on a real Redis.

`python -m bench.inprocess` makes a hundred of each for every line on stdin, and prints on stderr
what one costs. It imports little, because it runs with the API of an earlier commit, too.
"""

import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from redis import Redis

from api import create_app
from bench.figures import Figure, interleave, is_noisy, ratio
from bench.numbers import numbers
from bench.parts import ENV
from bench.tree import check_out
from bench.wrk import NotMeasured
from shared import logs
from shared.codes import Codes
from shared.settings import Settings
from tests.chaos.programs import ROOT
from tests.redis_servers import redis_server

_ROUNDS = 14
_COUNT = 100
_CALLS = 5
_BARS = {"start": (320, 260), "check": (220, 180)}


@dataclass(frozen=True, kw_only=True)
class _Cost:
    """Microseconds of CPU of each, and of Redis for both; and how many functions of Python and of C
    both call, which no other load changes."""

    start: float
    check: float
    calls: float
    redis: float


def figures(folder: Path, *, before: str, plain: str) -> Iterator[Figure]:
    """Next to two earlier commits: `plain` is the last one without workflows, events and
    receipts."""
    trees = {"now": ROOT, "before": check_out(before, folder), "plain": check_out(plain, folder)}
    with ExitStack() as running:
        server = running.enter_context(redis_server(folder))
        apis = {
            name: running.enter_context(_api(folder, f"{server.url[:-1]}{number}", tree))
            for number, (name, tree) in enumerate(trees.items())
        }
        seen = interleave({name: api.cost for name, api in apis.items()}, rounds=_ROUNDS)
    for call, (bar, stretch) in _BARS.items():
        us = {
            name: statistics.median(getattr(cost, call) for cost in rounds)
            for name, rounds in seen.items()
        }
        name = f"in-process CPU of the API per {call}"
        yield Figure.at_most(name, us["now"], bar, stretch=stretch, form="{:.0f} µs")
        yield Figure(name=f"{name}, before", value=f"{us['before']:.0f} µs")
    yield from _against_plain(seen)


def _against_plain(seen: Mapping[str, list[_Cost]]) -> Iterator[Figure]:
    now, plain = seen["now"], seen["plain"]
    for what, of in (
        ("calls of functions by the API", attrgetter("calls")),
        ("CPU of the API", lambda cost: cost.start + cost.check),
        ("CPU of Redis", attrgetter("redis")),
    ):
        floor = list(map(of, plain))
        yield Figure.at_most(
            f"{what} per start and check, against before workflows, events and receipts",
            ratio(list(map(of, now)), floor),
            1.03,
            noisy=is_noisy(floor),
        )


class _Api:
    def __init__(self, process: subprocess.Popen[str], redis: Redis) -> None:
        self._process = process
        self._redis = redis

    def cost(self) -> _Cost:
        """Of a hundred starts and checks. Raises NotMeasured."""
        assert self._process.stdin
        assert self._process.stderr
        # No worker takes the jobs here; a start would be refused because of them.
        self._redis.delete("rq:queue:otp")
        before = self._redis_seconds()
        print(file=self._process.stdin, flush=True)
        line = self._process.stderr.readline()
        if not line.startswith("{"):
            raise NotMeasured(f"in-process: {line}{self._process.stderr.read()}".strip())
        redis = (self._redis_seconds() - before) / (_COUNT + 3 * _CALLS) * 1e6
        return _Cost(**json.loads(line), redis=redis)

    def _redis_seconds(self) -> float:
        told: dict[str, float] = self._redis.info("cpu")
        return told["used_cpu_user"] + told["used_cpu_sys"]


@contextmanager
def _api(folder: Path, redis_url: str, tree: Path) -> Iterator[_Api]:
    """The API of a tree, on an empty database of its own."""
    with (folder / "inprocess.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.inprocess"],
            cwd=folder,
            # A random seed makes a process faster or slower than the next by more than is measured.
            env={
                **ENV,
                "REDIS_URL": redis_url,
                "PYTHONPATH": f"{tree}:{ROOT}",
                "PYTHONHASHSEED": "0",
            },
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
        )
    api = _Api(process, Redis.from_url(redis_url))
    try:
        # The first ones connect to Redis and load its scripts.
        api.cost()
        yield api
    finally:
        process.communicate()


def main() -> None:
    logs.set_up()
    settings = Settings.load()
    app = create_app(settings)
    codes = Codes(settings.secret_keys())
    new = numbers(212)

    def cost_us(recipients: list[str]) -> dict[str, float]:
        start, answers = _post(app, "/generate-otp", [{"phone": to} for to in recipients])
        ids = [answer["verification_id"] for answer in answers]
        otps = [codes.derive(codes.kid, one, 0, settings.otp_code_length) for one in ids]
        bodies = [{"phone": to, "otp": otp} for to, otp in zip(recipients, otps, strict=True)]
        check, _ = _post(app, "/verify-otp", bodies)
        return {"start": start, "check": check}

    def calls(count: int) -> int:
        counted = 0

        def count_call(_frame: object, event: str, _argument: object) -> None:
            nonlocal counted
            counted += event in {"call", "c_call"}

        sys.setprofile(count_call)
        cost_us(list(islice(new, count)))
        sys.setprofile(None)
        return counted

    for _ in sys.stdin:
        cost = cost_us(list(islice(new, _COUNT)))
        each = (calls(2 * _CALLS) - calls(_CALLS)) / _CALLS
        print(json.dumps({**cost, "calls": each}), file=sys.stderr, flush=True)


def _post(
    app: WSGIApplication, path: str, bodies: list[dict[str, str]]
) -> tuple[float, list[dict[str, Any]]]:
    """Microseconds of CPU per call, and the answers. Raises RuntimeError for a refusal."""
    environs = [_environ(path, json.dumps(body).encode()) for body in bodies]
    begin = time.process_time()
    parts = [list(app(environ, _start_response)) for environ in environs]
    seconds = time.process_time() - begin
    return seconds / len(bodies) * 1e6, [json.loads(b"".join(part)) for part in parts]


def _start_response(status: str, _headers: object, _error: object = None) -> Any:
    if not status.startswith("2"):
        raise RuntimeError(status)


def _environ(path: str, body: bytes) -> dict[str, Any]:
    """A request as a server hands it over. https://peps.python.org/pep-3333/"""
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "REQUEST_URI": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


if __name__ == "__main__":
    main()
