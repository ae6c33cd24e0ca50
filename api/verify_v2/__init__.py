"""A Twilio Verify v2-compatible API next to our own: existing clients only need another address and
other credentials. An adapter that calls VerificationService. docs/twilio-verify.md lists what it
supports, and how to move."""

import logging
from dataclasses import replace

from flask import Blueprint, Response, g, request

from api.http.access import Access
from api.verify_v2 import access as accounts
from api.verify_v2 import attempts, lists, rate_limits, verifications
from api.verify_v2 import services as service_endpoints
from api.verify_v2.errors import PREFIX, V2Error, answer, kind_of
from api.verify_v2.verifications import Verifications
from shared.codes import Codes
from shared.errors import RateLimitNotFound, RateLimitRefused
from shared.settings import Settings
from shared.storage.scripts import Scripts
from shared.verification.service import VerificationService
from shared.verify_v2.attempts import ServiceSends
from shared.verify_v2.rate_limits import RateLimits
from shared.verify_v2.safe_list import SafeList
from shared.verify_v2.services import Policies, Services

log = logging.getLogger("otp.api")


def endpoints(
    settings: Settings,
    access: Access,
    *,
    core: VerificationService,
    services: Services,
    scripts: Scripts,
    codes: Codes,
) -> Blueprint:
    v2 = Blueprint("verify_v2", __name__, url_prefix=PREFIX)
    safe_list = SafeList(scripts, codes)
    known = Verifications(
        core=core,
        services=services,
        policies=Policies(settings),
        safe_list=safe_list,
        # Clients of this API write numbers with their country code.
        addresses=replace(settings.addresses(), default_region=None),
    )

    @v2.before_request
    def identify() -> None:
        g.account = accounts.account_of(request, access)

    def refuse(error: Exception) -> Response:
        kind = kind_of(error)
        # The core logs what it refuses itself.
        if kind.status in {400, 403}:
            path = request.url_rule.rule if request.url_rule else None
            log.info("request_refused", extra={"path": path, "code": str(kind.code)})
        return answer(error)

    for error in (V2Error, RateLimitNotFound, RateLimitRefused):
        v2.register_error_handler(error, refuse)
    service_endpoints.register(v2, services)
    verifications.register(v2, known)
    v2.register_blueprint(rate_limits.endpoints(services, RateLimits(scripts)))
    attempts.register(v2, ServiceSends(scripts, codes))
    lists.register(v2, safe_list, known.addresses)
    return v2
