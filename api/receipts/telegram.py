"""Receipts from the Telegram Gateway, signed with its token.

https://core.telegram.org/gateway/api#report-delivery
"""

import hmac
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

from flask import Request
from pydantic import BaseModel

from api.http import body
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import Unauthorized
from shared.senders.telegram import TelegramSetup
from shared.signatures import is_recent

_OUTCOMES: dict[str, ReceiptOutcome] = {
    "delivered": "delivered",
    "read": "delivered",
    "expired": "undelivered",
    "revoked": "undelivered",
}


class _DeliveryStatus(BaseModel):
    status: str


class TelegramReceipt(BaseModel):
    """A RequestStatus. `payload` is what the message was sent with."""

    payload: str = ""
    delivery_status: _DeliveryStatus


def reporter(url: str) -> Reporter:
    """For a sender URL. Raises ValueError."""
    key = sha256(TelegramSetup.from_url(url).token.encode()).digest()
    return Reporter(read=partial(_read, key), thanks=200)


def _read(key: bytes, request: Request, _url: str) -> Sequence[Receipt]:
    """The signature does not cover the URL, so the payload says which attempt this is about."""
    timestamp = request.headers.get("X-Request-Timestamp", "")
    signed = timestamp.encode() + b"\n" + request.get_data()
    expected = hmac.digest(key, signed, sha256).hex()
    given = request.headers.get("X-Request-Signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode()) or not is_recent(timestamp):
        raise Unauthorized
    said = body.read(request, TelegramReceipt)
    status = said.delivery_status.status
    outcome = _OUTCOMES.get(status, "accepted")
    error = f"telegram_{status}" if outcome == "undelivered" else None
    return [Receipt(outcome=outcome, error=error, message=said.payload)]
