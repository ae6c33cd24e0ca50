"""Every error that the API returns, told once.

problems.py makes the response of a row, api/otp/openapi.py and the page at /docs show the rows, and
docs/api.md is generated from them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from api.http.body import MalformedJson
from api.http.draining import Stopping
from api.http.hosts import HostNotAllowed
from api.http.origins import FromElsewhere
from shared import errors


class Kind(NamedTuple):
    """`when` tells developers in Markdown when the API returns this error. `detail` is the sentence
    for a person, or makes one from the exception. Without it, `when` is for both."""

    status: int
    code: str
    when: str
    detail: str | Callable[[Any], str] = ""

    def said(self, error: Exception) -> str:
        """The sentence for a person."""
        if callable(self.detail):
            return self.detail(error)
        return self.detail or self.when.replace("`", "")


def _description(error: HTTPException) -> str:
    return error.description or error.name


def _what_is_wrong(error: errors.InvalidRequest) -> str:
    return " ".join(f"{message[:1].upper()}{message[1:]}." for _, message in error.errors)


def _checks_left(error: errors.IncorrectCode) -> str:
    left = "1 attempt" if error.checks_left == 1 else f"{error.checks_left} attempts"
    return f"The code is incorrect. {left} left."


def _when_again(error: errors.RateLimited) -> str:
    return f"Another code cannot be sent yet. Try again in {error.retry_after} seconds."


KINDS: dict[type[Exception], Kind] = {
    BadRequest: Kind(
        400,
        "bad_request",
        "The server cannot read the request. The status can be another one from 400 to 499.",
        _description,
    ),
    MalformedJson: Kind(
        400,
        "malformed_json",
        "The request body is not a JSON object in UTF-8, or repeats a name.",
        "The request body must be a JSON object in UTF-8 without duplicate names.",
    ),
    errors.IncorrectCode: Kind(
        400,
        "incorrect_code",
        "The code is incorrect. `checks_left` is the number of checks left.",
        _checks_left,
    ),
    errors.Unauthorized: Kind(
        401,
        "unauthorized",
        "The API key is missing or invalid.",
        "The API key is missing or invalid. Send it in the header Authorization: Bearer KEY.",
    ),
    errors.OwnerOnly: Kind(
        401,
        "unauthorized",
        "For `DELETE /recipients`, the owner's password is missing or incorrect.",
        "This request requires the owner's password. Use HTTP Basic authentication with "
        "admin:OTP_ADMIN_PASSWORD.",
    ),
    errors.LogInNeeded: Kind(
        401,
        "log_in_needed",
        "The dashboard session has expired.",
        "Your session has expired. Log in again.",
    ),
    errors.AdminOff: Kind(
        403,
        "admin_off",
        "Admin access is off because no owner's password is set.",
        "Admin access is off. Set OTP_ADMIN_PASSWORD, or set OTP_DATA_DIR to have a password "
        "generated at the first start.",
    ),
    errors.OperatorOnly: Kind(
        403,
        "operator_only",
        "The dashboard session is a viewer's. This call needs the owner's password.",
        "You can only look. Log in with the owner's password to do this.",
    ),
    errors.MetricsOnly: Kind(
        403,
        "metrics_only",
        "The API key belongs to the app `metrics`, whose keys can only call `GET /metrics`.",
        "This API key can only read metrics. Use a key of another app.",
    ),
    errors.CsrfFailed: Kind(
        403,
        "csrf_failed",
        "The request did not come from a current dashboard page.",
        "This dashboard page is out of date. Reload it and try again.",
    ),
    FromElsewhere: Kind(
        403,
        "cross_site",
        "Another site submitted a form of the page.",
        "The form was submitted from another site. Submit it from this site.",
    ),
    errors.CountryNotAllowed: Kind(
        403,
        "country_not_allowed",
        "The country of the number is not in `OTP_ALLOWED_COUNTRIES`.",
        "This service does not send codes to numbers in this country.",
    ),
    errors.ChannelNotEnabled: Kind(
        403,
        "channel_not_enabled",
        "The channel has no sender, or none for this number.",
        "This channel is not enabled. Use another channel.",
    ),
    errors.RecipientBlocked: Kind(
        403,
        "recipient_blocked",
        "`OTP_BLOCKED_PREFIXES`, `OTP_BLOCKED_TYPES` or the pumping guard blocks the number.",
        "This service does not send codes to this number.",
    ),
    errors.ProofOfWorkRequired: Kind(
        403,
        "proof_of_work_required",
        "The request has no API key, and this service requires proof of work instead. Solve "
        "`challenge` and resend the request with `proof`.",
        "This request requires proof of work. Solve the challenge and resend the request with the "
        "proof.",
    ),
    HostNotAllowed: Kind(
        403,
        "host_not_allowed",
        "No API key is set, and `Host` is not `localhost`, an IP address, the container's own name "
        "or the host of `OTP_PUBLIC_URL`.",
        "Without an API key, the service answers only at localhost, IP addresses and the host in "
        "OTP_PUBLIC_URL. Set OTP_PUBLIC_URL, or create an API key.",
    ),
    errors.VerificationNotFound: Kind(
        404,
        "verification_not_found",
        "No verification is pending. It may have expired, been used, been canceled, belong to "
        "another app or never have existed.",
        "No pending verification was found. It may have expired, been used, been canceled or never "
        "existed.",
    ),
    NotFound: Kind(404, "not_found", "This path does not exist."),
    MethodNotAllowed: Kind(
        405,
        "method_not_allowed",
        "This path does not support the method. The `Allow` header lists the methods it supports.",
    ),
    errors.IdempotencyConflict: Kind(
        409,
        "idempotency_conflict",
        "This `Idempotency-Key` was already used with a different request.",
        "This Idempotency-Key was already used with a different request. Use a new key.",
    ),
    RequestEntityTooLarge: Kind(413, "payload_too_large", "The request body is larger than 8 KiB."),
    UnsupportedMediaType: Kind(
        415,
        "unsupported_media_type",
        "The `Content-Type` is not `application/json`.",
        "Send the request body with Content-Type: application/json.",
    ),
    errors.InvalidRequest: Kind(
        422,
        "invalid_request",
        "A field is missing or invalid. `errors` lists each problem with a message. The request "
        "does not count toward any limit.",
        _what_is_wrong,
    ),
    errors.TooManyChecks: Kind(
        429,
        "too_many_checks",
        "No checks are left, so even the correct code is rejected. `Retry-After` gives the time to "
        "wait.",
        "Too many incorrect codes. This code no longer works.",
    ),
    errors.RateLimited: Kind(
        429,
        "rate_limited",
        "A send limit was reached, or one network entered too many incorrect codes. `scope` names "
        "the limit. `Retry-After` gives the time to wait.",
        _when_again,
    ),
    errors.TooManyLogIns: Kind(
        429,
        "too_many_log_ins",
        "Too many incorrect passwords of the owner. `Retry-After` gives the time to wait.",
        "Too many incorrect passwords. Try again in one minute.",
    ),
    InternalServerError: Kind(
        500,
        "internal_error",
        "Something went wrong in the service. The service log has the details.",
    ),
    Stopping: Kind(
        503,
        "stopping",
        "The API stops soon. Only `/health/ready` says so, and load balancers use another API.",
        "This server is about to stop. Send requests to another one.",
    ),
    errors.DeliveryBacklog: Kind(
        503,
        "delivery_backlog",
        "The queue is too long to deliver the message in time. `Retry-After` gives the time to "
        "wait.",
        "Messages are delayed right now. Try again in a few minutes.",
    ),
    errors.StorageUnavailable: Kind(
        503,
        "storage_unavailable",
        "Redis is unreachable or full. `Retry-After` gives the time to wait.",
        "The service is temporarily unavailable. Try again in a moment.",
    ),
}
_BY_STATUS = {error.code: kind for error, kind in KINDS.items() if issubclass(error, HTTPException)}


def kind_of(error: Exception) -> Kind:
    """The row of an error. An exception without a row is a fault of the service."""
    if isinstance(error, HTTPException):
        return _BY_STATUS.get(error.code, KINDS[BadRequest])
    return KINDS.get(type(error), KINDS[InternalServerError])


def documented() -> dict[str, tuple[int, str]]:
    """Status and `when` of each code. Errors with the same code share an entry."""
    rows: dict[str, tuple[int, str]] = {}
    for status, code, when, _ in KINDS.values():
        _, before = rows.get(code, (status, ""))
        rows[code] = (status, f"{before} {when}".lstrip())
    return rows
