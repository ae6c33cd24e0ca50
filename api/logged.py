"""The use cases of a verification as the API calls them: each leaves a line in the log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from shared.errors import IncorrectCode, OtpError
from shared.policy import Channel
from shared.recipient import Recipient, mask
from shared.verification.model import Approved, Compared, Idempotency, Proof, Started, Terms
from shared.verification.service import VerificationService

log = logging.getLogger("otp.api")


class LoggedService:
    """Takes, answers and raises what VerificationService does."""

    def __init__(self, service: VerificationService) -> None:
        self._service = service
        self.view = service.view
        self.owner = service.owner
        self.recipient = service.recipient
        self.open = service.open
        self.latest = service.latest

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
        terms: Terms | None = None,
    ) -> Started:
        facts = {"app": app, "to": recipient.masked, "channel": channel}
        with _start_refusals(facts):
            started = self._service.start(
                recipient,
                channel,
                app=app,
                ip=ip,
                locale=locale,
                idempotency=idempotency,
                proof=proof,
                terms=terms,
            )
        _requested(started, app)
        return started

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
        facts = {"app": app, "verification_id": verification_id, "channel": channel}
        with _start_refusals(facts):
            started = self._service.resend(
                verification_id, channel, app=app, ip=ip, locale=locale, proof=proof
            )
        _requested(started, app)
        return started

    def check(
        self,
        otp: str,
        *,
        app: str,
        ip: str,
        recipient: Recipient | None = None,
        verification_id: str = "",
    ) -> Approved:
        facts = _facts_of_check(app, recipient, verification_id)
        with _check_refusals(facts):
            approved = self._service.check(
                otp, app=app, ip=ip, recipient=recipient, verification_id=verification_id
            )
        _approved(approved.verification_id, app, approved.to, approved.channel)
        return approved

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
        facts = _facts_of_check(app, recipient, verification_id)
        with _check_refusals(facts):
            compared = self._service.compare(
                otp,
                app=app,
                account=account,
                ip=ip,
                recipient=recipient,
                verification_id=verification_id,
            )
        if compared.approved:
            _approved(compared.verification_id, app, mask(compared.to), compared.channel)
        else:
            told = {"verification_id": compared.verification_id, "rule": IncorrectCode.rule}
            log.info("check_refused", extra={**facts, **told, "why": IncorrectCode.__name__})
        return compared

    def cancel(self, verification_id: str, *, app: str) -> None:
        self.end(verification_id, "canceled", app=app)

    def end(
        self, verification_id: str, status: Literal["canceled", "approved"], *, app: str
    ) -> float:
        at = self._service.end(verification_id, status, app=app)
        facts = {"verification_id": verification_id, "app": app}
        if status == "canceled":
            log.info("verification_canceled", extra=facts)
        else:
            log.info("verification_approved", extra=facts)
        return at


@contextmanager
def _start_refusals(facts: dict[str, Any]) -> Iterator[None]:
    try:
        yield
    except OtpError as error:
        log.info("start_refused", extra={**facts, "rule": error.rule, "why": str(error)})
        raise


@contextmanager
def _check_refusals(facts: dict[str, Any]) -> Iterator[None]:
    try:
        yield
    except OtpError as error:
        told = {"rule": error.rule, "why": type(error).__name__}
        if error.verification_id:
            told["verification_id"] = error.verification_id
        log.info("check_refused", extra={**facts, **told})
        raise


def _facts_of_check(
    app: str, recipient: Recipient | None, verification_id: str
) -> dict[str, str | None]:
    return {
        "app": app,
        "to": recipient.masked if recipient else None,
        "verification_id": verification_id or None,
    }


def _approved(verification_id: str, app: str, to: str, channel: Channel) -> None:
    log.info(
        "verification_approved",
        extra={"verification_id": verification_id, "app": app, "to": to, "channel": channel},
    )


def _requested(started: Started, app: str) -> None:
    log.info(
        "code_requested",
        extra={
            "verification_id": started.verification_id,
            "send": started.send,
            "app": app,
            "to": started.to,
            "channel": started.channel,
        },
    )
