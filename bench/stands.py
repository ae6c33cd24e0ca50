"""Whole services that run next to each other, each on its own Redis, and people who use them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType

from redis import Redis

from bench import workers
from bench.cpu import Spent, watch
from bench.figures import interleave
from bench.load import People
from bench.numbers import numbers
from bench.parts import served
from bench.workers import Kind
from tests.chaos.programs import ROOT, wait_for
from tests.redis_servers import redis_server

# The processes of a service.
SERVICE = ("api", "worker", "redis")
_WARM_UP_SECONDS = 1.0
_AREA_CODES = (205, 206, 207, 208)


class Stands:
    """`sends_to` says where their workers send. The codes come from `pipe`. `provider` is the
    process that writes them there, if it is not the worker."""

    def __init__(
        self,
        running: ExitStack,
        folder: Path,
        pipe: Path,
        sends_to: Mapping[str, str],
        provider: int | None = None,
    ) -> None:
        self._running = running
        self._folder = folder
        self._pipe = pipe
        self._sends_to = sends_to
        self._others = {"provider": [provider]} if provider else {}
        self._verify: dict[str, Callable[[float], Spent]] = {}

    def add(
        self,
        name: str,
        module: str,
        kinds: Sequence[Kind],
        people: int,
        *,
        tree: Path = ROOT,
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Start a service of `tree` (see tree.py) with these workers, for so many people. `env` are
        settings of its own."""
        url = self._running.enter_context(redis_server(self._folder)).url
        sends_to = {**self._sends_to, **env}
        env = workers.environment(url, self._folder, sends_to=sends_to, tree=tree)
        api = self._running.enter_context(served(self._folder, url, module, **env))
        started = [workers.start(kind, self._folder, env) for kind in kinds]
        for worker in started:
            self._running.callback(worker.kill)
        for worker, kind in zip(started, kinds, strict=True):
            workers.wait_until_started(worker, kind)
        redis = Redis.from_url(url)

        def told() -> None:
            """The backend has its events."""
            wait_for(lambda: not redis.exists("otp:webhooks:since"), 10, "events to arrive")

        self.watch(
            name,
            People(api.port, self._pipe, self.numbers(), count=people),
            {
                "api": [api.program.process.pid],
                "worker": [worker.process.pid for worker in started],
                "redis": [redis.info("server")["process_id"]],
            },
            told,
        )

    def watch(
        self,
        name: str,
        people: People,
        pids: Mapping[str, Sequence[int]],
        after: Callable[[], object] = bool,
    ) -> None:
        """Take turns with a service that was started elsewhere, whose processes these are. What
        they do until `after` is over counts, too."""
        watched = {**pids, **self._others}

        def verify(seconds: float) -> tuple[int, float]:
            done = people.verify(seconds)
            after()
            return done

        self._verify[name] = lambda seconds: watch(watched, partial(verify, seconds))

    def numbers(self) -> Iterator[str]:
        """New ones for the next service: a late message must not be taken for another's."""
        return numbers(_AREA_CODES[len(self._verify)])

    def rounds(self, rounds: int, seconds: float) -> dict[str, list[Spent]]:
        """What each service did while its people verified, in turn."""
        # The first of each warms up.
        for verify in self._verify.values():
            verify(_WARM_UP_SECONDS)
        return interleave(
            {name: partial(verify, seconds) for name, verify in self._verify.items()},
            rounds=rounds,
        )
