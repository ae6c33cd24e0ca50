"""A Twilio Verify v2-compatible API next to our own: existing clients only need another address and
other credentials. An adapter that calls VerificationService. docs/twilio-verify.md lists what it
supports, and how to move."""

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, g, request

from api.http.access import Access
from api.verify_v2 import access as accounts
from api.verify_v2 import attempts, lists, rate_limits, verifications
from api.verify_v2 import services as service_endpoints
from api.verify_v2.errors import PREFIX
from api.verify_v2.verifications import Verifications
from shared.codes import Codes
from shared.messages.texts import Texts
from shared.settings import Settings
from shared.storage.scripts import Scripts
from shared.verification.service import VerificationService
from shared.verify_v2.attempts import ServiceSends
from shared.verify_v2.rate_limits import RateLimits
from shared.verify_v2.safe_list import SafeList
from shared.verify_v2.services import Policies, Services


def endpoints(
    settings: Settings,
    access: Access,
    texts: Callable[[str], Texts],
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

    service_endpoints.register(v2, services)
    verifications.register(v2, known)
    v2.register_blueprint(rate_limits.endpoints(services, RateLimits(scripts)))
    attempts.register(v2, ServiceSends(scripts, codes))
    lists.register(v2, texts, safe_list, known.addresses)
    return v2
