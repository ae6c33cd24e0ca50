"""The use cases of a verification as the API calls them: each leaves a line in the log."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from shared.errors import OtpError
from shared.policy import Channel
from shared.recipient import Recipient
from shared.verification import Approved, Idempotency, Proof, Started, VerificationService

log = logging.getLogger("otp.api")


class LoggedService:
    """Takes, answers and raises what VerificationService does."""

    def __init__(self, service: VerificationService) -> None:
        self._service = service
        self.view = service.view
        self.owner = service.owner
        self.recipient = service.recipient

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
    ) -> Started:
        facts = {"app": app, "to": recipient.masked, "channel": channel}
        with _refusals("start_refused", facts):
            started = self._service.start(
                recipient,
                channel,
                app=app,
                ip=ip,
                locale=locale,
                idempotency=idempotency,
                proof=proof,
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
        with _refusals("start_refused", facts):
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
        facts = {
            "app": app,
            "to": recipient.masked if recipient else None,
            "verification_id": verification_id or None,
        }
        with _refusals("check_refused", facts, why=lambda error: type(error).__name__):
            approved = self._service.check(
                otp, app=app, ip=ip, recipient=recipient, verification_id=verification_id
            )
        log.info(
            "verification_approved",
            extra={
                "verification_id": approved.verification_id,
                "app": app,
                "to": approved.to,
                "channel": approved.channel,
            },
        )
        return approved

    def cancel(self, verification_id: str, *, app: str) -> None:
        self._service.cancel(verification_id, app=app)
        log.info("verification_canceled", extra={"verification_id": verification_id, "app": app})


@contextmanager
def _refusals(
    event: str, facts: dict[str, Any], why: Callable[[OtpError], str] = str
) -> Iterator[None]:
    try:
        yield
    except OtpError as error:
        log.info(event, extra={**facts, "why": why(error)})
        raise


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
