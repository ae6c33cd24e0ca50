"""The endpoints of a verification: parse, call one use case, shape the answer."""

import json
import logging
import re

from flask import Blueprint, Response, jsonify, request

from api import body
from api.access import Access, browser_locale, client_ip
from api.proof import ProofOfWork
from api.schemas import GeneratedOtp, GenerateOtp, VerificationDetails, VerifiedOtp, VerifyOtp
from shared.errors import InvalidRequest, OtpError, ProofSpent
from shared.verification import Idempotency, VerificationService

log = logging.getLogger("otp.api")

_BY = {"sms": "SMS", "whatsapp": "WhatsApp", "call": "phone call", "email": "e-mail"}


def endpoints(
    service: VerificationService, access: Access, work: ProofOfWork, default_region: str | None
) -> Blueprint:
    otp = Blueprint("otp", __name__)

    @otp.post("/generate-otp")
    def generate_otp() -> tuple[Response, int]:
        app = access.app_or_page(request)
        asked = body.read(request, GenerateOtp)
        recipient = asked.recipient(default_region)
        channel = asked.channel_for(recipient)
        proof = work.check(app, recipient, asked.proof)
        try:
            started = service.start(
                recipient,
                channel,
                app=app,
                ip=client_ip(request),
                locale=asked.locale or browser_locale(request),
                idempotency=_idempotency(asked),
                proof=proof,
            )
        except ProofSpent:
            raise work.required(app, recipient) from None
        except OtpError as error:
            log.info(
                "start_refused",
                extra={"app": app, "to": recipient.masked, "channel": channel, "why": str(error)},
            )
            raise
        log.info(
            "code_requested",
            extra={
                "verification_id": started.verification_id,
                "send": started.send,
                "app": app,
                "to": started.to,
                "channel": channel,
            },
        )
        message = f"A code is on its way to {started.to} by {_BY[channel]}."
        return jsonify(GeneratedOtp.of(started, message).model_dump()), 202

    @otp.post("/verify-otp")
    def verify_otp() -> Response:
        app = access.app_or_page(request)
        typed = body.read(request, VerifyOtp)
        recipient = typed.recipient(default_region)
        try:
            approved = service.check(
                typed.otp,
                app=app,
                ip=client_ip(request),
                recipient=recipient,
                verification_id=typed.verification_id or "",
            )
        except OtpError as error:
            log.info(
                "check_refused",
                extra={
                    "app": app,
                    "to": recipient.masked if recipient else None,
                    "verification_id": typed.verification_id,
                    "why": type(error).__name__,
                },
            )
            raise
        log.info(
            "verification_approved",
            extra={
                "verification_id": approved.verification_id,
                "app": app,
                "to": approved.to,
                "channel": approved.channel,
            },
        )
        answer = VerifiedOtp(
            verification_id=approved.verification_id,
            channel=approved.channel,
            to=approved.to,
            message=f"{approved.to} is verified.",
        )
        return jsonify(answer.model_dump())

    @otp.get("/verifications/<verification_id>")
    def get_verification(verification_id: str) -> Response:
        verification = service.view(verification_id, app=access.app_or_page(request))
        return jsonify(VerificationDetails.of(verification).model_dump())

    @otp.delete("/verifications/<verification_id>")
    def cancel_verification(verification_id: str) -> tuple[str, int]:
        app = access.app_or_page(request)
        service.cancel(verification_id, app=app)
        log.info("verification_canceled", extra={"verification_id": verification_id, "app": app})
        return "", 204

    return otp


def _idempotency(asked: GenerateOtp) -> Idempotency | None:
    """Raises InvalidRequest for a key that is not 1 to 255 printable ASCII characters."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not re.fullmatch("[ -~]{1,255}", key):
        raise InvalidRequest(("Idempotency-Key", "expected 1 to 255 printable ASCII characters"))
    return Idempotency(key=key, request=json.dumps(asked.model_dump(), sort_keys=True))
