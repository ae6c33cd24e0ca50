"""How throughput and waiting grow with the API's processes, with workers, and with what is pending.

The load generator, the service and Redis share the machine's cores: more processes than cores show
that they do no harm, not what they would do on cores of their own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from redis import Redis

from bench import plots
from bench.dashboard import Lives, unlimited
from bench.figures import Figure, Seen, interleave, is_noisy, ratio
from bench.parts import served
from bench.plots import Plot
from bench.seeds import numbers
from bench.traffic import Traffic
from bench.wrk import Load
from tests.conftest import redis_server

ROUNDS = 5
PROCESSES = (1, 2, 4)
PENDING = {"10³": 10**3, "10⁵": 10**5, "10⁶": 10**6}
# The load itself adds thousands: as few as these are made anew for each.
_FEW = 10**4
_LIFE_SECONDS = 0.5
_PLOTS = Path(__file__).parent


def figures(folder: Path) -> Iterator[Figure]:
    yield from _with_processes(folder)
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
    yield from _grown("API processes", start, check)


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
    yield from _grown("pending verifications", start, check)
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
    what: str, start: Mapping[str, Sequence[Load]], check: Mapping[str, Sequence[Load]]
) -> Iterator[Figure]:
    """A row for each line of the plots, which are drawn too."""
    steps = list(start)
    drawn = []
    for unit, field in (("requests/s", "per_second"), ("p99, ms", "p99_ms")):
        lines = {
            name: [median(getattr(load, field) for load in loads[step]) for step in steps]
            for name, loads in (("start", start), ("check", check))
        }
        drawn.append(Plot(title=f"{unit}, by {what}", steps=steps, lines=lines))
        for name, values in lines.items():
            yield Figure(
                name=f"{name} at {', '.join(steps)} {what}: {unit}",
                value=", ".join(f"{value:.0f}" for value in values),
            )
    plots.write(_PLOTS / f"{what.replace(' ', '-').lower()}.svg", drawn)
