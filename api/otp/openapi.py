"""The OpenAPI 3.1 document: the paths by hand, the bodies from api/otp/schemas.py."""

from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic.json_schema import models_json_schema

from api.otp.schemas import (
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
    "description": "Error in RFC 9457 format. Use `code` in your program. Show `detail` to a "
    "person.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "checks_left": {"type": "integer", "description": "Returned with incorrect_code"},
        "scope": {
            "type": "string",
            "description": "Returned with rate_limited",
            "enum": [
                *("resend", "sends", "to", "ip", "app", "country", "range", "global", "budget"),
            ],
        },
        "challenge": {
            "type": "object",
            "description": "Returned with proof_of_work_required. The ALTCHA widget solves it",
            "required": ["parameters", "signature"],
            "properties": {
                "parameters": {"type": "object"},
                "signature": {"type": "string"},
            },
        },
        "errors": {
            "type": "array",
            "description": "Returned with invalid_request",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

_PROBLEMS = {
    400: "`malformed_json`: the request body is not a JSON object",
    401: "`unauthorized`: the API key is missing or invalid",
    403: "`country_not_allowed`, `channel_not_enabled` or `recipient_blocked`. For calls without "
    "an API key, also `proof_of_work_required` with a `challenge`, or `host_not_allowed` if the "
    "host is not local and not that of OTP_PUBLIC_URL",
    404: "`verification_not_found`: the verification was not found",
    409: "`idempotency_conflict`: the Idempotency-Key was already used with a different request",
    413: "`payload_too_large`: the request body is larger than 8 KiB",
    415: "`unsupported_media_type`: the Content-Type is not application/json",
    422: "`invalid_request`: a field is missing or invalid",
    429: "`rate_limited`: a send limit was reached, or one network entered too many incorrect "
    "codes. `too_many_checks`: no checks are left",
    503: "`storage_unavailable` or `delivery_backlog`: try again after the time in Retry-After",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "For 24 hours, repeating a request with the same key returns the same response "
    "and does not send another message",
    "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before trying again",
        "schema": {"type": "integer"},
    }
}


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
            "title": "Sixpost",
            "version": VERSION,
            "description": "Verify that a person controls a phone number or email address. `/v2` "
            "is a Twilio Verify v2-compatible API for existing clients. See docs/twilio-verify.md.",
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
                    "description": "Username `admin`, password OTP_ADMIN_PASSWORD",
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
                "summary": "Send a code to a phone number or email address",
                "description": "If a verification is already pending for the recipient, its code "
                "is sent again.",
                "parameters": [_IDEMPOTENCY_KEY],
                "requestBody": _json_body("GenerateOtp"),
                "responses": {
                    "202": _json_answer("The code is being sent", "GeneratedOtp"),
                    **_problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
                },
            }
        },
        "/verify-otp": {
            "post": {
                "operationId": "verifyOtp",
                "summary": "Check a code. A correct code can be used only once",
                "requestBody": _json_body("VerifyOtp"),
                "responses": {
                    "200": _json_answer("The code is correct", "VerifiedOtp"),
                    **_problems(400, 401, 404, 413, 415, 422, 429, 503),
                    "400": _problem("`incorrect_code` with `checks_left`, or `malformed_json`"),
                },
            }
        },
        "/verifications/{verification_id}": {
            "parameters": [one],
            "get": {
                "operationId": "getVerification",
                "summary": "Get the status of a verification and its messages",
                "responses": {
                    "200": _json_answer(
                        "The verification. Records are kept for one day after it ends, or as set "
                        "in OTP_KEEP",
                        "VerificationDetails",
                    ),
                    **_problems(401, 404, 503),
                },
            },
            "delete": {
                "operationId": "cancelVerification",
                "summary": "Cancel a pending verification",
                "responses": {
                    "204": {"description": "Canceled. Queued messages are dropped"},
                    **_problems(401, 404, 503),
                },
            },
        },
        "/recipients": {
            "delete": {
                "operationId": "eraseRecipient",
                "summary": "Delete all data about a recipient",
                "description": "Owner only. Pending codes stop working immediately in all apps.",
                "security": [{"owner": []}],
                "requestBody": _json_body("EraseRecipient"),
                "responses": {
                    "200": _json_answer("The data was deleted", "ErasedRecipient"),
                    **_problems(400, 401, 413, 415, 422, 503),
                    "401": _problem("`unauthorized`: the owner's password is missing or incorrect"),
                    "403": _problem("`admin_off`: no owner's password is set"),
                    "429": _problem(
                        "`too_many_log_ins`: too many incorrect passwords", retry_after=True
                    ),
                },
            }
        },
        "/metrics": {
            "get": {
                "operationId": "metrics",
                "summary": "Get Prometheus metrics",
                "responses": {
                    "200": {"description": "OK", "content": {"text/plain": {}}},
                    **_problems(401, 503),
                },
            }
        },
        "/health/live": {"get": _health("live", "The process is running")},
        "/health/ready": {"get": _health("ready", "The service is ready to store codes", 503)},
    }


def _hosted(paths: dict[str, Any]) -> dict[str, Any]:
    """What the page of a verification asks for. The id is all that is needed."""
    one = paths["/verifications/{verification_id}"]
    path = {"parameters": one["parameters"]}

    def on_page(name: str, like: dict[str, Any], **other: Any) -> dict[str, Any]:
        responses = {s: answer for s, answer in like["responses"].items() if s != "401"}
        about = {"operationId": f"{name}OnPage", "tags": ["Verification page"]}
        return {**like, "responses": responses, **about, "security": [], **other}

    check = paths["/verify-otp"]["post"]
    resend = {
        "summary": "Resend the code of a pending verification",
        "description": "You can use another channel for the same recipient.",
        "requestBody": _json_body("ResendOtp"),
        "responses": {
            "202": _json_answer("The code is being sent", "GeneratedOtp"),
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
