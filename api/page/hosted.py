"""The calls of a verification's page. They need only the id, which no one can guess. It reveals no
code and no full address."""

from flask import Blueprint, Response, jsonify, request

from api.http import body
from api.http.access import browser_locale, client_ip
from api.otp.proof import ProofOfWork
from api.otp.schemas import CheckOtp, GeneratedOtp, ResendOtp, VerifiedOtp
from api.otp.verification_receipts import VerificationReceipts
from api.page.page import Page
from shared.errors import ProofSpent
from shared.verification.service import VerificationService


def endpoints(
    page: Page, service: VerificationService, work: ProofOfWork, receipts: VerificationReceipts
) -> Blueprint:
    hosted = Blueprint("hosted", __name__, url_prefix="/verify/<verification_id>")

    @hosted.get("/status")
    def status(verification_id: str) -> Response:
        return jsonify(page.status(verification_id))

    @hosted.post("/check")
    def check(verification_id: str) -> Response:
        typed = body.read(request, CheckOtp)
        app = service.app_of(verification_id)
        checked = service.check(
            typed.otp,
            app=app,
            ip=client_ip(request),
            verification_id=verification_id,
        )
        checked.raise_if_incorrect()
        return body.answer(VerifiedOtp.of(checked, receipts.sign(checked, app)))

    @hosted.post("/resend")
    def resend(verification_id: str) -> Response:
        asked = body.read(request, ResendOtp)
        app = service.app_of(verification_id)
        recipient = service.recipient(verification_id)
        proof = work.check(app, recipient, asked.proof)
        try:
            started = service.resend(
                verification_id,
                asked.channel,
                app=app,
                ip=client_ip(request),
                locale=asked.locale or browser_locale(request),
                proof=proof,
            )
        except ProofSpent:
            raise work.required(app, recipient) from None
        return body.answer(GeneratedOtp.of(started), 202)

    @hosted.post("/cancel")
    def cancel(verification_id: str) -> tuple[str, int]:
        service.cancel(verification_id, app=service.app_of(verification_id))
        return "", 204

    return hosted
