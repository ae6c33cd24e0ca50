"""The one place where errors become HTTP: problem+json (RFC 9457)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, json
from werkzeug.exceptions import HTTPException

from api.body import MalformedJson
from shared.errors import (
    ChannelNotEnabled,
    CountryNotAllowed,
    IncorrectCode,
    InvalidRequest,
    RateLimited,
    RecipientBlocked,
    StorageUnavailable,
    TooManyChecks,
    Unauthorized,
    VerificationNotFound,
)

log = logging.getLogger("otp.api")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`detail` is a sentence for a person; `more` members stand beside it in the body."""

    status: int
    code: str
    title: str
    detail: str
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        members = {
            "type": f"/docs#{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.more,
        }
        return Response(
            json.dumps(members),
            status=self.status,
            headers=self.headers,
            content_type="application/problem+json",
        )


def _invalid_request(error: InvalidRequest) -> Problem:
    return Problem(
        status=422,
        code="invalid_request",
        title="Invalid request",
        detail=" ".join(f"{message[:1].upper()}{message[1:]}." for _, message in error.errors),
        more={"errors": [{"field": name, "message": message} for name, message in error.errors]},
    )


def _malformed_json(_: MalformedJson) -> Problem:
    return Problem(
        status=400,
        code="malformed_json",
        title="Malformed JSON",
        detail="The body is not a JSON object in UTF-8, or a name occurs twice in it.",
    )


def _unauthorized(_: Unauthorized) -> Problem:
    return Problem(
        status=401,
        code="unauthorized",
        title="Unauthorized",
        detail="A valid API key is needed: Authorization: Bearer KEY.",
        headers={"WWW-Authenticate": 'Bearer realm="otp"'},
    )


def _country_not_allowed(_: CountryNotAllowed) -> Problem:
    return Problem(
        status=403,
        code="country_not_allowed",
        title="Country not allowed",
        detail="Codes are not sent to numbers of this country.",
    )


def _channel_not_enabled(_: ChannelNotEnabled) -> Problem:
    return Problem(
        status=403,
        code="channel_not_enabled",
        title="Channel not enabled",
        detail="Codes are not sent by this channel here.",
    )


def _recipient_blocked(_: RecipientBlocked) -> Problem:
    return Problem(
        status=403,
        code="recipient_blocked",
        title="Recipient blocked",
        detail="Codes are not sent to this number.",
    )


def _verification_not_found(_: VerificationNotFound) -> Problem:
    return Problem(
        status=404,
        code="verification_not_found",
        title="Verification not found",
        detail="No code is waiting here: it was never asked for, has expired, or was used.",
    )


def _incorrect_code(error: IncorrectCode) -> Problem:
    left = "1 check" if error.checks_left == 1 else f"{error.checks_left} checks"
    return Problem(
        status=400,
        code="incorrect_code",
        title="Incorrect code",
        detail=f"That is not the code. {left} left.",
        more={"checks_left": error.checks_left},
    )


def _too_many_checks(error: TooManyChecks) -> Problem:
    return Problem(
        status=429,
        code="too_many_checks",
        title="Too many checks",
        detail="Too many wrong codes. This one can no longer be used.",
        headers={"Retry-After": str(error.retry_after)},
    )


def _rate_limited(error: RateLimited) -> Problem:
    count, window = error.limit.count, error.limit.window_seconds
    return Problem(
        status=429,
        code="rate_limited",
        title="Rate limited",
        detail=f"No more codes can be sent now. Try again in {error.retry_after} seconds.",
        more={"scope": error.scope},
        # draft-ietf-httpapi-ratelimit-headers: the quota that is used up, and when it is not.
        headers={
            "Retry-After": str(error.retry_after),
            "RateLimit": f'"{error.scope}";r=0;t={error.retry_after}',
            "RateLimit-Policy": f'"{error.scope}";q={count};w={window}',
        },
    )


def _storage_unavailable(error: StorageUnavailable) -> Problem:
    return Problem(
        status=503,
        code="storage_unavailable",
        title="Storage unavailable",
        detail="The service cannot reach its storage. Try again in a moment.",
        headers={"Retry-After": str(error.retry_after)},
    )


_PROBLEMS: dict[type[Exception], Callable[[Any], Problem]] = {
    ChannelNotEnabled: _channel_not_enabled,
    CountryNotAllowed: _country_not_allowed,
    IncorrectCode: _incorrect_code,
    InvalidRequest: _invalid_request,
    MalformedJson: _malformed_json,
    RateLimited: _rate_limited,
    RecipientBlocked: _recipient_blocked,
    StorageUnavailable: _storage_unavailable,
    TooManyChecks: _too_many_checks,
    Unauthorized: _unauthorized,
    VerificationNotFound: _verification_not_found,
}

_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


def _http_exception(error: HTTPException) -> Response:
    """What Flask and werkzeug refuse by themselves. Their headers stay: Allow belongs to a 405."""
    response = error.get_response()
    if error.code is None or error.code < 400:
        return Response(response.get_data(), response.status, response.headers)
    problem = Problem(
        status=error.code,
        code=_HTTP_CODES.get(error.code, "bad_request"),
        title=error.name,
        detail=error.description or error.name,
    ).response()
    if "Allow" in response.headers:
        problem.headers["Allow"] = response.headers["Allow"]
    return problem


def _unexpected(error: Exception) -> Response:
    log.error("internal_error", exc_info=error)
    return Problem(
        status=500,
        code="internal_error",
        title="Internal server error",
        detail="Something went wrong here; it is in the log.",
    ).response()


def register(app: Flask) -> None:
    for kind, make in _PROBLEMS.items():
        app.register_error_handler(kind, _handler(make))
    app.register_error_handler(HTTPException, _http_exception)
    app.register_error_handler(Exception, _unexpected)


def _handler(make: Callable[[Any], Problem]) -> Callable[[Any], Response]:
    return lambda error: make(error).response()
