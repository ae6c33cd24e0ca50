"""An API beside our own, compatible with Twilio Verify v2, so that programs which call that one
need another address and other credentials only. It is an adapter: what it calls is
VerificationService.

docs/twilio-verify.md tells what is there, and how to move."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Blueprint, Response, g, request

from api.http.access import Access
from api.verify_v2 import access as accounts
from api.verify_v2 import attempts as attempt_endpoints
from api.verify_v2 import lists, verifications
from api.verify_v2 import rate_limits as rate_limit_endpoints
from api.verify_v2 import services as service_endpoints
from api.verify_v2.errors import PREFIX, Answers, V2Error, kind_of
from api.verify_v2.shapes import Shapes
from api.verify_v2.verifications import Verifications
from shared.errors import RateLimitNotFound, RateLimitRefused
from shared.settings import Settings
from shared.verification.service import VerificationService
from shared.verify_v2.attempts import ServiceSends
from shared.verify_v2.rate_limits import RateLimits
from shared.verify_v2.safe_list import SafeList
from shared.verify_v2.services import Policies, Services

log = logging.getLogger("otp.api")


def address_of(settings: Settings) -> str:
    """Where this service is, as far as it knows."""
    return settings.otp_public_url or f"http://localhost:{settings.port}"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the endpoints are made of."""

    service: VerificationService
    services: Services
    limits: RateLimits
    attempts: ServiceSends
    safe_list: SafeList


def endpoints(
    settings: Settings, parts: Parts, access: Access, answers: Answers, *, messages: Path
) -> Blueprint:
    """`messages` is the folder of the texts for messages, with a file for each language."""
    v2 = Blueprint("verify_v2", __name__, url_prefix=PREFIX)
    shapes = Shapes(address_of(settings))
    services, safe_list = parts.services, parts.safe_list
    # Clients of this API write numbers with their country.
    addresses = replace(settings.addresses(), default_region=None)

    @v2.before_request
    def identify() -> None:
        g.account = accounts.account_of(request, access)

    def refuse(error: Exception) -> Response:
        kind = kind_of(error)
        # The others come from what has left its own line.
        if kind.status in {400, 403}:
            path = request.url_rule.rule if request.url_rule else None
            log.info("request_refused", extra={"path": path, "code": str(kind.code)})
        return answers.of(error)

    for told in (V2Error, RateLimitNotFound, RateLimitRefused):
        v2.register_error_handler(told, refuse)
    service_endpoints.register(v2, services, shapes)
    known = Verifications(parts.service, services, Policies(settings), safe_list, addresses)
    verifications.register(v2, known, shapes)
    rate_limit_endpoints.register(v2, services, parts.limits, shapes)
    attempt_endpoints.register(v2, parts.attempts, shapes)
    lists.register(v2, safe_list, messages, shapes, addresses)
    return v2
