"""Time that a test moves by hand, on a fake Redis and on a real server."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import fakeredis
import pytest
import time_machine
from redis import Redis

from shared.storage import keys

QUEUE = "rq:queue:otp"


class Clock(Protocol):
    def shift(self, seconds: float) -> None:
        """Let time go by, while nothing piles up in the queue: who starts a verification without
        a worker would soon be refused."""

    def left(self, seconds: int) -> object:
        """Equal to what may be left of so many seconds. A real server's clock has gone on since
        the test began."""


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

    def left(self, seconds: int) -> object:
        return seconds


class _Ageing:
    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._began = self._now()

    def left(self, seconds: int) -> object:
        half = math.ceil(self._now() - self._began) / 2
        return pytest.approx(seconds - half, abs=half)

    def shift(self, seconds: float) -> None:
        self._redis.delete(QUEUE)
        ms = round(seconds * 1000)
        for key in self._redis.keys():
            self._age(key, ms)
            # At 0 or below, this deletes.
            if (ttl := self._redis.pttl(key)) >= 0:
                self._redis.pexpire(key, ttl - ms)

    def _now(self) -> float:
        seconds, microseconds = self._redis.time()
        return seconds + microseconds / 1e6

    def _age(self, key: bytes, ms: int) -> None:
        match self._redis.type(key):
            case b"hash":
                for name, value in self._redis.hgetall(key).items():
                    if (aged := _aged(value, ms)) != value:
                        self._redis.hset(key, name, aged)
            case b"list":
                for i, value in enumerate(self._redis.lrange(key, 0, -1)):
                    self._redis.lset(key, i, _aged(value, ms))
            case b"zset":
                for member, score in self._redis.zrange(key, 0, -1, withscores=True):
                    # Steps of workflows come after all sends.
                    if _is_time(score % keys.STEPS_FROM):
                        self._redis.zincrby(key, -ms, member)
            case b"string":
                self._redis.set(key, _aged(self._redis.get(key), ms), keepttl=True)


def _aged(value: bytes, ms: int) -> bytes:
    """The number or JSON with every time in it put back. Anything else stays as it is."""
    try:
        found = json.loads(value)
    except ValueError:
        return value
    aged = _put_back(found, ms)
    return value if aged == found else json.dumps(aged).encode()


def _put_back(found: Any, ms: int) -> Any:
    match found:
        case dict():
            return {name: _put_back(value, ms) for name, value in found.items()}
        case list():
            return [_put_back(value, ms) for value in found]
        case int() if _is_time(found):
            return found - ms
    return found


def _is_time(number: float) -> bool:
    """No count or id of ours is as large as a time in Unix milliseconds."""
    return 10**12 < number < 10**13
