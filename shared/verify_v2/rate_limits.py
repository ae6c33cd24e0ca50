"""A Service's own rate limits: how many codes can be requested with the same value, which is a
client's address, a session, or whatever the account counts by."""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self, TypeVar

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

    def with_bucket(self, bucket: Bucket) -> Self:
        """With this bucket added, or in place of the one that has its SID. Raises
        RateLimitRefused."""
        buckets = {b.sid: b for b in self.buckets} | {bucket.sid: bucket}
        if len(buckets) > MOST_BUCKETS:
            raise RateLimitRefused("too_many_buckets")
        if len({b.interval for b in buckets.values()}) < len(buckets):
            raise RateLimitRefused("interval_taken")
        return replace(self, buckets=tuple(buckets.values()))

    def without_bucket(self, sid: str) -> Self:
        """Raises RateLimitNotFound."""
        gone = self.bucket(sid)
        return replace(self, buckets=tuple(b for b in self.buckets if b is not gone))

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
        self._use = scripts.load("verify_v2/use")

    def of(self, service: str) -> list[RateLimit]:
        """All of a Service, the oldest first."""
        (kept,) = self._use([keys.rate_limits(service)], [SERVICE_SECONDS * 1000])
        return parse(kept)

    def find(self, service: str, sid: str) -> RateLimit:
        return _find(self.of(service), sid)

    def add(self, service: str, unique_name: str, description: str) -> RateLimit:
        limit = RateLimit(
            **_identity("RK"), unique_name=unique_name, description=description, buckets=()
        )

        def add(limits: list[RateLimit]) -> RateLimit:
            if any(other.unique_name == unique_name for other in limits):
                raise RateLimitRefused("name_taken")
            if len(limits) >= MOST_LIMITS:
                raise RateLimitRefused("too_many_limits")
            limits.append(limit)
            return limit

        return self._change_all(service, add)

    def describe(self, service: str, sid: str, description: str) -> RateLimit:
        return self._change(service, sid, lambda limit: replace(limit, description=description))

    def remove(self, service: str, sid: str) -> None:
        self._change_all(service, lambda limits: limits.remove(_find(limits, sid)))

    def add_bucket(self, service: str, sid: str, most: int, interval: int) -> Bucket:
        bucket = Bucket(**_identity("BL"), max=most, interval=interval)
        self._change(service, sid, lambda limit: limit.with_bucket(bucket))
        return bucket

    def change_bucket(
        self, service: str, sid: str, bucket_sid: str, most: int | None, interval: int | None
    ) -> Bucket:
        """What is None stays as it is."""
        given: dict[str, Any] = {"max": most, "interval": interval, "updated_at": int(time.time())}
        changes = {name: value for name, value in given.items() if value is not None}
        changed = self._change(
            service, sid, lambda of: of.with_bucket(replace(of.bucket(bucket_sid), **changes))
        )
        return changed.bucket(bucket_sid)

    def remove_bucket(self, service: str, sid: str, bucket_sid: str) -> None:
        self._change(service, sid, lambda limit: limit.without_bucket(bucket_sid))

    def _change(
        self, service: str, sid: str, change: Callable[[RateLimit], RateLimit]
    ) -> RateLimit:
        def change_one(limits: list[RateLimit]) -> RateLimit:
            limit = _find(limits, sid)
            changed = replace(change(limit), updated_at=int(time.time()))
            limits[limits.index(limit)] = changed
            return changed

        return self._change_all(service, change_one)

    def _change_all(self, service: str, change: Callable[[list[RateLimit]], T]) -> T:
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


def _identity(prefix: str) -> dict[str, Any]:
    """The SID and the times of something new."""
    now = int(time.time())
    return {"sid": f"{prefix}{secrets.token_hex(16)}", "created_at": now, "updated_at": now}


def _find(limits: Sequence[RateLimit], sid: str) -> RateLimit:
    for limit in limits:
        if limit.sid == sid:
            return limit
    raise RateLimitNotFound
