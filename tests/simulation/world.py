"""The real parts, in one thread: the scripts on a real server, the service, and the workers."""

import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from hiredis import pack_command
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from shared import codes
from shared.codes import Codes
from shared.delivery import ledger
from shared.delivery.ledger import Claim, Ledger, Outcome
from shared.delivery.webhooks import Event, Webhooks
from shared.messages.texts import Texts
from shared.storage import scripts
from shared.storage.scripts import RunScript
from shared.verification import admission, service
from shared.verification.core import Core
from shared.verification.service import VerificationService
from shared.verification.store import Store
from shared.verification.workflow import Steps
from tests.simulation import scene
from tests.simulation.clock import OWN_KEYS, Clock, SimulatedScripts, simulated_time
from tests.simulation.nouns import Claimed, Worker
from worker.deliverer import Deliverer, Outlet
from worker.messages import Messages
from worker.senders.base import DeliveryError, Message

# After this, a caller was told that Redis is unreachable.
GIVEN_UP_MS = 600
_LOADED: set[tuple[str, int]] = set()


class Line(SimulatedScripts):
    """Redis, as one process reaches it. `fault` is what happens to the next command: its answer is
    `lost`, or it comes so `late` that the caller has given up before Redis executes it."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        super().__init__(redis)
        self._clock = clock
        self.fault = ""
        # The fault that happened to the last command, and the answer to it.
        self.happened = ""
        self.answer: Any = None

    def load(self, name: str, *, when_full: bool = False) -> RunScript:
        # Without this, the first answer would come another way.
        first = scripts._RUNS_WHEN_FULL if when_full else ""
        if (name, id(self._redis)) not in _LOADED:
            self._redis.script_load(first + self.text(name))
            _LOADED.add((name, id(self._redis)))
        return super().load(name, when_full=when_full)

    def _ask(self, *command: Any) -> Any:
        if self.fault == "late":
            self._clock.advance(GIVEN_UP_MS)
        self.answer = super()._ask(*command)
        self.happened, self.fault = self.fault, ""
        if self.happened:
            raise RedisConnectionError("simulated")
        return self.answer


@dataclass
class Handover:
    """A message that a provider got from a worker. `taken` is what the provider made of it."""

    token: str
    attempt: int
    taken: bool
    result: str
    said: tuple[str, ...]
    recorded_at: int | None = None
    is_undelivered: bool = False


class Provider:
    """The provider behind one sender. `fate` is what it does with the next message."""

    channels = scene.CHANNELS

    def __init__(self, name: str) -> None:
        self.name = name
        self.fate = ("accepted", True)
        self.messages: list[Message] = []

    def send(self, message: Message) -> str:
        self.messages.append(message)
        result, _ = self.fate
        if result != "accepted":
            raise DeliveryError(result, "simulated")  # type: ignore[arg-type]
        return f"id-{message.attempt}"


@dataclass
class Process:
    """A worker process, and what it has in its memory."""

    line: Line
    knows: Worker
    deliverer: Deliverer
    ledger: Ledger
    steps: Steps
    webhooks: Webhooks
    jobs: list[tuple[str, int]] = field(default_factory=list)
    steps_due: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    claims: list[tuple[Claim, Claimed]] = field(default_factory=list)
    outcomes: list[tuple[Outcome, Claimed]] = field(default_factory=list)


class World:
    def __init__(self, redis: Redis, clock: Clock) -> None:
        self.redis: Any = redis
        self.clock = clock
        self.settings = scene.settings()
        self.line = Line(redis, clock)
        self.core = Core.of(self.settings, self.line)
        self.service = self.core.service
        self.ledger = Ledger(self.line)
        self.providers = {
            (channel, name): Provider(name)
            for channel, names in scene.SENDERS.items()
            for name in names
        }
        self.workers = [self.worker(n) for n in range(3)]
        # When the leases of claims end, by their tokens, and those of events.
        self.leases: dict[str, int] = {}
        self.event_leases: dict[str, int] = {}
        # Claims that a failover has lost.
        self.forgotten: set[str] = set()
        # By send, what providers got for it.
        self.handed: dict[str, list[Handover]] = defaultdict(list)
        # By verification and generation, the code in its messages.
        self.codes: dict[tuple[str, int], str] = {}
        # By app and person, the codes that were received. The events that backends took.
        self.inbox: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.told: set[str] = set()

    def worker(self, kind: int) -> Process:
        """1 lacks a sender, 2 has another key, and 3 does not know the table of an app."""
        line, core = Line(self.redis, self.clock), self.core
        senders = dict(scene.SENDERS)
        if kind == 1:
            senders["sms"] = senders["sms"][:1]
        table: Any = {
            channel: {name: self.providers[channel, name] for name in names}
            for channel, names in senders.items()
        }
        outlet = Outlet(messages=Messages(Texts("Simulated")), senders=table)
        apps = ("",) if kind == 3 else ("", "beta")
        codes = Codes({"k1": b"o" * 32}) if kind == 2 else core.codes
        ledger, store = Ledger(line), Store(line, keep_seconds=scene.KEEP_SECONDS)
        service = VerificationService(
            store, core.codes, core.policy, outlets=core.outlets, texts=core.texts
        )
        return Process(
            line=line,
            knows=Worker(senders=dict.fromkeys(apps, senders), has_key=kind != 2),
            ledger=ledger,
            deliverer=Deliverer(ledger, codes, dict.fromkeys(apps, outlet)),
            steps=Steps(store, service.start),
            webhooks=Webhooks(line),
        )

    def is_broken(self, line: Line) -> bool:
        """Whether a process takes Redis for unreachable."""
        return line._breaker._open_until is not None

    def note_recorded(self, member: str, token: str, at: int | None) -> None:
        for handover in self.handed[member]:
            if handover.token == token and at:
                handover.recorded_at = at

    def copy(self) -> list[tuple[bytes, bytes, int]]:
        """All data, without the clock's."""
        names = [key for key in sorted(self.redis.keys()) if not key.startswith(OWN_KEYS.encode())]
        with self.redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.dump(name)
                pipe.pexpiretime(name)
            found = pipe.execute()
        return list(zip(names, found[::2], found[1::2], strict=True))

    def restore(self, data: list[tuple[bytes, bytes, int]]) -> None:
        names = [key for key in self.redis.keys() if not key.startswith(OWN_KEYS.encode())]
        with self.redis.pipeline(transaction=False) as pipe:
            if names:
                pipe.delete(*names)
            for name, value, expires in data:
                pipe.restore(name, max(0, expires), value, absttl=True)
            pipe.execute()

    def look(self, script: str, *words: Any) -> Any:
        """The answer of a script that only reads, without faults."""
        pool = self.redis.connection_pool
        connection = pool.get_connection()
        try:
            connection.send_packed_command([pack_command(("EVALSHA", script, 0, *words))])
            return connection.read_response()
        finally:
            pool.release(connection)


class _Secrets:
    """In the place of the module `secrets`, from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def token_bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def token_hex(self, count: int) -> str:
        return self._random.randbytes(count).hex()


@contextmanager
def simulated(redis: Redis, seed: int) -> Iterator[World]:
    """A world whose clocks and random numbers are those of the simulation."""
    redis.flushall()
    secrets = _Secrets(seed)
    with simulated_time(redis) as clock, ExitStack() as patches:
        for module in (admission, codes, ledger, service):
            patches.enter_context(mock.patch.object(module, "secrets", secrets))
        yield World(redis, clock)
