"""Receipts from Telnyx, signed with the account's Ed25519 key.

https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
"""

import base64
import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Request
from pydantic import BaseModel, Field

from api.http import body
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import Unauthorized
from shared.senders.telnyx import TelnyxSetup
from shared.signatures import is_recent

# Each other status shows that Telnyx accepted the message, and delivery_unconfirmed no more.
_OUTCOMES: dict[str, ReceiptOutcome] = {
    "delivered": "delivered",
    "sending_failed": "undelivered",
    "delivery_failed": "undelivered",
    "expired": "undelivered",
}


class _Recipient(BaseModel):
    status: Annotated[str, Field(pattern="^[a-z_]{1,40}$")]


class _Error(BaseModel):
    code: str


class _Payload(BaseModel):
    id: Annotated[str, Field(pattern="^[0-9a-f-]{36}$")]
    webhook_url: str
    to: Annotated[list[_Recipient], Field(min_length=1)]
    errors: list[_Error] | None = None


class _Event(BaseModel):
    payload: _Payload


class TelnyxReceipt(BaseModel):
    """The body of a receipt."""

    data: _Event


def reporter(url: str) -> Reporter | None:
    """For a sender URL. Returns None if it has no public key. Raises ValueError."""
    key = TelnyxSetup.from_url(url).public_key
    if key is None:
        return None
    return Reporter(read=partial(_read, Ed25519PublicKey.from_public_bytes(key)))


def _read(key: Ed25519PublicKey, request: Request, url: str) -> Sequence[Receipt]:
    timestamp = request.headers.get("telnyx-timestamp", "")
    signature = request.headers.get("telnyx-signature-ed25519", "")
    signed = timestamp.encode() + b"|" + request.get_data()
    if not is_recent(timestamp) or not _is_signature(key, signature, signed):
        raise Unauthorized
    payload = body.read(request, TelnyxReceipt).data.payload
    # The signature does not cover the address, which names the attempt, but the payload has it.
    if payload.webhook_url != url:
        raise Unauthorized
    outcome = _OUTCOMES.get(payload.to[0].status, "accepted")
    error = _error(payload) if outcome == "undelivered" else None
    return [Receipt(outcome=outcome, error=error, provider_id=payload.id)]


def _error(payload: _Payload) -> str:
    codes = [one.code for one in payload.errors or () if re.fullmatch("[0-9]{5}", one.code)]
    return f"telnyx_{codes[0] if codes else payload.to[0].status}"


def _is_signature(key: Ed25519PublicKey, given: str, signed: bytes) -> bool:
    try:
        key.verify(base64.b64decode(given, validate=True), signed)
    except (InvalidSignature, ValueError):
        return False
    return True
