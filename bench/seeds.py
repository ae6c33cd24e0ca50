"""Pending verifications, as many as are wanted: what Redis holds when codes were delivered and
wait to be typed in."""

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from redis import Redis

from bench.parts import ENV
from shared.codes import Codes
from shared.ledger import Claim, Ledger, Outcome
from shared.policy import DEFAULT_APP
from shared.queue import WakeUps
from shared.recipient import parse_phone
from shared.settings import Settings
from shared.store import Store
from shared.verification import VerificationService

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
    by the service's own code; all others are copies of what that has left behind, under their own
    names and with verifiers of their own codes."""

    def __init__(self, redis: Redis, **env: str) -> None:
        settings = Settings.load({**ENV, **env}, env_file=None)
        self._redis = redis
        self._codes = Codes(settings.secret_keys())
        claim = self._deliver_one(settings)
        self._kid, self._length = claim.kid, claim.length
        self._copy = redis.register_script(_COPY % "\n  ".join(self._calls(claim)))

    def make(self, numbers: Iterator[str], how_many: int) -> list[Pending]:
        made: list[Pending] = []
        while len(made) < how_many:
            batch = list(islice(numbers, min(_BATCH, how_many - len(made))))
            ids = [f"VE{secrets.token_hex(16)}" for _ in batch]
            codes = [self._codes.derive(self._kid, each, 0, self._length) for each in ids]
            words = list(map(self._words, ids, batch, codes))
            self._copy([], list(chain.from_iterable(words)))
            made += [
                Pending(verification_id=verification_id, to=to, code=code)
                for verification_id, to, code in zip(ids, batch, codes, strict=True)
            ]
        return made

    def _words(self, verification_id: str, to: str, code: str) -> tuple[str, ...]:
        """Where a verification differs from another one, in the order of _NAMES."""
        tag = self._codes.tag(DEFAULT_APP, to)
        by_recipient = self._codes.verifier(self._kid, tag, code)
        by_id = self._codes.verifier(self._kid, verification_id, code)
        return verification_id, to, tag, by_recipient, by_id

    def _deliver_one(self, settings: Settings) -> Claim:
        ledger = Ledger(self._redis)
        wake_ups = WakeUps(self._redis, self._codes.job_keys)
        store = Store(self._redis, keep_seconds=settings.otp_keep)
        policy = settings.policy()
        service = VerificationService(store, ledger, self._codes, wake_ups, lambda _: policy)
        to = parse_phone(next(numbers(201)))
        started = service.start(to, "sms", app=DEFAULT_APP, ip="192.0.2.1", locale="en")
        (claim,) = ledger.claim([(started.verification_id, 1)], {"": {"sms": ["console"]}})
        assert isinstance(claim, Claim)
        ledger.done([Outcome(claim=claim, result="accepted")])
        # As the worker does that takes a job.
        self._redis.delete(wake_ups.queue_key, *self._redis.keys("rq:job:*"))
        return claim

    def _calls(self, claim: Claim) -> Iterator[str]:
        """The Lua calls that write what Redis holds of this verification, for another one."""
        code = self._codes.derive(claim.kid, claim.verification_id, claim.generation, claim.length)
        words = self._words(claim.verification_id, claim.to, code)
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
                raise NotImplementedError(other)
        yield [b"PEXPIRE", key, b"%d" % redis.pttl(key)]


def numbers(area_code: int) -> Iterator[str]:
    """Valid ones, each of another range than the one before, eight million of them."""
    return (f"+1{area_code}{2_000_000 + i * 104_729 % 8_000_000}" for i in range(8_000_000))
