"""Errors as clients of this API read them: JSON with a number, message, URL and status."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Request, Response, json, request
from werkzeug.exceptions import HTTPException

from api.http import links
from api.http.hosts import HostNotAllowed
from shared import errors

PREFIX = "/v2"


class Kind(NamedTuple):
    """`when` tells developers in Markdown when the API returns this error, in the documentation.
    Without another code, a parameter is invalid."""

    status: int
    message: str
    when: str = ""
    code: int = 60200


_WAIT = "`Retry-After` gives the time to wait."
_ROWS = {
    20003: Kind(
        401,
        "Authenticate",
        "The username is not an account SID or app name, or the password is not one of the "
        "app's API keys. Keys of the app `metrics` don't work here.",
    ),
    20004: Kind(
        405,
        "Method not allowed",
        "This path does not support the method. The `Allow` header lists the methods it supports.",
    ),
    20403: Kind(
        403,
        "Forbidden: without an API key, this host is not served",
        "No API key is set, and `Host` is neither local nor the host of `OTP_PUBLIC_URL`.",
    ),
    20404: Kind(
        404,
        "The requested resource {path} was not found",
        "The resource does not exist in this account or Service, or is no longer available. "
        "`details.reason` says whether a verification was approved, canceled or has expired.",
    ),
    20429: Kind(
        429,
        "Too many requests",
        "A limit of the account was reached (`OTP_LIMIT_APP`, `OTP_LIMIT_COUNTRY`, "
        "`OTP_LIMIT_RANGE`, `OTP_LIMIT_GLOBAL`, `OTP_LIMIT_IP` or `OTP_BUDGET`), or a rate "
        f"limit of the Service, which `Twilio-Reached-Rate-Limit` names. {_WAIT}",
    ),
    20500: Kind(
        500,
        "Internal Server Error",
        "Something went wrong in the service. The service log has the details. No message was "
        "sent.",
    ),
    20503: Kind(
        503,
        "Service unavailable",
        "Redis is unreachable, or the queue is too long to deliver the message in time. No "
        f"message was sent. {_WAIT}",
    ),
    60200: Kind(
        400,
        "Invalid parameter",
        "The named parameter is missing or invalid. The request does not count toward any "
        "limit. The status can also be 413 or 415.",
    ),
    60202: Kind(
        429,
        "Max check attempts reached",
        "The verification has no checks left, or the recipient reached "
        "`OTP_MAX_FAILED_CHECKS`. Even the correct code is rejected.",
    ),
    60203: Kind(
        429,
        "Max send attempts reached",
        "The verification has no sends left, or the recipient reached `OTP_LIMIT_TO`, which is "
        "20 an hour here unless you set it.",
    ),
    60205: Kind(
        403,
        "SMS is not supported by landline phone number",
        "The number is a landline, and this Service skips landlines.",
    ),
    60207: Kind(
        400, "Max rate limits per service reached", "A Service can have up to 20 rate limits."
    ),
    60208: Kind(
        400,
        "Rate limit with that UniqueName already exists",
        "This Service already has a rate limit with this `UniqueName`.",
    ),
    60209: Kind(
        400,
        "Invalid rate limit UniqueName",
        "A `UniqueName` can have up to 64 letters, digits, dots, dashes and underscores.",
    ),
    60210: Kind(
        400, "Max Buckets per rate limit reached", "A rate limit can have up to 10 Buckets."
    ),
    60211: Kind(
        400,
        "Bucket with the given Interval already exists",
        "This rate limit already has a Bucket with this `Interval`.",
    ),
    60212: Kind(
        429,
        "Too many concurrent requests for phone number",
        "Another request for the same recipient ran at the same time. Try again.",
    ),
    60221: Kind(400, "No target verification specified", "Provide `To` or `VerificationSid`."),
    60223: Kind(400, "Delivery channel disabled", "The account has no sender for this channel."),
    60228: Kind(
        400,
        "Template was not found",
        "This template does not exist. The service has only one template.",
    ),
    60410: Kind(
        403,
        "Verification delivery attempt blocked",
        "`OTP_BLOCKED_PREFIXES`, `OTP_BLOCKED_TYPES` or the pumping guard blocks the number.",
    ),
    60602: Kind(
        400,
        "App hash can only be used with SMS channel",
        "`AppHash` was provided for another channel.",
    ),
    60605: Kind(
        403,
        "Verification delivery attempt blocked",
        "The country of the number is not in `OTP_ALLOWED_COUNTRIES`.",
    ),
}
KINDS = {code: kind._replace(code=code) for code, kind in _ROWS.items()}
NOT_FOUND = KINDS[20404]
TOO_MANY_REQUESTS = KINDS[20429]
TOO_MANY_SENDS = KINDS[60203]
LANDLINE = KINDS[60205]
BAD_LIMIT_NAME = KINDS[60209]
NO_TARGET = KINDS[60221]
NO_TEMPLATE = KINDS[60228]
HASH_NEEDS_SMS = KINDS[60602]

_KINDS: dict[type[Exception], Kind] = {
    errors.ChannelNotEnabled: KINDS[60223],
    errors.CountryNotAllowed: KINDS[60605],
    errors.DeliveryBacklog: KINDS[20503],
    HostNotAllowed: KINDS[20403],
    errors.RateLimited: TOO_MANY_REQUESTS,
    errors.RateLimitNotFound: NOT_FOUND,
    errors.RecipientBlocked: KINDS[60410],
    errors.StorageUnavailable: KINDS[20503],
    errors.TooManyChecks: KINDS[60202],
    errors.Unauthorized: KINDS[20003],
    errors.VerificationNotFound: NOT_FOUND,
}
_LIMIT_KINDS = {
    "too_many_limits": KINDS[60207],
    "name_taken": KINDS[60208],
    "too_many_buckets": KINDS[60210],
    "interval_taken": KINDS[60211],
}
_HTTP_KINDS = {404: NOT_FOUND, 405: KINDS[20004]}
# Limits of one recipient. A Service has no wait between sends, so `resend` means that two requests
# ran at the same time.
_SEND_LIMITS = {"to": TOO_MANY_SENDS, "sends": TOO_MANY_SENDS, "resend": KINDS[60212]}


class V2Error(Exception):
    """An error of this API alone. `details` are for programs."""

    def __init__(
        self,
        kind: Kind,
        *,
        details: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(kind.message)
        self.kind = kind
        self.details = details
        if retry_after is not None:
            self.retry_after = retry_after


def invalid(parameter: str, why: str = "") -> V2Error:
    """Programs look for the name of the parameter in the message."""
    named = f"Invalid parameter `{parameter}`: {why}" if why else f"Invalid parameter: {parameter}"
    return V2Error(Kind(400, named))


def is_v2(request: Request) -> bool:
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def answer(error: Exception) -> Response:
    kind = kind_of(error)
    body = {
        "code": kind.code,
        "message": kind.message.format(path=request.path.removeprefix(PREFIX))
        if kind is NOT_FOUND
        else kind.message,
        "more_info": links.absolute(f"/docs#v2-{kind.code}"),
        "status": kind.status,
    }
    if isinstance(error, V2Error) and error.details:
        body["details"] = error.details
    response = Response(json.dumps(body), kind.status, content_type="application/json")
    if kind.status in {429, 503} and hasattr(error, "retry_after"):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.RateLimited) and error.name:
        response.headers["Twilio-Reached-Rate-Limit"] = error.name
    if kind.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="otp"'
    if isinstance(error, HTTPException):
        # Allow belongs to a 405.
        response.headers.extend((n, v) for n, v in error.get_headers() if n == "Allow")
    return response


def kind_of(error: Exception) -> Kind:
    match error:
        case V2Error():
            return error.kind
        case errors.RateLimited() if error.scope in _SEND_LIMITS:
            return _SEND_LIMITS[error.scope]
        case errors.RateLimitRefused():
            return _LIMIT_KINDS[error.reason]
        case errors.InvalidRequest():
            return Kind(400, f"Invalid parameter: {error}")
        case HTTPException(code=int(status)) if status < 500:
            other = Kind(status, f"Invalid request: {error.name}")
            return _HTTP_KINDS.get(status, other)
    return _KINDS.get(type(error), KINDS[20500])
