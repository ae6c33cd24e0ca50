"""The one place where errors become HTTP: problem+json (RFC 9457)."""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Flask, Response, json, request
from werkzeug.exceptions import HTTPException

from api.http.access import client_ip
from api.http.body import MalformedJson
from api.http.hosts import HostNotAllowed
from api.http.origins import FromElsewhere
from api.verify_v2.errors import is_v2
from shared.errors import (
    AdminOff,
    ChannelNotEnabled,
    CountryNotAllowed,
    CsrfFailed,
    DeliveryBacklog,
    IdempotencyConflict,
    IncorrectCode,
    InvalidRequest,
    LogInNeeded,
    OwnerOnly,
    ProofOfWorkRequired,
    RateLimited,
    RecipientBlocked,
    StorageUnavailable,
    TooManyChecks,
    TooManyLogIns,
    Unauthorized,
    VerificationNotFound,
)

log = logging.getLogger("otp.api")


class Kind(NamedTuple):
    """`detail` is a sentence for a person, or makes one of the error."""

    status: int
    code: str
    detail: str | Callable[[Any], str]


def _what_is_wrong(error: InvalidRequest) -> str:
    return " ".join(f"{message[:1].upper()}{message[1:]}." for _, message in error.errors)


def _checks_left(error: IncorrectCode) -> str:
    left = "1 attempt" if error.checks_left == 1 else f"{error.checks_left} attempts"
    return f"The code is incorrect. {left} left."


def _when_again(error: RateLimited) -> str:
    return f"Another code cannot be sent yet. Try again in {error.retry_after} seconds."


_KINDS: dict[type[Exception], Kind] = {
    AdminOff: Kind(
        403,
        "admin_off",
        "Admin access is off. Set OTP_ADMIN_PASSWORD, or set OTP_DATA_DIR to have a password "
        "generated at the first start.",
    ),
    ChannelNotEnabled: Kind(
        403, "channel_not_enabled", "This channel is not enabled. Use another channel."
    ),
    CountryNotAllowed: Kind(
        403,
        "country_not_allowed",
        "This service does not send codes to numbers in this country.",
    ),
    CsrfFailed: Kind(
        403,
        "csrf_failed",
        "This dashboard page is out of date. Reload it and try again.",
    ),
    DeliveryBacklog: Kind(
        503, "delivery_backlog", "Messages are delayed right now. Try again in a few minutes."
    ),
    FromElsewhere: Kind(
        403,
        "cross_site",
        "The form was submitted from another site. Submit it from this site.",
    ),
    HostNotAllowed: Kind(
        403,
        "host_not_allowed",
        "Without an API key, the service answers only at localhost, IP addresses and the host in "
        "OTP_PUBLIC_URL. Set OTP_PUBLIC_URL, or create an API key.",
    ),
    IdempotencyConflict: Kind(
        409,
        "idempotency_conflict",
        "This Idempotency-Key was already used with a different request. Use a new key.",
    ),
    IncorrectCode: Kind(400, "incorrect_code", _checks_left),
    InvalidRequest: Kind(422, "invalid_request", _what_is_wrong),
    LogInNeeded: Kind(401, "log_in_needed", "Your session has expired. Log in again."),
    MalformedJson: Kind(
        400,
        "malformed_json",
        "The request body must be a JSON object in UTF-8 without duplicate names.",
    ),
    OwnerOnly: Kind(
        401,
        "unauthorized",
        "This request requires the owner's password. Use HTTP Basic authentication with "
        "admin:OTP_ADMIN_PASSWORD.",
    ),
    ProofOfWorkRequired: Kind(
        403,
        "proof_of_work_required",
        "This request requires proof of work. Solve the challenge and resend the request with the "
        "proof.",
    ),
    RateLimited: Kind(429, "rate_limited", _when_again),
    RecipientBlocked: Kind(
        403, "recipient_blocked", "This service does not send codes to this number."
    ),
    StorageUnavailable: Kind(
        503,
        "storage_unavailable",
        "The service is temporarily unavailable. Try again in a moment.",
    ),
    TooManyChecks: Kind(
        429, "too_many_checks", "Too many incorrect codes. This code no longer works."
    ),
    TooManyLogIns: Kind(
        429, "too_many_log_ins", "Too many incorrect passwords. Try again in one minute."
    ),
    Unauthorized: Kind(
        401,
        "unauthorized",
        "The API key is missing or invalid. Send it in the header Authorization: Bearer KEY.",
    ),
    VerificationNotFound: Kind(
        404,
        "verification_not_found",
        "No pending verification was found. It may have expired, been used, been canceled or never "
        "existed.",
    ),
}

_WAITS = DeliveryBacklog | RateLimited | StorageUnavailable | TooManyChecks | TooManyLogIns
_CHALLENGES: dict[type[Exception], str] = {
    # Not Basic, for which a browser would ask the person by a window of its own.
    LogInNeeded: 'Cookie realm="otp admin"',
    OwnerOnly: 'Basic realm="otp admin"',
    Unauthorized: 'Bearer realm="otp"',
}

_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


# Without a preference the first.
_FORMATS = ("application/problem+json", "application/json", "text/html")
# The blueprints whose answers people see, as they are.
_PAGES = ("admin", "forms", "pages", "phone")


def kind_of(error: Exception) -> Kind:
    return _KINDS[type(error)]


def register(
    app: Flask,
    v2_answer: Callable[[Exception], Response],
    page: Callable[[dict[str, Any], Exception], str],
) -> None:
    """`v2_answer` makes the answers below /v2, which have another shape. `page` makes what a
    browser shows to a person, from the problem and the error."""

    def by_path(problem: Callable[[Any], Response]) -> Callable[[Exception], Response]:
        def answer(error: Exception) -> Response:
            # Made in any case: that is also what leaves a line in the log.
            made = problem(error)
            if made.status_code < 400:
                return made
            if is_v2(request):
                return v2_answer(error)
            made.vary.add("Accept")
            if _is_for_a_person():
                made.set_data(page(made.get_json(force=True), error))
                made.content_type = "text/html; charset=utf-8"
            return made

        return answer

    for error in _KINDS:
        app.register_error_handler(error, by_path(_ours))
    app.register_error_handler(HTTPException, by_path(_http_exception))
    app.register_error_handler(Exception, by_path(_unexpected))


def _ours(error: Exception) -> Response:
    status, code, detail = _KINDS[type(error)]
    if isinstance(error, Unauthorized):
        log.warning("unauthorized", extra={"path": _path(), "client": client_ip(request)})
    elif isinstance(error, InvalidRequest | MalformedJson):
        _log_refused(code)
    response = _problem(
        status, code, detail if isinstance(detail, str) else detail(error), **_members(error)
    )
    response.headers.update(_headers(error))
    return response


def _members(error: Exception) -> dict[str, Any]:
    match error:
        case IncorrectCode():
            return {"checks_left": error.checks_left}
        case InvalidRequest():
            return {"errors": [{"field": field, "message": text} for field, text in error.errors]}
        case ProofOfWorkRequired():
            return {"challenge": error.challenge}
        case RateLimited():
            return {"scope": error.scope}
    return {}


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if isinstance(error, _WAITS):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, RateLimited):
        # draft-ietf-httpapi-ratelimit-headers: the quota that is used up, and until when.
        count, window = error.limit.count, error.limit.window_seconds
        headers["RateLimit"] = f'"{error.scope}";r=0;t={error.retry_after}'
        headers["RateLimit-Policy"] = f'"{error.scope}";q={count};w={window}'
    if type(error) in _CHALLENGES:
        headers["WWW-Authenticate"] = _CHALLENGES[type(error)]
    return headers


def _http_exception(error: HTTPException) -> Response:
    """What Flask and werkzeug refuse by themselves. Allow belongs to a 405, so it stays."""
    response = error.get_response()
    if error.code is None or error.code < 400:
        return Response(response.get_data(), response.status, response.headers)
    code = _HTTP_CODES.get(error.code, "bad_request")
    # Whoever looks for pages that are not there tries nothing here.
    if error.code not in {404, 405}:
        _log_refused(code)
    problem = _problem(error.code, code, error.description or error.name)
    if "Allow" in response.headers:
        problem.headers["Allow"] = response.headers["Allow"]
    return problem


def _unexpected(error: Exception) -> Response:
    log.error("internal_error", exc_info=error)
    return _problem(
        500,
        "internal_error",
        "Something went wrong in the service. The service log has the details.",
    )


def _is_for_a_person() -> bool:
    """Whether a browser shows the answer: what it opens is a page, a file or nothing. Some HTTP
    clients of programs accept HTML before JSON too, but send a key or a JSON body."""
    accepted = request.accept_mimetypes.best_match(_FORMATS)
    is_page = request.endpoint in (None, "static") or request.blueprint in _PAGES
    is_call = request.is_json or "Authorization" in request.headers
    return accepted == "text/html" and is_page and not is_call


def _log_refused(code: str) -> None:
    """Input that no endpoint came to use: what an endpoint refuses, it logs with its facts."""
    log.info("request_refused", extra={"path": _path(), "code": code})


def _path() -> str | None:
    """As in the OpenAPI document: what somebody put into a path stays out of the log."""
    return request.url_rule.rule if request.url_rule else None


def _problem(status: int, code: str, detail: str, **more: Any) -> Response:
    members = {
        "type": f"/docs#{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }
    return Response(json.dumps(members), status, content_type="application/problem+json")
