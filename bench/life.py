"""What verifications cost from start to approved, counted and not timed: each is asked for over
HTTP, then a worker delivers all of them, then each is checked."""

import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any, Self

from redis import Redis

from bench.figures import Figure
from bench.numbers import numbers
from bench.parts import ENV, Served, children, memory_bytes, served, worker
from bench.wrk import NotMeasured
from shared.codes import Codes
from shared.settings import Settings
from tests.chaos.load import Caller
from tests.chaos.programs import ROOT, Program, free_port, wait_for
from tests.redis_servers import redis_server

VERIFICATIONS = 2000
_CALLERS = 8
_INSTALLED = ("api", "worker", "shared", "frontend", "deploy")


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What Redis has done so far, and holds now. The commands that scripts run are counted too. A
    read is a round trip, as nobody sends anything before the last answer is there."""

    commands: int
    reads: int
    cpu_seconds: float
    held_bytes: int

    @classmethod
    def by(cls, redis: Redis) -> Self:
        told: dict[str, Any] = redis.info("everything")
        calls = (each["calls"] for name, each in told.items() if name.startswith("cmdstat_"))
        return cls(
            commands=sum(calls),
            reads=told["total_reads_processed"],
            cpu_seconds=told["used_cpu_user"] + told["used_cpu_sys"],
            held_bytes=told["used_memory"] - told["mem_clients_normal"],
        )


def figures(folder: Path) -> Iterator[Figure]:
    with redis_server(folder) as server, served(folder, server.url) as api:
        redis = Redis.from_url(server.url)
        new = numbers(212)
        # It connects to Redis and loads its scripts.
        _start(api, list(islice(new, VERIFICATIONS // 10)))
        redis.flushdb()
        spent = [Spent.by(redis)]
        recipients = list(islice(new, VERIFICATIONS))
        ids = _start(api, recipients)
        spent.append(Spent.by(redis))
        with worker(folder, server.url) as program:
            wait_for(lambda: not redis.exists("otp:due"), 60, "the messages to be sent")
            worker_bytes = memory_bytes(program.process.pid)
        spent.append(Spent.by(redis))
        _check(api, ids, recipients)
        spent.append(Spent.by(redis))
        api_bytes = [memory_bytes(pid) for pid in children(api.program.process.pid)]
    yield from _costs(spent)
    yield Figure(name="memory per API process, under load", value=_mb(max(api_bytes)))
    yield Figure(name="memory of a worker, 32 threads, under load", value=_mb(worker_bytes))
    yield Figure.at_most(
        "make run to the first 202",
        median(_seconds_to_first_start(folder) for _ in range(3)),
        3,
        form="{:.1f} s",
    )


def _costs(spent: list[Spent]) -> Iterator[Figure]:
    def each(what: str) -> list[float]:
        """Per verification: of its start, its delivery and its check."""
        seen = [getattr(moment, what) for moment in spent]
        return [(after - before) / VERIFICATIONS for before, after in pairwise(seen)]

    # To one decimal: the look at what was spent is a round trip of its own, and the API may connect
    # once more, which takes five.
    start, _, check = (round(reads, 1) for reads in each("reads"))
    yield Figure.at_most("Redis round trips per start", start, 1)
    yield Figure.at_most("Redis round trips per check", check, 1)
    commands = each("commands")
    yield Figure(
        name="Redis commands per verification: start + delivery + check",
        value=f"{' + '.join(f'{n:.0f}' for n in commands)} = {sum(commands):.0f}",
    )
    cpu = each("cpu_seconds")
    yield Figure(
        name="Redis CPU per verification: start + delivery + check",
        value=f"{' + '.join(f'{s * 1e6:.0f}' for s in cpu)} µs",
    )
    yield Figure.at_most(
        "Redis CPU per verification", sum(cpu) * 1e6, 280, stretch=220, form="{:.0f} µs"
    )
    yield Figure(
        name="one Redis carries, all of its core used",
        value=f"{1 / sum(cpu):,.0f}/s, {86400 / sum(cpu) / 1e6:.0f} million a day",
    )
    start, delivery, check = each("held_bytes")
    yield Figure(name="bytes in Redis per verification, queued", value=f"{start:.0f}")
    yield Figure(name="bytes in Redis per verification, sent", value=f"{start + delivery:.0f}")
    yield Figure(
        name="bytes in Redis per verification, approved", value=f"{start + delivery + check:.0f}"
    )


def _start(api: Served, recipients: list[str]) -> list[str]:
    bodies = [{"phone": to} for to in recipients]
    return [answer["verification_id"] for answer in _post(api, "/generate-otp", bodies)]


def _check(api: Served, ids: list[str], recipients: list[str]) -> None:
    settings = Settings.load(ENV, env_file=None)
    codes = Codes(settings.secret_keys())
    otps = [codes.derive(codes.kid, each, 0, settings.otp_code_length) for each in ids]
    bodies = [{"phone": to, "otp": otp} for to, otp in zip(recipients, otps, strict=True)]
    _post(api, "/verify-otp", bodies)


def _post(api: Served, path: str, bodies: list[dict[str, str]]) -> list[Any]:
    """The answers. Raises NotMeasured for one that is not a success."""

    def post(some: list[dict[str, str]]) -> list[Any]:
        caller = Caller([api.port])
        answers = []
        for body in some:
            status, answer = caller.call("POST", path, body)
            if status not in {200, 202}:
                raise NotMeasured(f"{path}: {status} {answer['code']}")
            answers.append(answer)
        caller.close()
        return answers

    share = -(-len(bodies) // _CALLERS)
    shares = [bodies[i : i + share] for i in range(0, len(bodies), share)]
    with ThreadPoolExecutor(_CALLERS) as pool:
        return list(chain.from_iterable(pool.map(post, shares)))


def _seconds_to_first_start(folder: Path) -> float:
    """Of the commands of `make run`, on a copy of the project: it keeps its data in its folder."""
    place = folder / f"run-{free_port()}"
    for name in _INSTALLED:
        shutil.copytree(ROOT / name, place / name)
    port = free_port()
    run = f"{sys.executable} deploy/run.py"
    command = ["sh", "-c", f"{run} --has-redis && exec {run}"]
    begin = time.perf_counter()
    program = Program.of(command, place / "run.log", {"PORT": str(port)})
    try:
        wait_for(lambda: _answers(port), 30, "make run to answer")
        return time.perf_counter() - begin
    finally:
        program.stop()


def _answers(port: int) -> bool:
    try:
        return Caller([port]).call("POST", "/generate-otp", {"phone": next(numbers(415))})[0] == 202
    except OSError:
        return False


def _mb(size: float) -> str:
    return f"{size / 2**20:.0f} MB"
