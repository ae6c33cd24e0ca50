"""POST /hooks/zitadel: ZITADEL's HTTP SMS provider.

github.com/zitadel/zitadel: internal/notification/types/user_phone.go, and the signature in
pkg/actions/signing.go.
"""

from collections.abc import Iterable, Mapping

from flask import Blueprint, Request, Response, request
from pydantic.alias_generators import to_camel

from api.hooks import fixed
from api.hooks.send import LONGEST_SECONDS, SHORTEST_SECONDS
from api.http import body
from api.http.standard_webhooks import key_of
from api.otp.schemas import GeneratedOtp
from shared import signatures
from shared.logs.request import called_by
from shared.recipient import Addresses
from shared.verification.model import Idempotency
from shared.verification.service import VerificationService


class _ContextInfo(fixed.Given, alias_generator=to_camel):
    recipient_phone_number: str


class _Args(fixed.Given):
    """`expiry` is in nanoseconds, and 0 for codes of which ZITADEL does not tell it."""

    code: str | None = None
    expiry: int = 0


class _Message(fixed.Given, alias_generator=to_camel):
    context_info: _ContextInfo
    args: _Args


def register(
    hooks: Blueprint, service: VerificationService, addresses: Addresses, apps: Mapping[bytes, str]
) -> None:
    """`apps` are those of OTP_HOOK_SECRETS, by ZITADEL's signing keys."""

    @hooks.post("/zitadel")
    def send_zitadel_code() -> Response:
        request.max_content_length = fixed.LARGEST_BYTES
        app = called_by(apps[_signed_by(request, apps)])
        given = fixed.read(request, _Message)
        seconds = given.args.expiry // 10**9
        asked = fixed.send_code(
            request,
            code=given.args.code,
            to=given.context_info.recipient_phone_number,
            expires_in=max(SHORTEST_SECONDS, min(seconds, LONGEST_SECONDS)) if seconds else None,
        )
        # ZITADEL repeats a message whose answer it misses, with a new signature.
        content = request.get_data(as_text=True)
        once = Idempotency(keys=(f"zitadel {content}",), request=content)
        started = service.start(asked.start_request(addresses, app, locale="en", idempotency=once))
        return body.answer(GeneratedOtp.of(started), 202)


def _signed_by(request: Request, keys: Iterable[bytes]) -> bytes:
    """The one of these keys that signed the request in the last five minutes. Raises Unauthorized
    if none of them did."""
    header = request.headers.get("ZITADEL-Signature", "")
    parts = [part.partition("=") for part in header.split(",")]
    timestamp = next((value for name, _, value in parts if name == "t"), "")
    given = [value for name, _, value in parts if name == "v1"]
    content = body.content(request)
    made = {key: signatures.zitadel(key, timestamp, content) for key in keys}
    return key_of(given, made, timestamp)
