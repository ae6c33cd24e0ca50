"""Time that a test moves by hand, on a fake Redis and on a real server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import fakeredis
import time_machine
from redis import Redis

# The fields that hold a time, in the hashes of shared/verification/store.py.
_TIMES = ("created", "expires", "sent_at", "asked", "not_before", "ended")


QUEUE = "rq:queue:otp"


class Clock(Protocol):
    def shift(self, seconds: float) -> None:
        """Let time go by, while nothing piles up in the queue: who starts a verification without
        a worker would soon be refused."""


@contextmanager
def clock_of(redis: Redis) -> Iterator[Clock]:
    """fakeredis takes TIME and expiry from Python's clock, which stands still here. A real server
    has its own, which goes on; so what it holds is made older instead."""
    if isinstance(redis, fakeredis.FakeRedis):
        with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
            yield _Travelling(redis, traveller)
    else:
        yield _Ageing(redis)


class _Travelling:
    def __init__(self, redis: Redis, traveller: Any) -> None:
        self._redis = redis
        self._traveller = traveller

    def shift(self, seconds: float) -> None:
        self._redis.delete(QUEUE)
        self._traveller.shift(seconds)


class _Ageing:
    def __init__(self, redis: Any) -> None:
        self._redis = redis

    def shift(self, seconds: float) -> None:
        self._redis.delete(QUEUE)
        ms = round(seconds * 1000)
        for key in self._redis.keys():
            self._age(key, ms)
            # At 0 or below, this deletes.
            if (ttl := self._redis.pttl(key)) >= 0:
                self._redis.pexpire(key, ttl - ms)

    def _age(self, key: bytes, ms: int) -> None:
        match key.split(b":"):
            case [b"otp", b"verification" | b"send", *_]:
                self._age_hash(key, ms)
            case [b"otp", b"limit" | b"failed", *_] | [b"otp", b"admin", b"failed", _]:
                for i, time in enumerate(self._redis.lrange(key, 0, -1)):
                    self._redis.lset(key, i, str(int(time) - ms))
            case [b"otp", b"admin", b"session", _]:
                self._redis.set(key, int(self._redis.get(key)) - ms, keepttl=True)
            case [b"otp", b"audit" | b"phone"]:
                for i, line in enumerate(self._redis.lrange(key, 0, -1)):
                    self._redis.lset(key, i, _aged(line, ms))
            case [b"otp", b"due" | b"history" | b"attempts" | b"guard_exempt", *_] | [
                b"otp",
                b"phone",
                b"receipts",
            ]:
                for member in self._redis.zrange(key, 0, -1):
                    self._redis.zincrby(key, -ms, member)

    def _age_hash(self, key: bytes, ms: int) -> None:
        for name, value in self._redis.hgetall(key).items():
            if name.decode() in _TIMES:
                self._redis.hincrby(key, name, -ms)
            elif name.startswith(b"attempt:"):
                self._redis.hset(key, name, _aged(value, ms))


def _aged(line: bytes, ms: int) -> str:
    fields = json.loads(line)
    times = ("at", "appears_at")
    return json.dumps({name: v - ms if name in times else v for name, v in fields.items()})
