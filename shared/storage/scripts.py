"""Runs the scripts of shared/scripts, and says StorageUnavailable when Redis cannot."""

import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from hiredis import pack_command
from redis import Redis, exceptions
from redis.client import Pipeline
from redis.commands.core import Script

from shared.errors import StorageUnavailable
from shared.storage import keys
from shared.storage.client import reason
from shared.storage.refusals import CLUSTER, REFUSALS, is_cluster, refusal

# With its keys and its arguments.
RunScript = Callable[[Sequence[str], Sequence[Any]], Any]
# The arguments that a script reads by name. Those that are None or False are left out.
Facts = Mapping[str, str | float | bool | None]

log = logging.getLogger("otp.redis")

# The buckets that lib/counting.lua counts durations in. Longer ones are in `inf`.
DURATION_BOUNDS_MS = (
    *(50, 100, 200, 500, 1_000, 2_000, 5_000),
    *(10_000, 20_000, 50_000, 100_000, 200_000, 500_000),
)

_SCRIPTS = Path(__file__).parent.parent / "scripts"
_USES = re.compile(r"^-- Uses: (.+)$", re.MULTILINE)
_MAY_USE = re.compile(r"^-- May use: (.+)$", re.MULTILINE)
_LAZY = """local {part}_functions
local function use_{part}()
  {part}_functions = {part}_functions or (function()
{text}
  end)()
  return {part}_functions
end
"""
# A full Redis lets a script finish whose first write needs no memory. https://redis.io/docs/latest/
# develop/programmability/eval-intro/ (6.2 has no flag allow-oom.)
_RUNS_WHEN_FULL = f"redis.call('DEL', '{keys.NOTHING}')\n"

# InvalidResponse: something else than Redis answers there.
_UNREACHABLE = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.InvalidResponse)


class Scripts:
    """Redis, as the objects of a process share it: they notice an outage together. Each method, and
    each script, raises StorageUnavailable if Redis is unreachable or refuses commands. Then it has
    written nothing or, if the answer got lost, everything.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._breaker = _Breaker()
        self._refusals = _Refusals()
        self._note: Callable[[float], object] = _ignore
        self._put = self.load("storage/put")

    def measure(self, note: Callable[[float], object]) -> None:
        """Have `note` told of the seconds that each call takes, and each that fails."""
        self._note = note

    def load(self, name: str, *, when_full: bool = False) -> RunScript:
        """The script of that name. A script for `when_full` also runs while Redis is full. It
        writes little, and makes room."""
        first = _RUNS_WHEN_FULL if when_full else ""
        script = _script(first + self.text(name))

        def run(keys: Sequence[str], args: Sequence[Any]) -> Any:
            command = ("EVALSHA", script.sha, len(keys), *keys, *args)
            try:
                return self._ask(*command)
            except exceptions.NoScriptError:
                self._ask("SCRIPT", "LOAD", script.script)
                return self._ask(*command)

        return lambda keys, args: self._guarded(lambda: run(keys, args))

    def text(self, name: str) -> str:
        """The script of that name, with the parts of lib/ that it uses."""
        return script_text(name)

    def pop(self, key: str, seconds: float) -> bytes | None:
        """Take the first item off a list, and wait for one up to `seconds`. Returns None if there
        is none."""
        popped: list[bytes] | None = self._guarded(lambda: self._ask("BLPOP", key, seconds))
        return popped[1] if popped else None

    def put(self, key: str, value: str | int, *, seconds: int) -> None:
        """Set a key, which expires after so long."""
        self._put([key], [value, seconds * 1000])

    def run(self, command: Callable[[Redis], Any]) -> Any:
        """The answer to what `command` asks of Redis."""
        return self._guarded(lambda: command(self._redis))

    def fetch(self, ask: Callable[[Pipeline], object]) -> list[Any]:
        """The answers to the commands that `ask` adds to a pipeline. An answer is None if the key
        has another type, because another version wrote it."""

        def fetch(redis: Redis) -> list[Any]:
            with redis.pipeline(transaction=False) as pipe:
                ask(pipe)
                return [_unless_of_another_type(one) for one in pipe.execute(raise_on_error=False)]

        answers: list[Any] = self.run(fetch)
        return answers

    def _ask(self, *command: Any) -> Any:
        """The answer to a command, without the client's retries and metrics, and without the
        connection's look at each argument. They cost more than a script."""
        packed = pack_command(command)
        pool = self._redis.connection_pool
        connection = pool.get_connection()
        try:
            connection.send_packed_command([packed])  # type: ignore[no-untyped-call]
            return connection.read_response()
        finally:
            pool.release(connection)

    def _guarded(self, call: Callable[[], Any]) -> Any:
        self._breaker.pass_or_raise()
        begin = time.perf_counter()
        try:
            answer = call()
        except _UNREACHABLE as error:
            self._breaker.open(error)
            raise StorageUnavailable(f"Redis is unreachable: {reason(error)}") from error
        except exceptions.RedisError as error:
            self._breaker.close()
            if (words := refusal(error)) is None:
                raise
            why = CLUSTER if is_cluster(error) else f"Redis refuses: {words}"
            self._refusals.log(why)
            raise StorageUnavailable(why) from error
        finally:
            self._note(time.perf_counter() - begin)
        self._breaker.close()
        return answer


@cache
def _script(text: str) -> Script:
    """A script with its hash, which is the same for every Redis."""
    # Bytes, because it would ask the client how to encode a text.
    return Script(None, text.encode())  # type: ignore[arg-type]


@cache
def script_text(name: str) -> str:
    """A script below the parts of lib/ that it uses, and those that they use."""
    script = _with_parts(_read(name), frozenset())
    for word, values in (
        ("REFUSALS", REFUSALS),
        ("BOUNDS_MS", DURATION_BOUNDS_MS),
        ("STEPS_FROM", [keys.STEPS_FROM]),
    ):
        script = script.replace(f"{{{word}}}", ", ".join(map(json.dumps, values)))
    return script


def _with_parts(text: str, known: frozenset[str]) -> str:
    """A text below the parts that it uses, except those that are `known` above it.

    Lua creates a script's functions again on each run, which takes up to a tenth of it. Those of a
    part that it only may use are created when it first calls use_{part}(), which returns them in a
    table.
    """
    texts: dict[str, str] = {}
    lazy: list[str] = []

    def add(text: str) -> None:
        for part in _named(_USES, text):
            if part not in {*known, *texts}:
                one = _part(part)
                add(one)
                texts[part] = one
        lazy.extend(part for part in _named(_MAY_USE, text) if f"use_{part}" not in known)

    add(text)
    above = known | texts.keys()
    for part in lazy:
        texts[f"use_{part}"] = _LAZY.format(part=part, text=_with_parts(_part(part), above))
    return "\n".join([*texts.values(), text])


def _part(name: str) -> str:
    return _read(f"lib/{name}")


def _read(name: str) -> str:
    return (_SCRIPTS / f"{name}.lua").read_text(encoding="utf-8")


def _named(line: re.Pattern[str], text: str) -> list[str]:
    found = line.search(text)
    return found[1].split(", ") if found else []


def named(facts: Facts) -> list[str | float]:
    """As lib/arguments.lua reads them."""
    words: list[str | float] = []
    for name, fact in facts.items():
        if fact is not None and fact is not False:
            # Redis takes no True.
            words += (name, 1 if fact is True else fact)
    return words


def json_of(answer: bytes) -> Any:
    """What a script answers in JSON. The parts that it repeats from a record need not be UTF-8."""
    return json.loads(answer.decode(errors="replace"))


def _ignore(_: float) -> None:
    pass


class _Breaker:
    """Fails immediately while Redis is unreachable, so that waiting requests do not use up the
    threads. Every half second one caller tries again. Logs each change once."""

    _PAUSE_SECONDS = 0.5

    def __init__(self) -> None:
        self._open_until: float | None = None
        self._lock = Lock()

    def pass_or_raise(self) -> None:
        with self._lock:
            if self._open_until is None:
                return
            if time.monotonic() < self._open_until:
                raise StorageUnavailable("Redis is unreachable")
            self._open_until = time.monotonic() + self._PAUSE_SECONDS

    def open(self, error: Exception) -> None:
        with self._lock:
            is_news = self._open_until is None
            self._open_until = time.monotonic() + self._PAUSE_SECONDS
        if is_news:
            facts = {"error": str(error), "reason": reason(error)}
            log.warning("redis_unreachable", extra=facts)

    def close(self) -> None:
        with self._lock:
            is_news = self._open_until is not None
            self._open_until = None
        if is_news:
            log.warning("redis_reachable")


class _Refusals:
    """Logs why Redis refuses commands, each reason once a minute."""

    _PAUSE_SECONDS = 60

    def __init__(self) -> None:
        self._quiet_until: dict[str, float] = {}

    def log(self, why: str) -> None:
        now = time.monotonic()
        if now >= self._quiet_until.get(why, 0):
            self._quiet_until[why] = now + self._PAUSE_SECONDS
            log.warning("redis_refuses", extra={"error": why})


def _unless_of_another_type(answer: Any) -> Any:
    if not isinstance(answer, Exception):
        return answer
    if str(answer).startswith("WRONGTYPE"):
        return None
    raise answer
