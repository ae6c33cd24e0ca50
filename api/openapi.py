"""The OpenAPI 3.1 document: the paths by hand, the bodies from api/schemas.py."""

from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic.json_schema import models_json_schema

from api.schemas import (
    CheckOtp,
    ErasedRecipient,
    EraseRecipient,
    GeneratedOtp,
    GenerateOtp,
    ResendOtp,
    VerificationDetails,
    VerifiedOtp,
    VerifyOtp,
)
from shared import VERSION

_REQUESTS = (GenerateOtp, VerifyOtp, CheckOtp, ResendOtp, EraseRecipient)
_ANSWERS = (GeneratedOtp, VerifiedOtp, VerificationDetails, ErasedRecipient)

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `detail` is a sentence for a person, `code` is for programs.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "checks_left": {"type": "integer", "description": "With incorrect_code"},
        "scope": {
            "type": "string",
            "description": "With rate_limited",
            "enum": [
                *("resend", "sends", "to", "ip", "app", "country", "range", "global", "budget"),
            ],
        },
        "challenge": {
            "type": "object",
            "description": "With proof_of_work_required: what the ALTCHA widget solves",
            "required": ["parameters", "signature"],
            "properties": {
                "parameters": {"type": "object"},
                "signature": {"type": "string"},
            },
        },
        "errors": {
            "type": "array",
            "description": "With invalid_request",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

_PROBLEMS = {
    400: "`malformed_json`: the body is not a JSON object",
    401: "`unauthorized`: an API key is needed, or is wrong",
    403: "`country_not_allowed`, `channel_not_enabled` or `recipient_blocked`; without an API key, "
    "where that is allowed: `proof_of_work_required` with a `challenge`; or, on any path, "
    "`host_not_allowed`, if the host is not local and not that of OTP_PUBLIC_URL",
    404: "`verification_not_found`: nothing is pending",
    409: "`idempotency_conflict`: the Idempotency-Key came with another request before",
    413: "`payload_too_large`: the body is over 8 KiB",
    415: "`unsupported_media_type`: the body is not application/json",
    422: "`invalid_request`: a field is missing or wrong",
    429: "`rate_limited`: a send too many, or wrong codes from one network; or `too_many_checks`",
    503: "`storage_unavailable` or `delivery_backlog`: try again",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request with the same key gets the same answer for a day, and sends "
    "no second message",
    "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}


@cache
def document() -> dict[str, Any]:
    _, schemas = models_json_schema(
        [
            *((model, "validation") for model in _REQUESTS),
            *((model, "serialization") for model in _ANSWERS),
        ],
        ref_template="#/components/schemas/{model}",
    )
    paths = _paths()
    return {
        "openapi": "3.1.0",
        # Relative to the document, which may be below a path of a proxy.
        "servers": [{"url": "."}],
        "info": {
            "title": "OTP service",
            "version": VERSION,
            "description": "Proves that somebody controls a phone number or an e-mail address. "
            "Below `/v2` there is also an API that is compatible with another one, for programs "
            "that know it: docs/twilio-verify.md.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {**paths, **_hosted(paths)},
        # A key is needed only where there are any.
        "security": [{}, {"bearer": []}, {"basic": []}],
        "components": {
            "schemas": {**schemas["$defs"], "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "owner": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "`admin` and OTP_ADMIN_PASSWORD",
                },
            },
        },
    }


def _paths() -> dict[str, Any]:
    one = {
        "name": "verification_id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^VE[0-9a-f]{32}$"},
    }
    return {
        "/generate-otp": {
            "post": {
                "operationId": "generateOtp",
                "summary": "Send a code to a phone number or an e-mail address",
                "description": "While a verification is pending, this sends its code once more.",
                "parameters": [_IDEMPOTENCY_KEY],
                "requestBody": _json_body("GenerateOtp"),
                "responses": {
                    "202": _json_answer("The code is on its way", "GeneratedOtp"),
                    **_problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
                },
            }
        },
        "/verify-otp": {
            "post": {
                "operationId": "verifyOtp",
                "summary": "Check a code, and use it up",
                "requestBody": _json_body("VerifyOtp"),
                "responses": {
                    "200": _json_answer("The code is right", "VerifiedOtp"),
                    **_problems(400, 401, 404, 413, 415, 422, 429, 503),
                    "400": _problem("`incorrect_code` with `checks_left`; or `malformed_json`"),
                },
            }
        },
        "/verifications/{verification_id}": {
            "parameters": [one],
            "get": {
                "operationId": "getVerification",
                "summary": "What became of a verification and its messages",
                "responses": {
                    "200": _json_answer(
                        "Kept for a day after its end, or as OTP_KEEP says", "VerificationDetails"
                    ),
                    **_problems(401, 404, 503),
                },
            },
            "delete": {
                "operationId": "cancelVerification",
                "summary": "Cancel a pending verification",
                "responses": {
                    "204": {"description": "Canceled; its queued messages are dropped"},
                    **_problems(401, 404, 503),
                },
            },
        },
        "/recipients": {
            "delete": {
                "operationId": "eraseRecipient",
                "summary": "Remove all that is known of a recipient",
                "description": "For the owner. Pending codes end at once, in all apps.",
                "security": [{"owner": []}],
                "requestBody": _json_body("EraseRecipient"),
                "responses": {
                    "200": _json_answer("Removed", "ErasedRecipient"),
                    **_problems(400, 401, 413, 415, 422, 503),
                    "401": _problem("`unauthorized`: the owner's password is needed, or is wrong"),
                    "403": _problem("`admin_off`: there is no owner's password"),
                    "429": _problem("`too_many_log_ins`: too many wrong ones", retry_after=True),
                },
            }
        },
        "/metrics": {
            "get": {
                "operationId": "metrics",
                "summary": "What happened, for Prometheus",
                "responses": {
                    "200": {"description": "OK", "content": {"text/plain": {}}},
                    **_problems(401, 503),
                },
            }
        },
        "/health/live": {"get": _health("live", "The process is alive")},
        "/health/ready": {"get": _health("ready", "Codes can be stored", 503)},
    }


def _hosted(paths: dict[str, Any]) -> dict[str, Any]:
    """What the page of a verification asks for. The id is all that is needed."""
    one = paths["/verifications/{verification_id}"]
    path = {"parameters": one["parameters"]}

    def on_page(name: str, like: dict[str, Any], **other: Any) -> dict[str, Any]:
        responses = {s: answer for s, answer in like["responses"].items() if s != "401"}
        about = {"operationId": f"{name}OnPage", "tags": ["The page of a verification"]}
        return {**like, "responses": responses, **about, "security": [], **other}

    check = paths["/verify-otp"]["post"]
    resend = {
        "summary": "Send the code of a pending verification again",
        "description": "Also by another channel of the same address.",
        "requestBody": _json_body("ResendOtp"),
        "responses": {
            "202": _json_answer("The code is on its way", "GeneratedOtp"),
            **_problems(400, 403, 404, 413, 415, 422, 429, 503),
        },
    }
    return {
        "/verify/{verification_id}/cancel": {**path, "post": on_page("cancel", one["delete"])},
        "/verify/{verification_id}/status": {**path, "get": on_page("status", one["get"])},
        "/verify/{verification_id}/check": {
            **path,
            "post": on_page("check", check, requestBody=_json_body("CheckOtp")),
        },
        "/verify/{verification_id}/resend": {**path, "post": on_page("resend", resend)},
    }


def _health(name: str, description: str, *problems: int) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": description,
        "security": [],
        "responses": {
            "200": {
                "description": description,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["status"],
                            "properties": {"status": {"const": "ok"}},
                        }
                    }
                },
            },
            **_problems(*problems),
        },
    }


def _json_body(model: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _ref(model)}}}


def _json_answer(description: str, model: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(model)}}}


def _problems(*statuses: int) -> dict[str, Any]:
    return {
        str(status): _problem(_PROBLEMS[status], retry_after=status in (429, 503))
        for status in statuses
    }


def _problem(description: str, *, retry_after: bool = False) -> dict[str, Any]:
    answer = {
        "description": description,
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
    }
    return {**answer, "headers": _RETRY_AFTER} if retry_after else answer


def _ref(model: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model}"}


def endpoints() -> Blueprint:
    openapi = Blueprint("openapi", __name__)
    made = document()

    @openapi.get("/openapi.json")
    def openapi_json() -> Response:
        return jsonify(made)

    return openapi
