"""The use cases: start a verification, check its code, look at it, cancel it."""

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, Literal

from shared.codes import Codes
from shared.delivery.ledger import Ledger, ReceiptOutcome
from shared.delivery.queue import WakeUps
from shared.errors import (
    ChannelNotEnabled,
    RateLimited,
    StorageUnavailable,
    VerificationNotFound,
)
from shared.policy import Channel, Limit, Policy
from shared.recipient import KEPT_ADDRESSES, Recipient
from shared.verification import admission
from shared.verification.model import (
    Approved,
    Compared,
    Idempotency,
    Proof,
    Started,
    Terms,
    Verification,
    check_refused,
    not_a_code,
    parse_otp,
    read_started,
    read_verification,
)
from shared.verification.store import Store

_ID = re.compile(r"VE[0-9a-f]{32}")
_SERVICE = re.compile(r"VA[0-9a-fA-F]{32}")


class VerificationService:
    """`policy` answers the policy of an app, and `needed` what a worker needs for a send:
    Outlets.needed(), or nothing, so that any worker may make any send."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        codes: Codes,
        wake_ups: WakeUps,
        policy: Callable[[str], Policy],
        *,
        needed: Callable[..., Mapping[str, Any]] = lambda *_, **__: {},
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._codes = codes
        self._wake_ups = wake_ups
        self._policy = policy
        self._needed = needed

    def start(
        self,
        recipient: Recipient,
        channel: Channel,
        *,
        app: str,
        ip: str,
        locale: str,
        idempotency: Idempotency | None = None,
        proof: Proof | None = None,
        sender: str | None = None,
        only: str | None = None,
        terms: Terms | None = None,
    ) -> Started:
        """Start a verification and queue its delivery; while one is pending, queue another send
        of it. With `idempotency`, the same once more within a day gets the same answer, and sends
        nothing. With `sender` no other one delivers it. With `only` it is another send of that
        verification, or VerificationNotFound. With `terms` it is of a Service, which `app` names.

        Raises Refused, RateLimited, TooManyChecks, IdempotencyConflict, ProofSpent,
        DeliveryBacklog, StorageUnavailable.
        """
        policy = terms.policy if terms else self._policy(app)
        # However many Services an account makes, its limits are the same.
        account = terms.account if terms else app
        self._refuse_by_policy(policy, app, recipient, channel)
        tag = self._codes.tag(app, recipient.to)
        verification_id, send, length = _new_id(), 1, policy.code_length
        request = {
            "app": app,
            "channel": channel,
            "locale": locale,
            "tag": tag,
            "counted": self._codes.tag(app, recipient.counted_as),
            "to": recipient.to,
            "masked_to": recipient.masked,
            "country": recipient.region or "none",
            "ttl_ms": policy.ttl_seconds * 1000,
            "max_checks": policy.max_checks,
            "max_sends": policy.max_sends,
            "resend_ms": policy.resend_seconds * 1000,
            "resend_code": policy.resend_code,
            "max_failed_checks": admission.window(policy.max_failed_checks),
            "limits": [
                *admission.limits(policy, self._codes, account, recipient, ip),
                *admission.extra_limits(self._codes, app, terms.extra_limits if terms else ()),
            ],
            **self._needed(account, channel, is_named=bool(terms)),
            **admission.cost(policy, recipient, channel, is_safe=bool(terms and terms.is_safe)),
        }
        if sender:
            request["sender"] = sender
        if idempotency:
            request["idempotency_key"] = self._codes.tag(f"{app} idempotency", idempotency.key)
            request["idempotency"] = self._codes.tag(app, idempotency.request)
        if proof:
            request |= {"proof": proof.id, "proof_ms": proof.ends_in_seconds * 1000}
        own = policy.test_numbers.get(recipient.to) or (terms.code if terms else None)
        of_service = {"service": {"account": account, "name": terms.app_name}} if terms else {}
        new_code = True
        if only:
            # Of no verification it is the send 0: the script says which one is now due.
            verification_id, send, new_code = only, 0, False
        # The script says when the recipient has a verification to go on with. It can be another
        # one again by the time of the next try, but only as often as somebody else's send won.
        for _ in range(policy.max_sends + 1):
            code = {}
            if new_code or own:
                code = self._code(verification_id, send - 1, length, tag, own)
            answer = self._store.start(
                {**request, **of_service, **code, "verification_id": verification_id, "send": send},
                self._wake_ups.queue_key,
                self._wake_ups.job(verification_id, send, policy.ttl_seconds),
            )
            if answer["outcome"] != "retry_with":
                return read_started(answer, recipient)
            if only and answer.get("verification_id") != only:
                raise VerificationNotFound
            verification_id = answer.get("verification_id") or _new_id()
            send = answer["send"]
            # A pending one keeps the rules that it was started with.
            length = answer.get("code_length") or policy.code_length
            new_code = send == 1 or answer["resend_code"] == "new"
        raise RateLimited("resend", Limit(count=1, window_seconds=1), retry_after=1)

    def resend(
        self,
        verification_id: str,
        channel: Channel,
        *,
        app: str,
        ip: str,
        locale: str,
        proof: Proof | None = None,
    ) -> Started:
        """Queue another send of a pending verification, also by another channel, without being
        told the address. Raises VerificationNotFound, and what start() does."""
        found = self.view(verification_id, app=app)
        recipient = self.recipient(verification_id)
        if (channel == "email") != (recipient.field == "email"):
            raise ChannelNotEnabled
        account = found.account
        # Who has the page in front of them is no client of a Service's: the account's limits count.
        terms = Terms(policy=self._policy(account), account=account, app_name=found.app_name)
        return self.start(
            recipient,
            channel,
            app=app,
            ip=ip,
            locale=locale,
            proof=proof,
            only=verification_id,
            terms=terms if account != app else None,
        )

    def recipient(self, verification_id: str) -> Recipient:
        """Who gets the code, which nobody else is to be told. Raises VerificationNotFound when it
        has ended, StorageUnavailable."""
        to = self._store.recipient(verification_id) if _ID.fullmatch(verification_id) else None
        if to is None:
            raise VerificationNotFound
        return KEPT_ADDRESSES.either(to)

    def check(
        self,
        otp: str,
        *,
        app: str,
        ip: str,
        recipient: Recipient | None = None,
        verification_id: str = "",
    ) -> Approved:
        """Check a typed code, found by its recipient or by the id of its verification, and use
        it up when it is right. Raises InvalidRequest (not of a code's form: counts nothing),
        VerificationNotFound, IncorrectCode, TooManyChecks, RateLimited, StorageUnavailable.
        """
        code = parse_otp(otp)
        account = self._account(app, verification_id)
        answer = self._check(
            code,
            app=app,
            account=account,
            ip=ip,
            recipient=recipient,
            verification_id=verification_id,
        )
        match answer["outcome"]:
            case "approved":
                return Approved(
                    verification_id=answer["verification_id"],
                    channel=answer["channel"],
                    to=answer["to"],
                )
            case "not_found" if len(code) != (length := self._policy(account).code_length):
                raise not_a_code(length)
        raise check_refused(answer)

    def compare(
        self,
        otp: str,
        *,
        app: str,
        account: str,
        ip: str | None,
        recipient: Recipient | None = None,
        verification_id: str = "",
    ) -> Compared:
        """Check a code as check() does, for a Service (`app`) of an account: a wrong code is an
        answer too, even one of another length, because codes that callers make up have their own
        lengths. If `ip` is None, no client's network is limited. Raises InvalidRequest,
        VerificationNotFound, TooManyChecks, RateLimited, StorageUnavailable."""
        if recipient is None and not _ID.fullmatch(verification_id):
            raise VerificationNotFound
        code = parse_otp(otp)
        answer = self._check(
            code,
            app=app,
            account=account,
            ip=ip,
            recipient=recipient,
            verification_id=verification_id,
            service=True,
        )
        if answer["outcome"] not in {"approved", "incorrect"}:
            raise check_refused(answer)
        return Compared(
            verification_id=answer["verification_id"],
            approved=answer["outcome"] == "approved",
            channel=answer["channel"],
            to=answer.get("clear_to", answer["to"]),
            created_at=answer["created"] / 1000,
            at=answer["at"] / 1000,
        )

    def _check(
        self,
        code: str,
        *,
        app: str,
        account: str,
        ip: str | None,
        recipient: Recipient | None,
        verification_id: str,
        **more: Any,
    ) -> dict[str, Any]:
        policy = self._policy(account)
        subject = self._codes.tag(app, recipient.to) if recipient else verification_id
        return self._store.check(
            subject,
            admission.network_tag(self._codes, account, ip) if ip else "",
            {
                "by": "recipient" if recipient else "id",
                "verification_id": verification_id,
                "app": app,
                "length": len(code),
                "verifiers": self._codes.verifiers(subject, code),
                "max_failed_checks": admission.window(policy.max_failed_checks),
                "max_failed_ip": list(map(admission.window, policy.failed_ip)) if ip else [],
                **more,
            },
        )

    def _account(self, app: str, verification_id: str) -> str:
        """The app whose policy applies: a Service has that of its account. Raises
        StorageUnavailable."""
        if not (_SERVICE.fullmatch(app) and _ID.fullmatch(verification_id)):
            return app
        return self._store.account(verification_id) or app

    def open(self, recipient: Recipient, *, app: str) -> str | None:
        """The id of the recipient's open verification. Raises StorageUnavailable."""
        return self._store.open(self._codes.tag(app, recipient.to))

    def latest(self, recipient: Recipient, *, app: str) -> str | None:
        """The id of the recipient's last verification that can be looked up. Raises
        StorageUnavailable."""
        return self._store.latest(self._codes.tag(app, recipient.to))

    def view(self, verification_id: str, *, app: str) -> Verification:
        """Raises VerificationNotFound, StorageUnavailable."""
        found = self._store.view(verification_id) if _ID.fullmatch(verification_id) else None
        if found is None or found[0].get("app") != app:
            raise VerificationNotFound
        fields, sends, now = found
        return read_verification(verification_id, fields, sends, now)

    def owner(self, verification_id: str) -> str:
        """The app whose verification it is. Raises VerificationNotFound, StorageUnavailable."""
        app = self._store.owner(verification_id) if _ID.fullmatch(verification_id) else None
        if app is None:
            raise VerificationNotFound
        return app

    def cancel(self, verification_id: str, *, app: str) -> None:
        """Raises VerificationNotFound, StorageUnavailable."""
        self.end(verification_id, "canceled", app=app)

    def end(
        self, verification_id: str, status: Literal["canceled", "approved"], *, app: str
    ) -> float:
        """End a pending one by the word of its app, and say when, in Unix seconds. `approved`
        counts as by a right code. Raises VerificationNotFound, StorageUnavailable."""
        at = None
        if _ID.fullmatch(verification_id):
            at = self._store.end(verification_id, app, status)
        if at is None:
            raise VerificationNotFound
        return at

    def record_receipt(
        self,
        verification_id: str,
        send: int,
        attempt: int,
        *,
        senders: Collection[tuple[Channel, str]],
        outcome: ReceiptOutcome,
        error: str | None = None,
        provider_id: str | None = None,
    ) -> None:
        """Record what a provider says later of a delivery attempt. The report is from one of
        `senders`, by channel and name. Raises VerificationNotFound if none of them made that
        attempt, and StorageUnavailable."""
        status = None
        if _ID.fullmatch(verification_id):
            status = self._ledger.receipt(
                verification_id,
                send,
                attempt,
                senders=senders,
                outcome=outcome,
                error=error,
                provider_id=provider_id,
            )
        if status is None:
            raise VerificationNotFound

    def _refuse_by_policy(
        self, policy: Policy, app: str, recipient: Recipient, channel: Channel
    ) -> None:
        refused = admission.refused(policy, recipient, channel)
        if refused is None:
            return
        # Also when it cannot be recorded.
        with suppress(StorageUnavailable):
            refusal = {"app": app, "rule": refused.rule, "subject": refused.subject}
            # Beside a prefix of it a masked number would show more than it should.
            if refused.rule != "blocked_prefix":
                refusal["to"] = recipient.masked
            self._store.refuse(refusal)
        raise refused

    def _code(
        self, verification_id: str, generation: int, length: int, tag: str, own: str | None
    ) -> dict[str, Any]:
        kid = self._codes.kid
        code = own or self._codes.derive(kid, verification_id, generation, length)
        kept = {
            "kid": kid,
            "key": self._codes.fingerprints[kid],
            "generation": generation,
            "length": len(code),
            "by_recipient": self._codes.verifier(kid, tag, code),
            "by_id": self._codes.verifier(kid, verification_id, code),
        }
        if own:
            kept["sealed"] = self._codes.seal(verification_id, own)
        return {"code": kept}


def _new_id() -> str:
    return f"VE{secrets.token_hex(16)}"
