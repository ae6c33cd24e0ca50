"""POST /hooks/supabase/sms and …/email: the Send SMS Hook and Send Email Hook of Supabase Auth.

https://supabase.com/docs/guides/auth/auth-hooks, and github.com/supabase/auth at v2.196.0.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from flask import Blueprint, Request, Response, json, request
from werkzeug.exceptions import HTTPException

from api.hooks import fixed
from api.hooks.supabase_payloads import EmailHook, SmsHook
from api.http import body
from api.http.errors import kind_of
from api.http.standard_webhooks import signed_by
from shared import errors
from shared.logs.request import called_by
from shared.recipient import Addresses
from shared.verification.model import Idempotency
from shared.verification.service import VerificationService

PATH = "/hooks/supabase/"
# A user comes with all that an app keeps about it.
LARGEST_HOOK_BYTES = 256 * 1024
# What a person can do something about.
_FOR_PEOPLE = (
    errors.DeliveryBacklog,
    errors.InvalidRequest,
    errors.RateLimited,
    errors.Refused,
    errors.TooManyChecks,
)


def register(
    hooks: Blueprint,
    service: VerificationService,
    addresses: Addresses,
    apps: Mapping[bytes, str],
) -> None:
    """`apps` are those of OTP_HOOK_SECRETS, by their keys."""
    # Supabase gives numbers with their country code.
    addresses = replace(addresses, default_region=None)

    def deliver(hook: type[SmsHook | EmailHook]) -> Response:
        request.max_content_length = LARGEST_HOOK_BYTES
        app = called_by(apps[signed_by(request, apps)])
        asked = body.read(request, hook)
        starts = [
            fixed.send_code(request, code=code, to=to).start_request(
                addresses, app, locale=asked.locale, idempotency=_idempotency(request, number)
            )
            for number, (to, code) in enumerate(asked.deliveries())
        ]
        # Nothing is sent unless all addresses are fine.
        for start in starts:
            service.start(start)
        return Response("{}", mimetype="application/json")

    @hooks.post("/supabase/sms")
    def send_supabase_sms() -> Response:
        return deliver(SmsHook)

    @hooks.post("/supabase/email")
    def send_supabase_email() -> Response:
        return deliver(EmailHook)


def _idempotency(request: Request, number: int) -> Idempotency:
    """When Supabase repeats a request, only the body stays the same. Others keep the id."""
    digest = sha256(request.get_data()).hexdigest()
    names = (f"id {request.headers['webhook-id']}", f"body {digest}")
    return Idempotency(
        keys=tuple(f"supabase {name} {number}" for name in names), request=f"supabase {digest}"
    )


def is_supabase(request: Request) -> bool:
    return request.path.startswith(PATH)


def answer(error: Exception) -> Response:
    """Supabase shows `message` to its client, with the status `http_code`, but only from an answer
    with the status 200. Of all others it shows none, and some versions take a 503 with Retry-After
    for a success."""
    kind = kind_of(error)
    code = error.code if isinstance(error, HTTPException) else kind.status
    message = kind.said(error)
    if isinstance(error, errors.Unauthorized):
        message = "The signature is missing, wrong or older than five minutes."
    told = {"error": {"http_code": code, "message": message}}
    status = 200 if isinstance(error, _FOR_PEOPLE) else code
    response = Response(json.dumps(told), status, content_type="application/json")
    if isinstance(error, HTTPException):
        # Allow belongs to a 405.
        response.headers.extend((n, v) for n, v in error.get_headers() if n == "Allow")
    return response
