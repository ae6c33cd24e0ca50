"""Simulated time, for the scripts on a real Redis or Valkey and for Python.

The time is in a key, and lib/time.lua reads that key here in place of Redis's own clock. It begins
so far in the future that no key expires by the server's clock. Scripts have keys expire at a time,
so the clock deletes those whose time has come when it is moved. Nothing in the service knows of
this.
"""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from unittest import mock

import time_machine
from hiredis import Reader, pack_command
from redis import Redis

from shared.storage.scripts import Scripts

BEGIN_MS = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
# All keys of the clock begin so.
OWN_KEYS = "sim:"
_NOW = f"{OWN_KEYS}now"

_NOW_MS = re.compile(r"(?<=^local function now_ms\(\)\n).*?(?=^end$)", re.MULTILINE | re.DOTALL)
_SIMULATED = f"  return tonumber(redis.call('GET', '{_NOW}'))\n"
_CHANGES = ("__keyevent@0__:expire", "__keyevent@0__:restore")

# KEYS that were given a time to expire at   ARGV 1 the new time
# Result: the keys that have expired
_ADVANCE = f"""
-- A full Redis lets a script finish whose first write needs no memory.
redis.call('DEL', 'sim:nothing')
redis.call('SET', '{_NOW}', ARGV[1])
for _, key in ipairs(KEYS) do
  local at = redis.call('PEXPIRETIME', key)
  if at > 0 then
    redis.call('ZADD', 'sim:expiries', at, key)
  end
end
local expired = {{}}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', 'sim:expiries', '-inf', ARGV[1])) do
  local at = redis.call('PEXPIRETIME', key)
  if at > tonumber(ARGV[1]) then
    redis.call('ZADD', 'sim:expiries', at, key)
  else
    redis.call('ZREM', 'sim:expiries', key)
    if at > 0 then
      redis.call('DEL', key)
      table.insert(expired, key)
    end
  end
end
return expired
"""


class SimulatedScripts(Scripts):
    """The scripts of the service, which go by the simulated time."""

    def text(self, name: str) -> str:
        return _simulated(super().text(name))


@cache
def _simulated(text: str) -> str:
    return _NOW_MS.sub(_SIMULATED, text)


class Clock:
    """The time, in Unix milliseconds. Keys that begin with OWN_KEYS are the clock's: what copies or
    clears the data leaves them alone."""

    def __init__(self, redis: Redis, traveller: time_machine.Traveller) -> None:
        self._redis = redis
        self._traveller = traveller
        redis.config_set("notify-keyspace-events", "Eg")
        self._changes = _Changes(redis)
        self._advance = redis.register_script(_ADVANCE)
        self.now_ms = BEGIN_MS
        self.advance(0)

    def advance(self, ms: int) -> list[bytes]:
        """Let time go by. Returns the keys that have expired, the first one first."""
        self.now_ms += ms
        self._traveller.move_to(self.now_ms / 1000)
        expired: list[bytes] = self._advance(self._changes.keys(), [self.now_ms])
        return expired

    def monotonic(self) -> float:
        return (self.now_ms - BEGIN_MS) / 1000

    def close(self) -> None:
        self._changes.close()


@contextmanager
def simulated_time(redis: Redis) -> Iterator[Clock]:
    """The clock of an empty server and of this process."""
    with time_machine.travel(BEGIN_MS / 1000, tick=False) as traveller:
        clock = Clock(redis, traveller)
        # time_machine leaves this one alone.
        with mock.patch.object(time, "monotonic", clock.monotonic):
            yield clock
        clock.close()


class _Changes:
    """Which keys were given a time to expire at, as the server tells its subscribers."""

    def __init__(self, redis: Redis) -> None:
        options = redis.connection_pool.connection_kwargs
        if path := options.get("path"):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(path)
        else:
            self._socket = socket.create_connection((options["host"], options["port"]))
        self._reader = Reader()
        for change in _CHANGES:
            self._ask("SUBSCRIBE", change)

    def keys(self) -> list[bytes]:
        """All since the last call, sorted. The server answers a ping after what it told before."""
        self._ask("PING")
        changed = set()
        while True:
            told = self._reader.gets()
            if told is False:
                self._reader.feed(self._socket.recv(65536))
            elif told[0] == b"message":
                changed.add(told[2])
            elif told[0] == b"pong":
                return sorted(changed)

    def close(self) -> None:
        self._socket.close()

    def _ask(self, *words: Any) -> None:
        self._socket.sendall(pack_command(words))
