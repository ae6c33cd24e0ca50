"""How soon a message is at its provider while the endpoints of apps that get events hang."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from statistics import quantiles

from redis import Redis

from bench import steady, workers
from bench.figures import Figure, interleave, is_noisy, ratio
from bench.load import Starter
from bench.numbers import numbers
from bench.parts import served, worker
from bench.provider import Provider
from shared.errors import RecipientBlocked
from tests.chaos.apps import AppStarter
from tests.chaos.backend import Backend
from tests.redis_servers import redis_server

_APPS = 1_000
_PER_SECOND = 200
_SECONDS = 2.0
_ROUNDS = 8
# Blocked by default: what is refused is an event, and no message.
_PREMIUM = "+19005550123"


def figures(folder: Path) -> Iterator[Figure]:
    """While no event waits, while 1,000 wait for one endpoint that hangs, and while one event waits
    for each of 1,000 that hang, none of which has answered before."""
    records = folder / "hanging"
    with ExitStack() as running:
        provider = running.enter_context(Provider(folder, records))
        backend = Backend(folder)
        running.callback(backend.program.kill)
        url = running.enter_context(redis_server(folder)).url
        apps = [f"app-{n}" for n in range(_APPS)]
        tables = (f'[{app}]\nwebhook_url = "{backend.url}/hangs/{app}"' for app in apps)
        env = {
            **workers.environment(url, folder, sends_to=provider.env()),
            **backend.env(),
            "OTP_APPS": "\n".join(tables),
        }
        api = running.enter_context(served(folder, url, **env))
        running.enter_context(worker(folder, url, **env))
        redis = Redis.from_url(url)
        starter = Starter(api.port, numbers(203))
        refused = AppStarter(redis, {**env, **backend.env("/")})

        def measure(to: Sequence[str]) -> Sequence[float]:
            redis.flushdb()
            backend.hang_up()
            for app in to:
                with suppress(RecipientBlocked):
                    refused.start(app, _PREMIUM)
            return steady.measure(redis, starter, records, _PER_SECOND, _SECONDS).since_accepted

        events = {"none": [], "one": _APPS * apps[:1], "all": apps}
        subjects = {name: partial(measure, to) for name, to in events.items()}
        # The first one connects, and the threads begin.
        measure(())
        seen = interleave(subjects, rounds=_ROUNDS)
    yield from _ratios(seen)


def _ratios(seen: dict[str, list[Sequence[float]]]) -> Iterator[Figure]:
    cuts = {name: [quantiles(one, n=100) for one in rounds] for name, rounds in seen.items()}
    for percent in (50, 99):
        ms = {name: [one[percent - 1] for one in rounds] for name, rounds in cuts.items()}
        for name, who in (("one", "one endpoint hangs"), ("all", f"{_APPS:,} endpoints hang")):
            yield Figure.at_most(
                f"accepted → provider called, while {who}, against none: p{percent}",
                ratio(ms[name], ms["none"]),
                1.1,
                noisy=is_noisy(ms["none"]),
            )
