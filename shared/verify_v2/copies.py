"""Copies of Services, for a backup: only Redis has those that are not in OTP_SERVICES."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    facts = reading.json_object(copy.service) or {}
    created = "" if "deleted" in facts else reading.number(facts.get("created"))
    write = scripts.load("verify_v2/restore_service")
    names = [keys.service(copy.sid), keys.services(copy.account), keys.rate_limits(copy.sid)]
    words = [SERVICE_SECONDS * 1000, copy.sid, copy.service, copy.rate_limits or "", created]
    return bool(write(names, words))
