"""Errors as clients of this API read them: JSON with a number, a message, an address, a status."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Request, Response, json, request
from werkzeug.exceptions import HTTPException

from api.http.hosts import HostNotAllowed
from shared.errors import (
    ChannelNotEnabled,
    CountryNotAllowed,
    DeliveryBacklog,
    InvalidRequest,
    RateLimited,
    RateLimitNotFound,
    RateLimitRefused,
    RecipientBlocked,
    StorageUnavailable,
    TooManyChecks,
    Unauthorized,
    VerificationNotFound,
)

PREFIX = "/v2"


class Kind(NamedTuple):
    status: int
    code: int
    message: str


NOT_FOUND = Kind(404, 20404, "The requested resource {path} was not found")
TOO_MANY_REQUESTS = Kind(429, 20429, "Too many requests")
TOO_MANY_CHECKS = Kind(429, 60202, "Max check attempts reached")
TOO_MANY_SENDS = Kind(429, 60203, "Max send attempts reached")
LANDLINE = Kind(403, 60205, "SMS is not supported by landline phone number")
BUSY = Kind(429, 60212, "Too many concurrent requests for phone number")
BAD_LIMIT_NAME = Kind(400, 60209, "Invalid rate limit UniqueName")
NO_TARGET = Kind(400, 60221, "No target verification specified")
NO_TEMPLATE = Kind(400, 60228, "Template was not found")
_INVALID = 60200
_UNEXPECTED = Kind(500, 20500, "Internal Server Error")

_KINDS: dict[type[Exception], Kind] = {
    ChannelNotEnabled: Kind(400, 60223, "Delivery channel disabled"),
    CountryNotAllowed: Kind(403, 60605, "Verification delivery attempt blocked"),
    DeliveryBacklog: Kind(503, 20503, "Service unavailable"),
    HostNotAllowed: Kind(403, 20403, "Forbidden: without an API key, this host is not served"),
    RateLimited: TOO_MANY_REQUESTS,
    RateLimitNotFound: NOT_FOUND,
    RecipientBlocked: Kind(403, 60410, "Verification delivery attempt blocked"),
    StorageUnavailable: Kind(503, 20503, "Service unavailable"),
    TooManyChecks: TOO_MANY_CHECKS,
    Unauthorized: Kind(401, 20003, "Authenticate"),
    VerificationNotFound: NOT_FOUND,
}
_LIMIT_KINDS = {
    "too_many_limits": Kind(400, 60207, "Max rate limits per service reached"),
    "name_taken": Kind(400, 60208, "Rate limit with that UniqueName already exists"),
    "too_many_buckets": Kind(400, 60210, "Max Buckets per rate limit reached"),
    "interval_taken": Kind(400, 60211, "Bucket with the given Interval already exists"),
}
_HTTP_KINDS = {404: NOT_FOUND, 405: Kind(405, 20004, "Method not allowed")}
# What a recipient's own sends are limited by. With the wait of a Service, which is none, only sends
# at the same time can be in each other's way.
_SEND_LIMITS = {"to": TOO_MANY_SENDS, "sends": TOO_MANY_SENDS, "resend": BUSY}


class V2Error(Exception):
    """What only this API knows. `details` are for programs."""

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
    return V2Error(Kind(400, _INVALID, named))


def is_v2(request: Request) -> bool:
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


class Answers:
    """Makes the answer of any error. `base` is the address of this service."""

    def __init__(self, base: str) -> None:
        self._base = base

    def of(self, error: Exception) -> Response:
        kind = kind_of(error)
        body = {
            "code": kind.code,
            "message": kind.message.format(path=request.path.removeprefix(PREFIX))
            if kind is NOT_FOUND
            else kind.message,
            "more_info": f"{self._base}/docs#v2-{kind.code}",
            "status": kind.status,
        }
        if isinstance(error, V2Error) and error.details:
            body["details"] = error.details
        answer = Response(json.dumps(body), kind.status, content_type="application/json")
        if kind.status in {429, 503} and hasattr(error, "retry_after"):
            answer.headers["Retry-After"] = str(error.retry_after)
        if isinstance(error, RateLimited) and error.name:
            answer.headers["Twilio-Reached-Rate-Limit"] = error.name
        if kind.status == 401:
            answer.headers["WWW-Authenticate"] = 'Basic realm="otp"'
        if isinstance(error, HTTPException):
            # Allow belongs to a 405.
            answer.headers.extend((n, v) for n, v in error.get_headers() if n == "Allow")
        return answer


def kind_of(error: Exception) -> Kind:
    match error:
        case V2Error():
            return error.kind
        case RateLimited() if error.scope in _SEND_LIMITS:
            return _SEND_LIMITS[error.scope]
        case RateLimitRefused():
            return _LIMIT_KINDS[error.reason]
        case InvalidRequest():
            return Kind(400, _INVALID, f"Invalid parameter: {error}")
        case HTTPException(code=int(status)) if status < 500:
            other = Kind(status, _INVALID, f"Invalid request: {error.name}")
            return _HTTP_KINDS.get(status, other)
    return _KINDS.get(type(error), _UNEXPECTED)
