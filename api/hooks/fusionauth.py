"""POST /hooks/fusionauth: FusionAuth's generic messenger.

https://fusionauth.io/docs/customize/email-and-messages/generic-messenger, of FusionAuth 1.65.
"""

from typing import Literal

from flask import Blueprint, Response, request
from pydantic.alias_generators import to_camel

from api.hooks import fixed
from api.http import body
from api.http.access import Access
from api.otp.schemas import GeneratedOtp
from shared.recipient import Addresses
from shared.verification.service import VerificationService


class _Message(fixed.Given, alias_generator=to_camel):
    """`code` is there for two-factor codes since FusionAuth 1.65. Otherwise the template is the
    code alone. `message` is the text of a call."""

    phone_number: str
    type: Literal["SMS", "Voice"] = "SMS"
    code: str | None = None
    text_message: str | None = None
    message: str | None = None


def register(
    hooks: Blueprint, service: VerificationService, access: Access, addresses: Addresses
) -> None:
    @hooks.post("/fusionauth")
    def send_fusionauth_code() -> Response:
        app = access.app(request)
        given = fixed.read(request, _Message)
        is_call = given.type == "Voice"
        text = given.message if is_call else given.text_message
        asked = fixed.send_code(
            request,
            code=given.code or (text or "").strip(),
            to=given.phone_number,
            channel="call" if is_call else None,
        )
        started = service.start(asked.start_request(addresses, app, locale="en"))
        return body.answer(GeneratedOtp.of(started), 202)
