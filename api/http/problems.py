"""Makes the response of an error: problem+json (RFC 9457), a page, or the error of an API
that others have designed."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, json, request
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound

from api.hooks import supabase
from api.http.access import client_ip
from api.http.body import MalformedJson
from api.http.errors import KINDS, Kind, kind_of
from api.verify_v2 import errors as v2_errors
from shared import errors

log = logging.getLogger("otp.api")

_CHALLENGES: dict[type[Exception], str] = {
    # Not Basic, for which browsers open their own login window.
    errors.LogInNeeded: 'Cookie realm="otp admin"',
    errors.OwnerOnly: 'Basic realm="otp admin"',
    errors.Unauthorized: 'Bearer realm="otp"',
}

# What an exception knows for programs.
_FACTS = ("challenge", "checks_left", "scope")
# Without a preference, the first one.
_FORMATS = ("application/problem+json", "application/json", "text/html")
# The blueprints whose responses people see.
_PAGES = ("admin", "forms", "pages", "phone")


def register(
    app: Flask,
    page: Callable[[dict[str, Any], Exception], str],
    refusal: Callable[[Exception], str],
) -> None:
    """`page` makes what a browser shows to a person, from the problem and the error. `refusal` is
    the sentence of an error for the page's script, which names the language in `?lang=`."""

    def answer(error: Exception) -> Response:
        if isinstance(error, HTTPException) and (error.code or 0) < 400:
            found = error.get_response()
            return Response(found.get_data(), found.status, found.headers)
        _log(error, kind_of(error))
        if v2_errors.is_v2(request):
            return v2_errors.answer(error)
        if supabase.is_supabase(request):
            return supabase.answer(error)
        problem = _problem(error, kind_of(error))
        if _is_shown_as_it_is():
            content, content_type = problem["detail"], "text/plain; charset=utf-8"
        elif _is_for_a_person():
            content, content_type = page(problem, error), "text/html; charset=utf-8"
        else:
            if "lang" in request.args:
                problem["detail"] = refusal(error)
            content, content_type = json.dumps(problem), "application/problem+json"
        response = Response(content, problem["status"], _headers(error), content_type=content_type)
        response.vary.add("Accept")
        return response

    app.register_error_handler(Exception, answer)


def _log(error: Exception, kind: Kind) -> None:
    """Log input that reached no endpoint. The endpoints log their own refusals, with more facts."""
    match error:
        case errors.Unauthorized() | errors.MetricsOnly() | errors.OperatorOnly():
            log.warning("unauthorized", extra={"path": _path(), "client": client_ip(request)})
        # Scanners request pages that do not exist.
        case NotFound() | MethodNotAllowed():
            pass
        # The core logs what it refuses itself.
        case v2_errors.V2Error() | errors.RateLimitNotFound() | errors.RateLimitRefused():
            of_v2 = v2_errors.kind_of(error)
            if of_v2.status in {400, 403}:
                log.info("request_refused", extra={"path": _path(), "code": str(of_v2.code)})
        case errors.InvalidRequest() | MalformedJson() | HTTPException():
            log.info("request_refused", extra={"path": _path(), "code": kind.code})
        case _ if kind is KINDS[InternalServerError]:
            log.error("internal_error", exc_info=error)


def _problem(error: Exception, kind: Kind) -> dict[str, Any]:
    return {
        "type": f"/docs#{kind.code}",
        "title": kind.code.replace("_", " ").capitalize(),
        "status": error.code if isinstance(error, HTTPException) else kind.status,
        "detail": kind.said(error),
        "code": kind.code,
        **_members(error),
    }


def _members(error: Exception) -> dict[str, Any]:
    if isinstance(error, errors.InvalidRequest):
        return {"errors": [{"field": field, "message": text} for field, text in error.errors]}
    return {fact: getattr(error, fact) for fact in _FACTS if hasattr(error, fact)}


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    # None in an HTTPException without one.
    if (seconds := getattr(error, "retry_after", None)) is not None:
        headers["Retry-After"] = str(seconds)
    if isinstance(error, errors.RateLimited):
        # draft-ietf-httpapi-ratelimit-headers: the quota that is used up, and until when.
        count, window = error.limit.count, error.limit.window_seconds
        headers["RateLimit"] = f'"{error.scope}";r=0;t={error.retry_after}'
        headers["RateLimit-Policy"] = f'"{error.scope}";q={count};w={window}'
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(error.valid_methods)
    if type(error) in _CHALLENGES:
        headers["WWW-Authenticate"] = _CHALLENGES[type(error)]
    return headers


def _is_for_a_person() -> bool:
    """Whether a browser shows the response. Some programs also prefer HTML to JSON, but they send a
    key or a JSON body."""
    accepted = request.accept_mimetypes.best_match(_FORMATS)
    is_page = request.endpoint in (None, "static") or request.blueprint in _PAGES
    is_call = request.is_json or "Authorization" in request.headers
    return accepted == "text/html" and is_page and not is_call


def _is_shown_as_it_is() -> bool:
    """Whether the caller shows the whole response to a person, as its URL says."""
    return request.blueprint == "hooks" and request.args.get("errors") == "text"


def _path() -> str | None:
    """The path as in the OpenAPI document. The log gets nothing that a client made up."""
    return request.url_rule.rule if request.url_rule else None
