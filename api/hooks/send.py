"""POST /hooks/send: deliver a code that the caller made."""

from typing import Annotated

from flask import Blueprint, Response, request
from pydantic import Field

from api.http import body, idempotency
from api.http.access import Access, browser_locale
from api.otp.fields import AppHash, Locale
from api.otp.schemas import AskedChannel, GeneratedOtp, Request, channel_for
from shared.errors import InvalidRequest
from shared.recipient import Addresses, Recipient
from shared.verification.model import CallerCode, Idempotency, StartRequest
from shared.verification.service import VerificationService

LONGEST_ADDRESS = 512
SHORTEST_SECONDS, LONGEST_SECONDS = 30, 3600
CODE = "^[0-9A-Za-z]{4,10}$"


class SendCode(Request):
    """A code that the caller made, and who gets it."""

    to: Annotated[
        str,
        Field(
            max_length=LONGEST_ADDRESS,
            description="Phone number in E.164 format, or email address",
            examples=["+14155550123"],
        ),
    ]
    code: Annotated[
        str,
        Field(
            pattern=CODE,
            description="The code, 4 to 10 digits or letters of ASCII. With `verify`, digits only",
            examples=["493817"],
        ),
    ]
    channel: AskedChannel | None = None
    locale: Locale | None = None
    expires_in: Annotated[
        int | None,
        Field(
            ge=SHORTEST_SECONDS,
            le=LONGEST_SECONDS,
            description="Seconds until the code expires, which messages show in minutes. Without "
            "it, `OTP_TTL_SECONDS` counts",
        ),
    ] = None
    app_hash: AppHash | None = None
    verify: Annotated[
        bool,
        Field(description="`true` lets `/verify-otp` check the code. Otherwise only you can"),
    ] = False

    def recipient(self, addresses: Addresses) -> Recipient:
        try:
            return addresses.either(self.to)
        except InvalidRequest as error:
            ((_, why),) = error.errors
            raise InvalidRequest(("to", why)) from None

    def caller_code(self) -> CallerCode:
        if self.verify and not self.code.isdecimal():
            raise InvalidRequest(("code", "a code to verify here has digits only"))
        return CallerCode(
            code=self.code,
            life_seconds=self.expires_in,
            checked_here=self.verify,
            replaces=True,
        )

    def start_request(
        self,
        addresses: Addresses,
        app: str,
        *,
        locale: str,
        ip: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> StartRequest:
        """`locale` is the language if the caller names none. The `ip` is the person's: the caller
        is a server that asks for many people. Raises InvalidRequest."""
        recipient = self.recipient(addresses)
        return StartRequest(
            recipient=recipient,
            channel=channel_for(recipient, self.channel),
            app=app,
            ip=ip,
            locale=self.locale or locale,
            idempotency=idempotency,
            app_hash=self.app_hash,
            caller_code=self.caller_code(),
        )


def register(
    hooks: Blueprint, service: VerificationService, access: Access, addresses: Addresses
) -> None:
    @hooks.post("/send")
    def send_code() -> Response:
        app = access.app(request)
        asked = body.read(request, SendCode)
        started = service.start(
            asked.start_request(
                addresses,
                app,
                locale=browser_locale(request),
                idempotency=idempotency.of(request, asked),
            )
        )
        return body.answer(GeneratedOtp.of(started), 202)
