"""An API beside our own, compatible with Twilio Verify v2, so that programs which call that one
need another address and other credentials only. It is an adapter: what it calls is
VerificationService.

docs/twilio-verify.md tells what is there, and how to move."""

import logging

from flask import Blueprint, Response, g, request

from api.access import Access
from api.logged import LoggedService
from api.verify_v2 import access as accounts
from api.verify_v2 import attempts as attempt_endpoints
from api.verify_v2 import services as service_endpoints
from api.verify_v2 import verifications
from api.verify_v2.errors import PREFIX, Answers, V2Error
from api.verify_v2.shapes import Shapes
from shared.attempts import Attempts
from shared.services import Policies, Services
from shared.settings import Settings

log = logging.getLogger("otp.api")


def address_of(settings: Settings) -> str:
    """Where this service is, as far as it knows."""
    return settings.otp_public_url or f"http://localhost:{settings.port}"


def endpoints(
    settings: Settings,
    service: LoggedService,
    services: Services,
    access: Access,
    answers: Answers,
    *,
    attempts: Attempts,
) -> Blueprint:
    v2 = Blueprint("verify_v2", __name__, url_prefix=PREFIX)
    shapes = Shapes(address_of(settings))

    @v2.before_request
    def identify() -> None:
        g.account = accounts.account_of(request, access)

    @v2.errorhandler(V2Error)
    def refuse(error: V2Error) -> Response:
        # The others come from what has left its own line.
        if error.kind.status in {400, 403}:
            path = request.url_rule.rule if request.url_rule else None
            log.info("request_refused", extra={"path": path, "code": str(error.kind.code)})
        return answers.of(error)

    service_endpoints.register(v2, services, shapes)
    verifications.register(v2, service, services, Policies(settings), shapes)
    attempt_endpoints.register(v2, attempts, shapes)
    return v2
