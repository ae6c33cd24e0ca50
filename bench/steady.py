"""How soon after its request was accepted a message is at the provider, at a steady rate of
requests."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from redis import Redis

from bench import recorder, senders, workers
from bench.figures import Figure, interleave
from bench.load import Starter
from bench.numbers import numbers
from bench.parts import served, worker
from bench.provider import Provider
from tests.chaos.programs import wait_for
from tests.redis_servers import redis_server

_OVER_HTTP_PER_SECOND = 300
_IN_WORKER_PER_SECOND = 500
_SECONDS = 3.0
# The same while there is next to nothing to do.
_IDLE_PER_SECOND = 10
_IDLE_SECONDS = 2.0
_ROUNDS = 2
_PROVIDER_SECONDS = 0.2
_MOST_AT_REST_MS = 5.0
# They could send 800 a second.
_THREADS = 160


def figures(folder: Path) -> Iterator[Figure]:
    """Over HTTP, and to a recorder in the worker, whose plug-in is in `folder`."""
    records = folder / "steady"
    with Provider(folder, records) as provider:
        sends_to = provider.env(_PROVIDER_SECONDS)
        seen = _measured(folder, records, sends_to, _OVER_HTTP_PER_SECOND)
    yield from _until_called("over HTTP", _OVER_HTTP_PER_SECOND, seen)
    sends_to = senders.env(records, _PROVIDER_SECONDS)
    seen = _measured(folder, records, sends_to, _IN_WORKER_PER_SECOND)
    yield from _until_called("in the worker", _IN_WORKER_PER_SECOND, seen)


@dataclass(frozen=True, kw_only=True)
class Steady:
    """Milliseconds until the sender was called, from when the request was about to be sent, by the
    clock of the caller, and from when it was accepted, by that of Redis, which are one; and how
    many jobs were left in the queue behind the last answer."""

    since_asked: Sequence[float]
    since_accepted: Sequence[float]
    queued: int


def _measured(
    folder: Path, records: Path, sends_to: Mapping[str, str], per_second: int
) -> dict[str, list[Steady]]:
    """Round by round, when next to idle and at the rate."""
    with ExitStack() as running:
        url = running.enter_context(redis_server(folder)).url
        env = workers.environment(url, folder, sends_to=sends_to)
        api = running.enter_context(served(folder, url, **env))
        running.enter_context(worker(folder, url, **env, WORKER_CONCURRENCY=str(_THREADS)))
        redis, starter = Redis.from_url(url), Starter(api.port, numbers(203))

        def at(per_second: int, seconds: float) -> Steady:
            return measure(redis, starter, records, per_second, seconds)

        # It connects to Redis, and the threads begin.
        at(per_second, 1.0)
        subjects = {
            "idle": partial(at, _IDLE_PER_SECOND, _IDLE_SECONDS),
            "steady": partial(at, per_second, _SECONDS),
        }
        return interleave(subjects, rounds=_ROUNDS)


def measure(
    redis: Redis, starter: Starter, records: Path, per_second: int, seconds: float
) -> Steady:
    records.write_bytes(b"")
    started = starter.run(per_second, seconds)
    queued = redis.llen("rq:queue:otp")
    wait_for(lambda: recorder.count(records) >= len(started), 10, "all codes to be sent")
    called = {taken.to: taken.at for taken in recorder.read(records.read_bytes())}
    with redis.pipeline(transaction=False) as pipe:
        for one in started:
            pipe.hget(f"otp:send:{one.verification_id}:1", "asked")
        accepted = [int(asked) / 1000 for asked in pipe.execute()]
    return Steady(
        since_asked=[1000 * (called[one.to] - one.asked_at) for one in started],
        since_accepted=[
            1000 * (called[one.to] - at) for one, at in zip(started, accepted, strict=True)
        ],
        queued=queued,
    )


def _until_called(
    how: str, per_second: int, seen: Mapping[str, Sequence[Steady]]
) -> Iterator[Figure]:
    at_rest, _ = _percentiles([one.since_accepted for one in seen["idle"]])
    # Something else keeps the machine busy.
    noisy = at_rest > _MOST_AT_REST_MS
    steady = seen["steady"]
    name = f"accepted → provider called, {how}"
    yield Figure(name=f"{name}, at {_IDLE_PER_SECOND}/s: p50", value=f"{at_rest:.1f} ms")
    name = f"{name}, at {per_second}/s and {1000 * _PROVIDER_SECONDS:.0f} ms"
    p50, p99 = _percentiles([one.since_accepted for one in steady])
    for part, value, bar, stretch in (("p50", p50, 5, 2.5), ("p99", p99, 25, 10)):
        yield Figure.at_most(
            f"{name}: {part}", value, bar, stretch=stretch, form="{:.1f} ms", noisy=noisy
        )
    p50, p99 = _percentiles([one.since_asked for one in steady])
    yield Figure(name=f"{name}: p50 and p99 since asked", value=f"{p50:.1f} and {p99:.1f} ms")
    # Five may have come within the last 10 ms.
    queued = max(one.queued for one in steady)
    yield Figure.at_most(f"{name}: jobs left", queued, 5, form="{:.0f}", noisy=noisy)


def _percentiles(rounds: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The medians of the rounds' p50 and p99."""
    parts = [quantiles(one, n=100) for one in rounds]
    return median(part[49] for part in parts), median(part[98] for part in parts)
