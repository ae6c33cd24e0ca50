"""Receipts from Vonage, signed with the account's signature secret.

https://developer.vonage.com/en/getting-started/concepts/webhooks#validating-signed-webhooks
"""

import base64
import hmac
import json
import re
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from typing import Annotated, Any

from flask import Request
from pydantic import BaseModel, Field

from api.http import body
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import Unauthorized
from shared.senders.vonage import VonageSetup
from shared.signatures import is_recent

_OUTCOMES: dict[str, ReceiptOutcome] = {
    "delivered": "delivered",
    "read": "delivered",
    "rejected": "undelivered",
    "undeliverable": "undelivered",
}


class _Error(BaseModel):
    type: str = ""


class VonageReceipt(BaseModel):
    """The body of a receipt. `client_ref` is the attempt."""

    message_uuid: Annotated[str, Field(pattern="^[0-9a-f-]{36}$")]
    client_ref: str
    status: Annotated[str, Field(pattern="^[a-z_]{1,40}$")]
    error: _Error = _Error()


def reporter(url: str) -> Reporter | None:
    """For a sender URL. Returns None if it has no signature secret. Raises ValueError."""
    secret = VonageSetup.from_url(url).signature_secret
    return Reporter(read=partial(_read, secret), thanks=200) if secret else None


def _read(secret: bytes, request: Request, _url: str) -> Sequence[Receipt]:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    claims = _claims(secret, token) if scheme.lower() == "bearer" else {}
    right_body = hmac.compare_digest(
        str(claims.get("payload_hash")).encode(), sha256(request.get_data()).hexdigest().encode()
    )
    if not right_body or not is_recent(str(claims.get("iat"))):
        raise Unauthorized
    said = body.read(request, VonageReceipt)
    outcome = _OUTCOMES.get(said.status, "accepted")
    receipt = Receipt(
        outcome=outcome,
        error=_error(said) if outcome == "undelivered" else None,
        provider_id=said.message_uuid,
        message=said.client_ref,
    )
    return [receipt]


def _claims(secret: bytes, token: str) -> dict[str, Any]:
    """The claims of a JWT (RFC 7519), or none if it is not signed with HS256 and this secret."""
    signed, _, signature = token.rpartition(".")
    header, _, claims = signed.partition(".")
    expected = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), sha256)).rstrip(b"=")
    if not hmac.compare_digest(expected, signature.encode()):
        return {}
    return _object(claims) if _object(header).get("alg") == "HS256" else {}


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _error(said: VonageReceipt) -> str:
    code = re.fullmatch("[^#]+#([0-9]{1,4})", said.error.type)
    return f"vonage_{code[1] if code else said.status}"
