"""Receipts from the Android app of sms-gate.app, signed with the phone's key.

https://docs.sms-gate.app/features/webhooks/
"""

import hmac
import re
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

from flask import Request
from pydantic import BaseModel

from api.http import body
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import Unauthorized
from shared.senders.smsgate import ID_WITHOUT, SmsGateSetup
from shared.signatures import is_recent

# Other events are of no message of ours, such as an SMS that the phone received.
_OUTCOMES: dict[str, ReceiptOutcome] = {
    "sms:sent": "accepted",
    "sms:delivered": "delivered",
    "sms:failed": "undelivered",
    "sms:cancelled": "undelivered",
}


class _Payload(BaseModel):
    messageId: str = ""  # noqa: N815 (the app's name)
    reason: str = ""


class SmsGateReceipt(BaseModel):
    """The body of a webhook."""

    event: str
    payload: _Payload = _Payload()


def reporter(url: str) -> Reporter | None:
    """For a sender URL. Returns None if it has no signing key. Raises ValueError."""
    key = SmsGateSetup.from_url(url).signing_key
    return Reporter(read=partial(_read, key.encode())) if key else None


def _read(key: bytes, request: Request, _url: str) -> Sequence[Receipt]:
    timestamp = request.headers.get("X-Timestamp", "")
    expected = hmac.digest(key, request.get_data() + timestamp.encode(), sha256).hex()
    given = request.headers.get("X-Signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode()) or not is_recent(timestamp):
        raise Unauthorized
    said = body.read(request, SmsGateReceipt)
    outcome = _OUTCOMES.get(said.event)
    if outcome is None:
        return []
    receipt = Receipt(
        outcome=outcome,
        error=_error(said) if outcome == "undelivered" else None,
        message=f"{ID_WITHOUT}{said.payload.messageId}",
    )
    return [receipt]


def _error(said: SmsGateReceipt) -> str:
    """Android's word for the failure, if there is one. The rest of the reason is text."""
    word = re.search(r"\bRESULT_(?:ERROR_)?([A-Z_]{1,40})\b", said.payload.reason)
    if word:
        return f"smsgate_{word[1].lower()}"
    if "No SIM" in said.payload.reason:
        return "smsgate_no_sim"
    return "smsgate_canceled" if said.event == "sms:cancelled" else "smsgate_failed"
