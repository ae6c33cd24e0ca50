"""The endpoints of a verification: parse, call one use case, shape the answer."""

from flask import Blueprint, Response, request

from api.http import body, idempotency
from api.http.access import Access, browser_locale, client_ip
from api.otp.proof import ProofOfWork
from api.otp.schemas import (
    GeneratedOtp,
    GenerateOtp,
    VerificationDetails,
    VerifiedOtp,
    VerifyOtp,
    channel_for,
)
from api.otp.verification_receipts import VerificationReceipts, context_hash
from api.otp.workflows import turn_for
from shared.errors import InvalidRequest, ProofSpent
from shared.policy import PAGE_APP
from shared.recipient import Addresses
from shared.verification.model import StartRequest
from shared.verification.service import VerificationService


def endpoints(
    service: VerificationService,
    access: Access,
    work: ProofOfWork,
    addresses: Addresses,
    receipts: VerificationReceipts,
) -> Blueprint:
    otp = Blueprint("otp", __name__)

    @otp.post("/generate-otp")
    def generate_otp() -> Response:
        app = access.app_or_page(request)
        asked = body.read(request, GenerateOtp)
        recipient = asked.recipient(addresses)
        context = _context(asked, app)
        try:
            started = service.start(
                StartRequest(
                    recipient=recipient,
                    channel=channel_for(recipient, asked.channel),
                    app=app,
                    ip=client_ip(request),
                    locale=asked.locale or browser_locale(request),
                    idempotency=idempotency.of(request, asked),
                    proof=work.check(app, recipient, asked.proof),
                    app_hash=asked.app_hash,
                    context=context,
                    context_text=asked.context_text,
                    turn=turn_for(asked, recipient, app, service.workflow(app, recipient)),
                )
            )
        except ProofSpent:
            raise work.required(app, recipient) from None
        return body.answer(GeneratedOtp.of(started), 202)

    @otp.post("/verify-otp")
    def verify_otp() -> Response:
        app = access.app_or_page(request)
        typed = body.read(request, VerifyOtp)
        checked = service.check(
            typed.otp,
            app=app,
            ip=client_ip(request),
            recipient=typed.recipient(addresses),
            verification_id=typed.verification_id or "",
        )
        checked.raise_if_incorrect()
        return body.answer(VerifiedOtp.of(checked, receipts.sign(checked, app)))

    @otp.get("/verifications/<verification_id>")
    def get_verification(verification_id: str) -> Response:
        verification = service.view(verification_id, app=access.app_or_page(request))
        return body.answer(VerificationDetails.of(verification))

    @otp.delete("/verifications/<verification_id>")
    def cancel_verification(verification_id: str) -> tuple[str, int]:
        service.cancel(verification_id, app=access.app_or_page(request))
        return "", 204

    return otp


def _context(asked: GenerateOtp, app: str) -> str | None:
    """The hash of the context. Raises InvalidRequest."""
    # Strangers must not write messages.
    if asked.context_text and (asked.context is None or app == PAGE_APP):
        raise InvalidRequest(("context_text", "this needs an API key and a context"))
    return None if asked.context is None else context_hash(asked.context)
