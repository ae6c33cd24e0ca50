"""A Service's own rate limits: how many codes can be requested with the same value, which is a
client's address, a session, or whatever the account counts by."""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from pydantic import OnErrorOmit, PositiveInt, TypeAdapter

from shared.errors import RateLimitNotFound, RateLimitRefused
from shared.policy import Limit
from shared.storage import keys, reading
from shared.storage.scripts import Scripts
from shared.verification.model import ExtraLimit
from shared.verification.store import SERVICE_SECONDS

# Each is a list in Redis per value, and looked at by every start.
MOST_LIMITS = 20
MOST_BUCKETS = 10

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """At most `max` starts in any `interval` seconds. Times are Unix seconds."""

    sid: str
    max: PositiveInt
    interval: PositiveInt
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """Without buckets it limits nothing."""

    sid: str
    unique_name: str
    description: str = ""
    created_at: int = 0
    updated_at: int = 0
    buckets: tuple[OnErrorOmit[Bucket], ...]

    def bucket(self, sid: str) -> Bucket:
        """Raises RateLimitNotFound."""
        for bucket in self.buckets:
            if bucket.sid == sid:
                return bucket
        raise RateLimitNotFound

    def counting(self, value: str) -> ExtraLimit:
        """What a start that names this value counts for."""
        windows = tuple(Limit(count=b.max, window_seconds=b.interval) for b in self.buckets)
        return ExtraLimit(id=self.sid, name=self.unique_name, value=value, windows=windows)


_STORED = TypeAdapter(list[OnErrorOmit[RateLimit]])


class RateLimits:
    """The rate limits in Redis, read and replaced as a whole per Service, so that requests at the
    same time cannot add the same name or interval twice. Methods raise RateLimitNotFound,
    RateLimitRefused, StorageUnavailable."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._replace = scripts.load("verify_v2/rate_limits")

    def of(self, service: str) -> list[RateLimit]:
        """All of a Service, the oldest first."""
        key = keys.rate_limits(service)
        (kept,) = self._scripts.fetch(lambda pipe: pipe.getex(key, ex=SERVICE_SECONDS))
        return parse(kept)

    def find(self, service: str, sid: str) -> RateLimit:
        return _find(self.of(service), sid)

    def add(self, service: str, unique_name: str, description: str) -> RateLimit:
        now = int(time.time())
        limit = RateLimit(
            sid=_new_sid("RK"),
            unique_name=unique_name,
            description=description,
            created_at=now,
            updated_at=now,
            buckets=(),
        )

        def add(limits: list[RateLimit]) -> RateLimit:
            if any(other.unique_name == unique_name for other in limits):
                raise RateLimitRefused("name_taken")
            if len(limits) >= MOST_LIMITS:
                raise RateLimitRefused("too_many_limits")
            limits.append(limit)
            return limit

        return self._change(service, add)

    def describe(self, service: str, sid: str, description: str) -> RateLimit:
        def describe(limits: list[RateLimit]) -> RateLimit:
            return _put(limits, replace(_find(limits, sid), description=description))

        return self._change(service, describe)

    def remove(self, service: str, sid: str) -> None:
        self._change(service, lambda limits: limits.remove(_find(limits, sid)))

    def add_bucket(self, service: str, sid: str, most: int, interval: int) -> Bucket:
        now = int(time.time())
        bucket = Bucket(
            sid=_new_sid("BL"), max=most, interval=interval, created_at=now, updated_at=now
        )

        def add(limits: list[RateLimit]) -> Bucket:
            limit = _find(limits, sid)
            if len(limit.buckets) >= MOST_BUCKETS:
                raise RateLimitRefused("too_many_buckets")
            return _put_bucket(limits, limit, bucket)

        return self._change(service, add)

    def change_bucket(
        self, service: str, sid: str, bucket_sid: str, most: int | None, interval: int | None
    ) -> Bucket:
        """What is None stays as it is."""

        def change(limits: list[RateLimit]) -> Bucket:
            limit = _find(limits, sid)
            bucket = limit.bucket(bucket_sid)
            changed = replace(
                bucket,
                max=bucket.max if most is None else most,
                interval=bucket.interval if interval is None else interval,
                updated_at=int(time.time()),
            )
            return _put_bucket(limits, limit, changed)

        return self._change(service, change)

    def remove_bucket(self, service: str, sid: str, bucket_sid: str) -> None:
        def remove(limits: list[RateLimit]) -> None:
            limit = _find(limits, sid)
            gone = limit.bucket(bucket_sid)
            _put(limits, replace(limit, buckets=tuple(b for b in limit.buckets if b is not gone)))

        self._change(service, remove)

    def _change(self, service: str, change: Callable[[list[RateLimit]], T]) -> T:
        """Change the list of a Service's limits, and again if someone else was faster."""
        key = keys.rate_limits(service)
        while True:
            kept = self._scripts.run(lambda redis: redis.get(key)) or b""
            limits = parse(kept)
            answer = change(limits)
            changed = json.dumps(list(map(asdict, limits)))
            if self._replace([key], [kept, changed, SERVICE_SECONDS * 1000]):
                return answer


def parse(kept: bytes | None) -> list[RateLimit]:
    """What can be read of a Service's rate limits."""
    return _STORED.validate_python(reading.json_list(kept))


def _find(limits: Sequence[RateLimit], sid: str) -> RateLimit:
    for limit in limits:
        if limit.sid == sid:
            return limit
    raise RateLimitNotFound


def _put(limits: list[RateLimit], changed: RateLimit) -> RateLimit:
    changed = replace(changed, updated_at=int(time.time()))
    limits[limits.index(_find(limits, changed.sid))] = changed
    return changed


def _put_bucket(limits: list[RateLimit], limit: RateLimit, bucket: Bucket) -> Bucket:
    others = [other for other in limit.buckets if other.sid != bucket.sid]
    if any(other.interval == bucket.interval for other in others):
        raise RateLimitRefused("interval_taken")
    kept = {b.sid: b for b in limit.buckets} | {bucket.sid: bucket}
    _put(limits, replace(limit, buckets=tuple(kept.values())))
    return bucket


def _new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
