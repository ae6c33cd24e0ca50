"""How throughput and waiting grow with the API's processes, with workers, and with what is pending.

The load generator, the service and Redis share the machine's cores: more processes than cores show
that they do no harm, not what they would do on cores of their own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median, quantiles

from redis import Redis

from bench import plots, recorder, workers
from bench.dashboard import Lives, unlimited
from bench.figures import Figure, Seen, interleave, is_noisy, ratio
from bench.load import Starter
from bench.numbers import numbers
from bench.parts import served
from bench.plots import Plot
from bench.provider import Provider
from bench.traffic import Traffic
from bench.wrk import Load
from tests.chaos.programs import wait_for
from tests.redis_servers import redis_server

ROUNDS = 2
WORKER_ROUNDS = 2
PROCESSES = (1, 2, 4)
WORKERS = (1, 2, 4)
_THREADS = 16
_BACKLOG = 1500
_PER_SECOND = 200
PENDING = {"10³": 10**3, "10⁵": 10**5, "10⁶": 10**6}
# The load itself adds thousands, so a set this small is created again for each measurement.
_FEW = 10**4
_LIFE_SECONDS = 0.5
_PLOTS = Path(__file__).parent


def figures(folder: Path) -> Iterator[Figure]:
    yield from _with_processes(folder)
    yield from _with_workers(folder)
    yield from _with_pending(folder)


def _with_processes(folder: Path) -> Iterator[Figure]:
    with redis_server(folder) as server, ExitStack() as running:
        redis = Redis.from_url(server.url)
        traffic = Traffic(folder, redis)

        def fresh(load: Callable[[], Load]) -> Load:
            redis.flushdb()
            return load()

        apis = {
            str(count): running.enter_context(served(folder, server.url, API_PROCESSES=str(count)))
            for count in PROCESSES
        }
        start, check = (
            _in_turn({label: partial(fresh, partial(load, api)) for label, api in apis.items()})
            for load in (traffic.start, traffic.check)
        )
    yield from _grown("API processes", {"start": start, "check": check})


@dataclass(frozen=True, kw_only=True)
class _Delivered:
    """Messages a second of a backlog, and without one the time from the acceptance of a request to
    its sender's call."""

    per_second: float
    p99_ms: float


def _with_workers(folder: Path) -> Iterator[Figure]:
    with redis_server(folder) as server, Provider(folder, folder / "records") as provider:
        env = workers.environment(server.url, folder, sends_to=provider.env())
        with served(folder, server.url, **env) as api:
            deliver = partial(_deliver, folder, Redis.from_url(server.url), api.port, env)
            seen = interleave(
                {str(count): partial(deliver, count) for count in WORKERS}, rounds=WORKER_ROUNDS
            )
    yield from _grown("workers", {"delivery": seen})


def _deliver(folder: Path, redis: Redis, port: int, env: dict[str, str], count: int) -> _Delivered:
    records, kind = folder / "records", workers.own(_THREADS)
    redis.flushall()
    records.write_bytes(b"")
    kind.fill(redis, islice(numbers(202), _BACKLOG))
    with ExitStack() as running:
        for _ in range(count):
            running.callback(workers.start(kind, folder, env).kill)
        wait_for(lambda: recorder.count(records) == _BACKLOG, 60, "the backlog to be delivered")
        per_second = workers.rate(records, count * _THREADS)
        started = Starter(port, numbers(203)).run(_PER_SECOND, 1.0)
        wait_for(
            lambda: recorder.count(records) == _BACKLOG + len(started), 10, "all codes to be sent"
        )
    called = {taken.to: taken.at for taken in recorder.read(records.read_bytes())}
    waited = [
        1000 * called[one.to] - int(redis.hget(f"otp:send:{one.verification_id}:1", "asked") or 0)
        for one in started
    ]
    return _Delivered(per_second=per_second, p99_ms=quantiles(waited, n=100)[98])


class _Place:
    """The service among so many pending verifications."""

    def __init__(self, running: ExitStack, folder: Path, size: int) -> None:
        # None of them ends meanwhile.
        env = {"OTP_TTL_SECONDS": "3600"}
        place = folder / str(size)
        place.mkdir()
        url = running.enter_context(redis_server(place)).url
        self._redis = Redis.from_url(url)
        self._traffic = Traffic(place, self._redis, **env)
        self._numbers = numbers(415)
        self._size = size
        self._fill()
        self._api = running.enter_context(served(place, url, **env))
        self._lives = Lives(self._redis, unlimited(**env))

    def start(self) -> Load:
        self._renew()
        return self._traffic.start(self._api)

    def check(self) -> Load:
        self._renew()
        return self._traffic.check(self._api)

    def live(self) -> float:
        """Verifications a second, from start to approved, of one process."""
        self._renew()
        return self._lives.run(_LIFE_SECONDS)

    def _renew(self) -> None:
        if self._size < _FEW:
            self._redis.flushdb()
            self._fill()

    def _fill(self) -> None:
        self._traffic.seeds.make(self._numbers, self._size)


def _with_pending(folder: Path) -> Iterator[Figure]:
    with ExitStack() as running:
        places = {label: _Place(running, folder, size) for label, size in PENDING.items()}
        start = _in_turn({label: place.start for label, place in places.items()})
        check = _in_turn({label: place.check for label, place in places.items()})
        lives = _in_turn({label: place.live for label, place in places.items()})
    yield from _grown("pending verifications", {"start": start, "check": check})
    few, *_, many = PENDING
    for name, rates in (
        ("start", _rates(start)),
        ("check", _rates(check)),
        ("start, delivery and check in one process", lives),
    ):
        yield Figure.at_least(
            f"{name}: at {many} pending, against {few}",
            ratio(rates[many], rates[few]),
            0.90,
            noisy=is_noisy(rates[few]),
        )


def _in_turn(subjects: Mapping[str, Callable[[], Seen]]) -> dict[str, list[Seen]]:
    # The first of each warms up.
    interleave(subjects, rounds=1)
    return interleave(subjects, rounds=ROUNDS)


def _rates(loads: Mapping[str, Sequence[Load]]) -> dict[str, list[float]]:
    return {label: [load.per_second for load in seen] for label, seen in loads.items()}


def _grown(
    what: str,
    lines: Mapping[str, Mapping[str, Sequence[Load]] | Mapping[str, Sequence[_Delivered]]],
) -> Iterator[Figure]:
    """A row for each line of two plots, which are drawn too."""
    drawn = []
    for unit, field in (("a second", "per_second"), ("p99, ms", "p99_ms")):
        medians = {
            line: {
                step: median(getattr(one, field) for one in seen) for step, seen in steps.items()
            }
            for line, steps in lines.items()
        }
        drawn.append(Plot(title=f"{unit}, by {what}", lines=medians))
        for line, values in medians.items():
            yield Figure(
                name=f"{line} at {', '.join(values)} {what}: {unit}",
                value=", ".join(f"{value:.0f}" for value in values.values()),
            )
    plots.write(_PLOTS / f"{what.replace(' ', '-').lower()}.svg", drawn)
