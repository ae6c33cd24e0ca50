"""Copies of Services, for a backup: only Redis has those that are not in OTP_SERVICES."""

from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis

from shared.storage import keys, reading
from shared.storage.scripts import Scripts
from shared.verification.store import SERVICE_SECONDS


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A Service and its rate limits, in the words of Redis. `service` can also say that a Service
    of OTP_SERVICES was deleted."""

    account: str
    sid: str
    service: str
    rate_limits: str | None


def copies_of(scripts: Scripts, account: str, given: Sequence[str]) -> list[Copy]:
    """An account's Services. `given` are the SIDs of those in OTP_SERVICES, which Redis has only
    if they were changed or deleted. Raises StorageUnavailable."""
    (stored,) = scripts.fetch(lambda pipe: pipe.zrange(keys.services(account), 0, -1))
    sids = list(dict.fromkeys([*(str(reading.text(sid)) for sid in stored or ()), *given]))
    if not sids:
        return []
    services, limits = scripts.fetch(
        lambda pipe: (
            pipe.mget([keys.service(sid) for sid in sids]),
            pipe.mget([keys.rate_limits(sid) for sid in sids]),
        )
    )
    return [
        Copy(account=account, sid=sid, service=text, rate_limits=reading.text(limited))
        for sid, service, limited in zip(sids, services, limits, strict=True)
        if (text := reading.text(service))
    ]


def restore(scripts: Scripts, copy: Copy) -> bool:
    """Write a Service that Redis does not have, with its rate limits. Returns False if Redis has
    it, and changes nothing. Raises StorageUnavailable."""
    is_new: bool = scripts.run(lambda redis: _restore(redis, copy))
    return is_new


def _restore(redis: Redis, copy: Copy) -> bool:
    key, index = keys.service(copy.sid), keys.services(copy.account)
    # No one else creates a Service with this SID in between, because SIDs are random.
    if redis.exists(key):
        return False
    facts = reading.json_object(copy.service) or {}
    with redis.pipeline() as pipe:
        pipe.set(key, copy.service, ex=SERVICE_SECONDS)
        if copy.rate_limits:
            pipe.set(keys.rate_limits(copy.sid), copy.rate_limits, ex=SERVICE_SECONDS)
        if "deleted" not in facts:
            pipe.zadd(index, {copy.sid: reading.number(facts.get("created"))})
            pipe.expire(index, SERVICE_SECONDS)
        pipe.execute()
    return True
