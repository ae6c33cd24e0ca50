"""Services of the Verify v2 compatible API: each has its own policy within an account. To the core,
accounts and Services are apps. A Service's SID is longer than any other app's name can be."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple, Self

from shared.policy import Limit, Policy
from shared.settings import Settings
from shared.storage import keys, reading
from shared.storage.scripts import Scripts
from shared.verification.store import SERVICE_SECONDS
from shared.verify_v2 import rate_limits
from shared.verify_v2.rate_limits import RateLimit

# Of an account.
MOST = 1000
# Our only template: the words that we have, in their languages.
TEMPLATE_SID = f"HJ{sha256(b'template').hexdigest()[:32]}"
_HIGH = (Limit.parse("20/1h"),)
_DELETED = '{"deleted": true}'
_KEPT_MS = SERVICE_SECONDS * 1000


@dataclass(frozen=True, kw_only=True)
class Service:
    """`created` and `updated` are in Unix milliseconds, or 0 for one of OTP_SERVICES that was never
    changed. Only clients of the API look at lookup_enabled and the fields below it."""

    sid: str
    account: str
    friendly_name: str
    code_length: int = 6
    custom_code_enabled: bool = False
    skip_sms_to_landlines: bool = False
    lookup_enabled: bool = False
    dtmf_input_required: bool = True
    do_not_share_warning_enabled: bool = False
    verify_event_subscription_enabled: bool = False
    tts_name: str | None = None
    default_template_sid: str | None = None
    created: int = 0
    updated: int = 0

    @classmethod
    def read(cls, text: bytes) -> Self | None:
        """A Service as service.lua wrote it. Returns None if it was deleted or is unreadable."""
        stored = reading.json_object(text)
        if stored is None or "deleted" in stored:
            return None
        facts = {
            name: stored[name]
            for name, kinds in _FACTS.items()
            if isinstance(stored.get(name), kinds)
        }
        return cls(**facts) if facts.keys() >= _IDENTITY else None


_FACTS: dict[str, tuple[type, ...]] = {
    fact.name: (str,) if fact.default in (MISSING, None) else (type(fact.default),)
    for fact in fields(Service)
}
_IDENTITY = {"sid", "account", "friendly_name"}


class ToStart(NamedTuple):
    """`is_safe`: the account trusts the recipient's number."""

    service: Service
    limits: list[RateLimit]
    is_safe: bool


class Services:
    """The Services in Redis, and those of OTP_SERVICES (`given`), which Redis gets only when they
    are changed or deleted."""

    def __init__(self, scripts: Scripts, given: Sequence[Service]) -> None:
        self._scripts = scripts
        self._given = {service.sid: service for service in given}
        self._write = scripts.load("verify_v2/service")
        self._delete = scripts.load("verify_v2/delete_service")
        self._use = scripts.load("verify_v2/use")
        self._use_to_start = scripts.load("verify_v2/use_to_start")

    def create(self, account: str, friendly_name: str, **more: Any) -> Service | None:
        """`more` are further fields of a Service. Returns None if the account has too many."""
        sid = f"VA{secrets.token_hex(16)}"
        made = Service(sid=sid, account=account, friendly_name=friendly_name, **more)
        return self._written(made, {}, base=made)

    def find(self, account: str, sid: str) -> Service | None:
        (text,) = self._use([keys.service(sid)], [_KEPT_MS])
        return self._of(account, sid, text)

    def find_to_start(self, account: str, sid: str, safe_key: str) -> ToStart | None:
        """What a start has to know, in one round trip. `safe_key` is SafeList's key for the
        recipient."""
        names = [keys.service(sid), keys.rate_limits(sid), safe_key]
        text, limits, is_safe = self._use_to_start(names, [account, _KEPT_MS])
        service = self._of(account, sid, text)
        return ToStart(service, rate_limits.parse(limits), bool(is_safe)) if service else None

    def all_of(self, account: str) -> list[Service]:
        """Those of OTP_SERVICES, then the others, the oldest first."""
        index = keys.services(account)
        given = [sid for sid, service in self._given.items() if service.account == account]
        (stored,) = self._scripts.fetch(lambda pipe: pipe.zrange(index, 0, -1))
        sids = list(dict.fromkeys([*given, *(str(reading.text(sid)) for sid in stored or ())]))
        *texts, _ = self._use([*map(keys.service, sids), index], [_KEPT_MS])
        # One that cannot be read may be a newer version's, which reads it again later.
        if ended := [sid for sid, text in zip(sids, texts, strict=True) if text is None]:
            self._scripts.run(lambda redis: redis.zrem(index, *ended))
        found = [self._of(account, sid, text) for sid, text in zip(sids, texts, strict=True)]
        return [service for service in found if service]

    def names(self, sids: Sequence[str]) -> dict[str, str]:
        if not sids:
            return {}
        (texts,) = self._scripts.fetch(lambda pipe: pipe.mget([keys.service(sid) for sid in sids]))
        found = {sid: self._read(sid, text) for sid, text in zip(sids, texts, strict=True)}
        return {sid: service.friendly_name for sid, service in found.items() if service}

    def update(self, service: Service, changes: Mapping[str, Any]) -> Service | None:
        """Returns None if the Service was deleted meanwhile, or if it comes from OTP_SERVICES and
        the account has too many."""
        return self._written(service, changes, base=self._given.get(service.sid))

    def delete(self, service: Service) -> None:
        names = [
            keys.service(service.sid),
            keys.services(service.account),
            keys.rate_limits(service.sid),
        ]
        mark = _DELETED if service.sid in self._given else ""
        self._delete(names, [service.sid, mark, _KEPT_MS])

    def _of(self, account: str, sid: str, text: bytes | None) -> Service | None:
        service = self._read(sid, text)
        return service if service and service.account == account else None

    def _read(self, sid: str, text: bytes | None) -> Service | None:
        return Service.read(text) if text else self._given.get(sid)

    def _written(
        self, service: Service, changes: Mapping[str, Any], *, base: Service | None
    ) -> Service | None:
        names = [keys.service(service.sid), keys.services(service.account)]
        request = {
            "sid": service.sid,
            "changes": changes,
            "ttl_ms": _KEPT_MS,
            "most": MOST,
        }
        if base:
            facts = asdict(base)
            request["base"] = {n: v for n, v in facts.items() if n not in {"created", "updated"}}
        text = self._write(names, [json.dumps(request)])
        return Service.read(text) if text else None


def given(settings: Settings) -> list[Service]:
    return [
        Service(sid=sid, account=account, friendly_name=settings.app(account).otp_app_name)
        for account, sid in settings.otp_services
    ]


class Policies:
    """The policy of a Service: that of its account, with the times and counts that clients of the
    API know. They limit the sends to a recipient, so the account's default for that is high."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._common = cache(self._of_account)

    def of(self, service: Service, *, ip_known: bool = False) -> Policy:
        """`ip_known`: the caller, which is a server, has told the address of its client."""
        policy = self._common(service.account)
        limits = {
            scope: windows for scope, windows in policy.limits.items() if ip_known or scope != "ip"
        }
        return replace(policy, code_length=service.code_length, limits=limits)

    def _of_account(self, account: str) -> Policy:
        policy = self._settings.app(account).policy()
        limits = dict(policy.limits)
        if not self._settings.says(account, "limit_to"):
            limits["to"] = _HIGH
        return replace(
            policy,
            ttl_seconds=600,
            max_checks=5,
            max_sends=5,
            resend_seconds=0,
            resend_code="same",
            limits=limits,
        )
