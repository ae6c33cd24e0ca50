"""Receipts from Twilio, signed with the account's auth token.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import hmac
import re
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from flask import Request

from api.receipts.reporter import Receipt, Reporter
from shared import signatures
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import InvalidRequest, Unauthorized
from shared.senders.setups import TwilioSetup

# The statuses of Twilio's Message and Call resources.
_OUTCOMES: dict[str, ReceiptOutcome] = {
    "delivered": "delivered",
    "read": "delivered",
    "completed": "delivered",
    "undelivered": "undelivered",
    "failed": "undelivered",
    "busy": "undelivered",
    "no-answer": "undelivered",
    "canceled": "undelivered",
}


def reporter(url: str) -> Reporter | None:
    """For a sender URL. Returns None if it has no auth token. Raises ValueError."""
    token = TwilioSetup.from_url(url).auth_token
    return Reporter(read=partial(_read, token)) if token else None


def _read(auth_token: str, request: Request, url: str) -> Sequence[Receipt]:
    form = list(request.form.items(multi=True))
    given = request.headers.get("X-Twilio-Signature", "").encode()
    # Compare all spellings, so that the time does not depend on which one matches.
    right = [
        hmac.compare_digest(signatures.twilio(auth_token, spelling, form).encode(), given)
        for spelling in _spellings(url)
    ]
    if not any(right):
        raise Unauthorized
    status = request.form.get("MessageStatus") or request.form.get("CallStatus")
    if not status:
        raise InvalidRequest(("MessageStatus", "MessageStatus or CallStatus is required"))
    sid = request.form.get("MessageSid") or request.form.get("CallSid") or ""
    # Twilio adds statuses without notice. Each of them shows that it accepted the message.
    outcome = _OUTCOMES.get(status, "accepted")
    receipt = Receipt(
        outcome=outcome,
        error=_error(request, status) if outcome == "undelivered" else None,
        provider_id=sid if re.fullmatch("[A-Z]{2}[0-9a-fA-F]{32}", sid) else None,
    )
    return [receipt]


def _error(request: Request, status: str) -> str:
    code = request.form.get("ErrorCode", "")
    return f"twilio_{code if re.fullmatch('[0-9]{5}', code) else status.replace('-', '_')}"


def _spellings(url: str) -> list[str]:
    """Twilio signs some URLs with their port and some without. Its own libraries try both."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [parts._replace(netloc=netloc).geturl() for netloc in (host, f"{host}:{port}")]
