"""The OpenAPI 3.1 document. The bodies come from api/otp/schemas.py, the errors from
api/http/errors.py, and the operations are listed here."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from api.hooks.send import SendCode
from api.http.body import MalformedJson
from api.http.draining import Stopping
from api.http.errors import KINDS
from api.http.hosts import HostNotAllowed
from api.otp import schemas
from api.otp.problem import PROBLEM
from shared import VERSION, errors

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


_ID = {
    "name": "verification_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^VE[0-9a-f]{32}$"},
}
_HEALTHY = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["status"],
            "properties": {"status": {"const": "ok"}},
        }
    }
}
_BODY = (MalformedJson, RequestEntityTooLarge, UnsupportedMediaType, errors.InvalidRequest)
_POLICY = (errors.CountryNotAllowed, errors.ChannelNotEnabled, errors.RecipientBlocked)
_LIMITS = (errors.TooManyChecks, errors.RateLimited)
_LOOKUP = (errors.VerificationNotFound, errors.StorageUnavailable)
_SENDING_WITH_KEY = (*_POLICY, *_LIMITS, errors.DeliveryBacklog, errors.StorageUnavailable)
_SENDING = (*_SENDING_WITH_KEY, errors.ProofOfWorkRequired)
# How operations refuse an API key, by their access.
_WITH_KEY: dict[str, tuple[type[Exception], ...]] = {
    "key": (errors.Unauthorized, errors.MetricsOnly),
    "metrics": (errors.Unauthorized,),
}


@dataclass(frozen=True, kw_only=True)
class _Operation:
    """`success` is the status, its description and the body, or its content. Every operation can
    also fail with HostNotAllowed, and one for an API key with Unauthorized. A key that only reads
    metrics is enough for the access `metrics`."""

    id: str
    summary: str
    description: str = ""
    access: Literal["key", "metrics", "owner", "page", "anyone"] = "key"
    headers: tuple[dict[str, Any], ...] = ()
    body: type[BaseModel] | None = None
    success: tuple[int, str, type[BaseModel] | dict[str, Any]]
    fails: tuple[type[Exception], ...] = ()


_JWK_SET = {
    "type": "object",
    "required": ["keys"],
    "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
}
_CHECK = _Operation(
    id="verifyOtp",
    summary="Check a code. A correct code can be used only once",
    body=schemas.VerifyOtp,
    success=(200, "The code is correct", schemas.VerifiedOtp),
    fails=(*_BODY, errors.IncorrectCode, *_LIMITS, *_LOOKUP),
)
_STATUS = _Operation(
    id="getVerification",
    summary="Get the status of a verification and its messages",
    success=(
        200,
        "The verification. Records are kept for one day after it ends, or as set in OTP_KEEP",
        schemas.VerificationDetails,
    ),
    fails=_LOOKUP,
)
_CANCEL = _Operation(
    id="cancelVerification",
    summary="Cancel a pending verification",
    success=(204, "Canceled. Queued messages are dropped", {}),
    fails=_LOOKUP,
)
_OPERATIONS: dict[str, dict[str, _Operation]] = {
    "/generate-otp": {
        "post": _Operation(
            id="generateOtp",
            summary="Send a code to a phone number or email address",
            description="If a verification is already pending for the recipient, its code is sent "
            "again.",
            headers=(_IDEMPOTENCY_KEY,),
            body=schemas.GenerateOtp,
            success=(202, "The code is being sent", schemas.GeneratedOtp),
            fails=(*_BODY, *_SENDING, errors.IdempotencyConflict),
        )
    },
    "/verify-otp": {"post": _CHECK},
    "/verifications/{verification_id}": {"get": _STATUS, "delete": _CANCEL},
    "/hooks/send": {
        "post": _Operation(
            id="sendCode",
            summary="Deliver a code that you made",
            description="It replaces the recipient's earlier code. Only you can check it, unless "
            "you ask for `verify`.",
            headers=(_IDEMPOTENCY_KEY,),
            body=SendCode,
            success=(202, "The code is being sent", schemas.GeneratedOtp),
            fails=(*_BODY, *_SENDING_WITH_KEY, errors.IdempotencyConflict),
        )
    },
    "/recipients": {
        "delete": _Operation(
            id="eraseRecipient",
            summary="Delete all data about a recipient",
            description="Owner only. Pending codes stop working immediately in all apps.",
            access="owner",
            body=schemas.EraseRecipient,
            success=(200, "The data was deleted", schemas.ErasedRecipient),
            fails=(
                *_BODY,
                errors.OwnerOnly,
                errors.AdminOff,
                errors.TooManyLogIns,
                errors.StorageUnavailable,
            ),
        )
    },
    "/.well-known/jwks.json": {
        "get": _Operation(
            id="receiptKeys",
            summary="Get the public keys of verification receipts",
            access="anyone",
            success=(200, "A JWK set (RFC 7517)", {"application/json": {"schema": _JWK_SET}}),
        )
    },
    "/metrics": {
        "get": _Operation(
            id="metrics",
            summary="Get Prometheus metrics",
            description="The figures of the whole service. Keys of the app `metrics` can only call "
            "this, and see the figures of all apps. Other keys see those of their own app, and all "
            "others together. If Redis is unreachable, `otp_redis_up` is 0 and most metrics are "
            "missing.",
            access="metrics",
            success=(200, "OK", {"text/plain": {}}),
        )
    },
    "/health/live": {
        "get": _Operation(
            id="live",
            summary="The process is running",
            access="anyone",
            success=(200, "The process is running", _HEALTHY),
        )
    },
    "/health/ready": {
        "get": _Operation(
            id="ready",
            summary="The service is ready to store codes",
            access="anyone",
            success=(200, "The service is ready to store codes", _HEALTHY),
            fails=(Stopping, errors.StorageUnavailable),
        )
    },
    # The calls of the verification page. It has no key, and the id is all it needs.
    "/verify/{verification_id}/cancel": {
        "post": replace(_CANCEL, id="cancelOnPage", access="page")
    },
    "/verify/{verification_id}/status": {
        "get": replace(
            _STATUS,
            id="statusOnPage",
            access="page",
            success=(200, "The verification", schemas.StatusOnPage),
        )
    },
    "/verify/{verification_id}/check": {
        "post": replace(_CHECK, id="checkOnPage", access="page", body=schemas.CheckOtp)
    },
    "/verify/{verification_id}/resend": {
        "post": _Operation(
            id="resendOnPage",
            summary="Resend the code of a pending verification",
            description="You can use another channel for the same recipient.",
            access="page",
            body=schemas.ResendOtp,
            success=(202, "The code is being sent", schemas.GeneratedOtp),
            fails=(*_BODY, *_SENDING, errors.VerificationNotFound),
        )
    },
}


@cache
def document() -> dict[str, Any]:
    operations = [one for methods in _OPERATIONS.values() for one in methods.values()]
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    for one in operations:
        _, _, answer = one.success
        models += [(one.body, "validation")] if one.body else []
        models += [] if isinstance(answer, dict) else [(answer, "serialization")]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        # Relative to the document, which may be below a path of a proxy.
        "servers": [{"url": "."}],
        "info": {
            "title": "Sixpost",
            "version": VERSION,
            "description": "Verify that a person controls a phone number or email address. `/v2` "
            "is a Twilio Verify v2-compatible API for existing clients. See docs/twilio-verify.md. "
            "Every response has an `X-Request-Id`, which is yours if you send a valid one. "
            "`traceparent` (W3C) also reaches the logs. See docs/logs.md.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": _paths(),
        # A key is needed only where there are any.
        "security": [{}, {"bearer": []}, {"basic": []}],
        "components": {
            "schemas": {**found["$defs"], "Problem": PROBLEM},
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
    return {
        path: {
            **({"parameters": [_ID]} if "{verification_id}" in path else {}),
            **{method: _described(operation) for method, operation in operations.items()},
        }
        for path, operations in _OPERATIONS.items()
    }


def _described(operation: _Operation) -> dict[str, Any]:
    status, outcome, answer = operation.success
    optional = {
        "description": operation.description,
        "parameters": list(operation.headers),
        "requestBody": operation.body and {"required": True, "content": _content(operation.body)},
        "tags": ["Verification page"] if operation.access == "page" else [],
    }
    success = {"description": outcome, **({"content": _content(answer)} if answer else {})}
    described = {
        "operationId": operation.id,
        "summary": operation.summary,
        **{name: value for name, value in optional.items() if value},
        "responses": {str(status): success, **_failures(operation)},
    }
    if operation.access not in _WITH_KEY:
        described["security"] = [{"owner": []}] if operation.access == "owner" else []
    return described


def _ref(model: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model}"}


def _content(body: type[BaseModel] | dict[str, Any]) -> dict[str, Any]:
    return body if isinstance(body, dict) else {"application/json": {"schema": _ref(body.__name__)}}


def _failures(operation: _Operation) -> dict[str, Any]:
    """The error responses by status. Each describes the codes with that status."""
    told: dict[int, list[str]] = {}
    for error in (*_WITH_KEY.get(operation.access, ()), HostNotAllowed, *operation.fails):
        status, code, when, _ = KINDS[error]
        told.setdefault(status, []).append(f"`{code}`: {when}")
    return {
        str(status): {
            "description": "\n\n".join(told[status]),
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
            **({"headers": _RETRY_AFTER} if status in (429, 503) else {}),
        }
        for status in sorted(told)
    }


def endpoints() -> Blueprint:
    openapi = Blueprint("openapi", __name__)
    made = document()

    @openapi.get("/openapi.json")
    def openapi_json() -> Response:
        return jsonify(made)

    return openapi
