"""What a figure is given to build its scene from, and how it is run."""

import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from redis import Redis

from tests.chaos.backend import Backend
from tests.chaos.load import Load, new_numbers
from tests.chaos.programs import Provider, RedisServer, Service
from tests.chaos.provider import Behaviour
from tests.chaos.verdict import Measure

Value = TypeVar("Value")
# No figure takes longer, whatever hangs.
_LONGEST_SECONDS = {True: 90, False: 600}


class Scene:
    """The processes of one figure, in a folder of their own. What is random comes from `random`."""

    def __init__(self, running: ExitStack, folder: Path, seed: str, *, short: bool) -> None:
        self.running = running
        self.folder = folder
        self.random = random.Random(seed)
        self.numbers = new_numbers()
        self._short = short

    def scaled(self, *, long: Value, short: Value) -> Value:
        return short if self._short else long

    def redis(self, *options: str, fsync: str = "everysec") -> RedisServer:
        options = ("--appendonly", "yes", "--appendfsync", fsync, *options)
        server = RedisServer(self.folder, *options)
        self.running.callback(server.kill)
        return server

    def provider(self, name: str = "provider", behaviour: Behaviour | None = None) -> Provider:
        provider = Provider(self.folder, name)
        self.running.callback(provider.program.kill)
        if behaviour:
            provider.behave(behaviour)
        return provider

    def vendor(self, name: str) -> Provider:
        """A provider that is played as its documentation describes it."""
        provider = Provider(self.folder, name, name)
        self.running.callback(provider.program.kill)
        return provider

    def backend(self) -> Backend:
        """Where apps get their events."""
        backend = Backend(self.folder)
        self.running.callback(backend.program.kill)
        return backend

    def service(self, redis_url: str, *providers: Provider, **env: str) -> Service:
        return Service(self.running, self.folder, redis_url, *providers, **env)

    def load(self, *ports: int, rate: float, total: int = 10**9) -> Load:
        load = Load(ports, self.numbers, rate=rate, total=total)
        self.running.callback(load.end)
        load.begin()
        return load


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A figure as measured. Without measures it could not be, and `trouble` says why."""

    name: str
    seconds: float
    measures: Sequence[Measure] = ()
    trouble: str = ""

    @property
    def is_met(self) -> bool:
        return not self.trouble and all(measure.is_met for measure in self.measures)

    @property
    def is_only_late(self) -> bool:
        """Whether all that was missed are times, which may be the machine's fault."""
        missed = [measure for measure in self.measures if not measure.is_met]
        return bool(missed) and all(measure.is_time for measure in missed)

    def __str__(self) -> str:
        told = self.trouble or ", ".join(map(str, self.measures))
        met = "ok" if self.is_met else "NOT MET"
        return f"{self.name:<16} {told}  {met}  ({self.seconds:.0f} s)"


def run(
    name: str, figure: Callable[[Scene], Sequence[Measure]], *, seed: int, short: bool
) -> Verdict:
    """Measure one figure. The logs of one that is not met stay, and it says where."""
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{name}-"))
    begin = time.monotonic()
    measures: Sequence[Measure] = ()
    trouble = ""
    try:
        with _at_most(_LONGEST_SECONDS[short]), ExitStack() as running:
            measures = figure(Scene(running, folder, f"{seed} {name}", short=short))
    except Exception as error:  # noqa: BLE001 (one figure's trouble must not hide the others)
        trouble = f"{type(error).__name__}: {error}"
    verdict = Verdict(
        name=name, seconds=time.monotonic() - begin, measures=measures, trouble=trouble
    )
    if verdict.is_met:
        shutil.rmtree(folder)
    else:
        print(f"logs of {name}: {folder}", file=sys.stderr)
    return verdict


def settle(redis: Redis, timeout: float) -> int:
    """Wait until every send is over. How many are not."""
    deadline = time.monotonic() + timeout
    while (open_sends := int(redis.zcard("otp:due"))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return open_sends


def pause_until(moment: float) -> None:
    """Sleep until time.monotonic() is `moment`."""
    time.sleep(max(0.0, moment - time.monotonic()))


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def end(_signum: int, _frame: FrameType | None) -> NoReturn:
        raise TimeoutError(f"not over after {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
