"""POST /hooks/logto: Logto's HTTP SMS and HTTP email connectors.

github.com/logto-io/logto at v1.42.0: packages/connectors/connector-http-sms/src/index.ts, and the
fields in packages/toolkit/connector-kit/src/types/passwordless.ts.
"""

from ipaddress import ip_address

from flask import Blueprint, Response, request

from api.hooks import fixed
from api.http import body
from api.http.access import Access
from api.http.proxies import address_in
from api.otp.schemas import GeneratedOtp
from shared.locales import bcp47
from shared.recipient import Addresses
from shared.settings.webhooks import is_public
from shared.verification.service import VerificationService


class _Payload(fixed.Given):
    code: str | None = None
    locale: str | None = None


class LogtoMessage(fixed.Given):
    to: str
    payload: _Payload
    ip: str | None = None

    def public_ip(self) -> str | None:
        """The person's address. Behind a proxy that Logto does not trust, it is the proxy's, which
        all people share."""
        address = address_in(self.ip or "")
        return address if address and is_public(ip_address(address)) else None


def register(
    hooks: Blueprint, service: VerificationService, access: Access, addresses: Addresses
) -> None:
    @hooks.post("/logto")
    def send_logto_code() -> Response:
        app = access.app(request)
        given = fixed.read(request, LogtoMessage)
        to = fixed.with_plus(given.to)
        asked = fixed.send_code(request, code=given.payload.code, to=to)
        started = service.start(
            asked.start_request(
                addresses,
                app,
                locale=bcp47(given.payload.locale or "") or "en",
                ip=given.public_ip(),
            )
        )
        return body.answer(GeneratedOtp.of(started), 202)
