"""What a start and a check cost the API itself, without a server: one thread calls its WSGI app,
on a real Redis.

`python -m bench.inprocess COUNT` makes so many of each, and prints on stderr what one costs. It
imports little, because it runs with the API of an earlier commit, too.
"""

import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from redis import Redis

from api import create_app
from bench.figures import Figure, interleave
from bench.numbers import numbers
from bench.parts import ENV
from bench.wrk import NotMeasured
from shared import logs
from shared.codes import Codes
from shared.settings import Settings
from tests.chaos.programs import ROOT
from tests.redis_servers import redis_server

_ROUNDS = 4
_COUNT = 1000
_BARS = {"start": (320, 260), "check": (220, 180)}


def figures(folder: Path, trees: Mapping[str, Path]) -> Iterator[Figure]:
    with redis_server(folder) as server:
        subjects = {
            name: partial(_cost_us, folder, server.url, tree) for name, tree in trees.items()
        }
        seen = interleave(subjects, rounds=_ROUNDS)
    for call, (bar, stretch) in _BARS.items():
        us = {
            name: statistics.median(cost[call] for cost in rounds) for name, rounds in seen.items()
        }
        name = f"in-process CPU of the API per {call}"
        yield Figure.at_most(name, us["now"], bar, stretch=stretch, form="{:.0f} µs")
        yield Figure(name=f"{name}, before", value=f"{us['before']:.0f} µs")


def _cost_us(folder: Path, redis_url: str, tree: Path) -> dict[str, float]:
    Redis.from_url(redis_url).flushall()
    with (folder / "inprocess.log").open("ab") as log:
        run = subprocess.run(
            [sys.executable, "-m", "bench.inprocess", str(_COUNT)],
            cwd=folder,
            env={**ENV, "REDIS_URL": redis_url, "PYTHONPATH": f"{tree}:{ROOT}"},
            stdout=log,
            stderr=subprocess.PIPE,
            check=False,
        )
    if run.returncode:
        raise NotMeasured(f"in-process: {run.stderr.decode().strip().splitlines()[-1]}")
    cost: dict[str, float] = json.loads(run.stderr.splitlines()[-1])
    return cost


def main() -> None:
    count = int(sys.argv[1])
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

    # The first ones connect to Redis and load its scripts.
    cost_us(list(islice(new, count // 10)))
    print(json.dumps(cost_us(list(islice(new, count)))), file=sys.stderr)


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
