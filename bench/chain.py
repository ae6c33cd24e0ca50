"""From the request to the approved code: how many verifications a second go the whole way, and the
CPU time that each costs. The headline sends over HTTP, as to a real provider, and compares with the
service of an earlier commit, and with one of stock parts."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench import plots, senders, steady, workers
from bench.cpu import Spent
from bench.figures import Figure, is_noisy, ratio
from bench.plots import Stack
from bench.provider import Provider
from bench.stands import SERVICE, Stands
from bench.tree import check_out
from tests.chaos.programs import ROOT

SECONDS = 3.0
ROUNDS = 5
PEOPLE = 32
SLOW_SECONDS = 0.2
_SLOW_ROUNDS = 3
SLOW_PEOPLE = 64
_IN_WORKER_SECONDS = 2.0
_IN_WORKER_ROUNDS = 3
OWN = workers.own(64)
_SIMPLE = workers.rq("SimpleWorker")
_STOCK = ("bench.textbook", [_SIMPLE, _SIMPLE])
_PLOT = Path(__file__).with_name("cpu.svg")


def figures(folder: Path, *, before: str) -> Iterator[Figure]:
    senders.plug_in(folder)
    pipe = folder / "codes"
    os.mkfifo(pipe)
    trees = {"now": ROOT, "before": check_out(before, folder)}
    with Provider(folder, pipe) as provider:
        with ExitStack() as running:
            stands = Stands(running, folder, pipe, provider.env(), provider.pid)
            for name, tree in trees.items():
                stands.add(name, "api", [OWN], PEOPLE, tree=tree)
            stands.add("stock", *_STOCK, PEOPLE)
            yield from _over_http(stands.rounds(ROUNDS, SECONDS))
        with ExitStack() as running:
            stands = Stands(running, folder, pipe, provider.env(SLOW_SECONDS), provider.pid)
            for name, tree in trees.items():
                stands.add(name, "api", [OWN], SLOW_PEOPLE, tree=tree)
            yield from _slowly(stands.rounds(_SLOW_ROUNDS, SECONDS))
    with ExitStack() as running:
        stands = Stands(running, folder, pipe, senders.env(pipe))
        stands.add("now", "api", [OWN], PEOPLE)
        stands.add("stock", *_STOCK, PEOPLE)
        yield from _in_worker(stands.rounds(_IN_WORKER_ROUNDS, _IN_WORKER_SECONDS))
    yield from steady.figures(folder)


def _over_http(seen: dict[str, list[Spent]]) -> Iterator[Figure]:
    rates = _rates(seen)
    noisy = is_noisy(rates["before"])
    yield from each("over HTTP", seen)
    for name, bar, stretch in (("before", 1.6, 2.2), ("stock", 3, 5)):
        yield Figure.at_least(
            f"verifications/s over HTTP, against {name}",
            ratio(rates["now"], rates[name]),
            bar,
            stretch=stretch,
            form="{:.1f} x",
            noisy=noisy,
        )
    for name, processes, bar, stretch in (
        ("all processes of the service", SERVICE, 0.58, 0.48),
        ("the API's processes", ("api",), 0.75, 0.60),
        ("the worker, per delivery", ("worker",), 0.25, 0.18),
    ):
        now, before = (
            [spent.each_ms(*processes) for spent in seen[name]] for name in ("now", "before")
        )
        yield Figure.at_most(
            f"CPU over HTTP, {name}, against before",
            ratio(now, before),
            bar,
            stretch=stretch,
            noisy=noisy,
        )
    bars = {
        name: {process: _each_ms(seen[name], process) for process in SERVICE}
        for name in ("before", "now")
    }
    plots.write(_PLOT, [Stack(title="CPU of a verification over HTTP, ms", bars=bars)])


def _slowly(seen: dict[str, list[Spent]]) -> Iterator[Figure]:
    ideal = SLOW_PEOPLE / SLOW_SECONDS
    provider = f"provider of {1000 * SLOW_SECONDS:.0f} ms"
    yield from each(f"{provider}, {SLOW_PEOPLE} people", seen)
    shares = {name: median(rates) / ideal for name, rates in _rates(seen).items()}
    name = f"{provider}, {SLOW_PEOPLE} people: share of the ideal {ideal:.0f}/s"
    yield Figure.at_least(name, shares["now"], 0.90, stretch=0.97, form="{:.0%}")
    yield Figure(name=f"{name}, before", value=f"{shares['before']:.0%}")


def _in_worker(seen: dict[str, list[Spent]]) -> Iterator[Figure]:
    rates = _rates(seen)
    yield from each("sent to a recorder in the worker", seen)
    yield Figure.at_least(
        "verifications/s to a recorder in the worker, against stock",
        ratio(rates["now"], rates["stock"]),
        3,
        stretch=6,
        form="{:.1f} x",
        noisy=is_noisy(rates["stock"]),
    )


def each(how: str, seen: dict[str, list[Spent]]) -> Iterator[Figure]:
    """For each service what it does, and what that costs its processes and those around it."""
    for name, rounds in seen.items():
        yield Figure(
            name=f"verifications/s {how}, {name}",
            value=f"{median(spent.per_second for spent in rounds):.0f}",
            noisy=is_noisy([spent.per_second for spent in rounds]),
        )
        costs = {process: _each_ms(rounds, process) for process in rounds[0].cpu}
        service = {process: costs.pop(process) for process in SERVICE}
        yield Figure(
            name=f"CPU per verification {how}, {name}: {' + '.join(service)}",
            value=f"{' + '.join(f'{ms:.2f}' for ms in service.values())} = "
            f"{sum(service.values()):.2f} ms",
        )
        yield Figure(
            name=f"beside it: {', '.join(costs)}",
            value=f"{', '.join(f'{ms:.2f}' for ms in costs.values())} ms",
        )


def _each_ms(rounds: Sequence[Spent], process: str) -> float:
    return median(spent.each_ms(process) for spent in rounds)


def _rates(seen: dict[str, list[Spent]]) -> dict[str, list[float]]:
    return {name: [spent.per_second for spent in rounds] for name, rounds in seen.items()}
