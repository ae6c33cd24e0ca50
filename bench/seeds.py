"""Pending verifications, as many as are wanted: what Redis holds when codes were delivered and
wait to be typed in."""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice
from typing import Any

from redis import Redis

from api import create_app
from bench.numbers import numbers
from bench.parts import ENV
from shared.codes import Codes
from shared.policy import DEFAULT_APP
from shared.settings import Settings
from worker.__main__ import create_worker

_BATCH = 500
# What is written for each verification stands in it as calls, with the names of _words().
_COPY = """
for i = 1, #ARGV, 5 do
  local id, to, tag, by_recipient, by_id = unpack(ARGV, i, i + 4)
  %s
end
"""
_NAMES = ("id", "to", "tag", "by_recipient", "by_id")


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A code that was sent."""

    verification_id: str
    to: str
    code: str


class Seeds:
    """Makes pending verifications in a Redis that is empty at first. One is asked for and delivered
    by the service itself; all others are copies of what that has left behind, under their own names
    and with verifiers of their own codes."""

    def __init__(self, redis: Redis, **env: str) -> None:
        settings = Settings.load({**ENV, **env}, env_file=None)
        # Its answers are bytes, which the types of redis-py leave open.
        self._redis: Any = redis
        self._codes = Codes(settings.secret_keys())
        self._length = settings.otp_code_length
        self._copy = redis.register_script(_COPY % "\n  ".join(self._calls(settings)))

    def make(self, numbers: Iterator[str], how_many: int) -> list[Pending]:
        made: list[Pending] = []
        while len(made) < how_many:
            batch = list(islice(numbers, min(_BATCH, how_many - len(made))))
            ids = [f"VE{secrets.token_hex(16)}" for _ in batch]
            codes = list(map(self._code, ids))
            words = list(map(self._words, ids, batch, codes))
            self._copy([], list(chain.from_iterable(words)))
            made += [
                Pending(verification_id=verification_id, to=to, code=code)
                for verification_id, to, code in zip(ids, batch, codes, strict=True)
            ]
        return made

    def _code(self, verification_id: str) -> str:
        return self._codes.derive(self._codes.kid, verification_id, 0, self._length)

    def _words(self, verification_id: str, to: str, code: str) -> tuple[str, ...]:
        """Where a verification differs from another one, in the order of _NAMES."""
        tag = self._codes.tag(DEFAULT_APP, to)
        by_recipient = self._codes.verifier(self._codes.kid, tag, code)
        by_id = self._codes.verifier(self._codes.kid, verification_id, code)
        return verification_id, to, tag, by_recipient, by_id

    def _calls(self, settings: Settings) -> Iterator[str]:
        """Lua calls that write what Redis holds of a verification, for another one."""
        to = next(numbers(201))
        client = create_app(settings, self._redis).test_client()
        answer = client.post("/generate-otp", json={"phone": to}).get_json()
        with redirect_stdout(StringIO()):
            create_worker(settings, self._redis).run(burst=True)
        verification_id = answer["verification_id"]
        words = self._words(verification_id, to, self._code(verification_id))
        holes = {word: f'" .. {name} .. "' for word, name in zip(words, _NAMES, strict=True)}
        pattern = re.compile("|".join(map(re.escape, holes)))
        for key in self._redis.keys():
            if pattern.search(key.decode()):
                for command in self._that_write(key):
                    texts = (json.dumps(word.decode()) for word in command)
                    yield f"redis.call({pattern.sub(lambda m: holes[m[0]], ', '.join(texts))})"

    def _that_write(self, key: bytes) -> Iterator[list[bytes]]:
        redis = self._redis
        match redis.type(key):
            case b"string":
                yield [b"SET", key, redis.get(key)]
            case b"hash":
                yield [b"HSET", key, *chain.from_iterable(redis.hgetall(key).items())]
            case b"list":
                yield [b"RPUSH", key, *redis.lrange(key, 0, -1)]
            case b"zset":
                for member, score in redis.zrange(key, 0, -1, withscores=True):
                    yield [b"ZADD", key, b"%d" % score, member]
            case other:
                raise TypeError(f"{key!r} is a {other!r}, which no verification has")
        yield [b"PEXPIRE", key, b"%d" % redis.pttl(key)]
