"""Receipts from Meta's WhatsApp Cloud API, signed with the app's secret.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
Meta signs no time. A repeated receipt says what is known already, because sends only move forward.
"""

import hmac
from collections.abc import Collection, Sequence
from functools import partial
from hashlib import sha256
from typing import Annotated

from flask import Request, Response, request
from pydantic import BaseModel, Field

from api.http import body
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import Unauthorized
from shared.senders.whatsapp import UNREACHABLE, WhatsAppSetup

_OUTCOMES: dict[str, ReceiptOutcome] = {
    "delivered": "delivered",
    "read": "delivered",
    "failed": "undelivered",
}


class _Error(BaseModel):
    code: Annotated[int, Field(ge=0, le=9_999_999)]


class _Status(BaseModel):
    status: str
    biz_opaque_callback_data: str = ""
    errors: list[_Error] = []


class _Value(BaseModel):
    statuses: list[_Status] = []


class _Change(BaseModel):
    value: _Value


class _Entry(BaseModel):
    changes: list[_Change]


class WhatsAppReceipts(BaseModel):
    """The body of a webhook: the statuses of messages, and what people write, which is skipped."""

    entry: list[_Entry]


def reporter(url: str) -> Reporter | None:
    """For a sender URL. Returns None if it has no app secret. Raises ValueError."""
    secret = WhatsAppSetup.from_url(url).app_secret
    return Reporter(read=partial(_read, secret.encode()), thanks=200) if secret else None


def verify_tokens(urls: Collection[str]) -> list[str]:
    """Those in whatsapp:// URLs. Raises ValueError."""
    return list(filter(None, (WhatsAppSetup.from_url(url).verify_token for url in urls)))


def handshake(tokens: Collection[str]) -> Response:
    """What Meta asks before it uses this address. Raises Unauthorized for a wrong verify_token."""
    given = request.args.get("hub.verify_token", "").encode()
    right = [hmac.compare_digest(token.encode(), given) for token in tokens]
    challenge = request.args.get("hub.challenge", "")
    if not any(right) or request.args.get("hub.mode") != "subscribe" or not challenge.isdigit():
        raise Unauthorized
    return Response(challenge, mimetype="text/plain")


def _read(secret: bytes, request: Request, _url: str) -> Sequence[Receipt]:
    expected = "sha256=" + hmac.digest(secret, request.get_data(), sha256).hex()
    given = request.headers.get("X-Hub-Signature-256", "")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise Unauthorized
    found = body.read(request, WhatsAppReceipts)
    changes = [change for entry in found.entry for change in entry.changes]
    return [_receipt(status) for change in changes for status in change.value.statuses]


def _receipt(status: _Status) -> Receipt:
    """Meta adds statuses. Each of them shows that it accepted the message."""
    outcome = _OUTCOMES.get(status.status, "accepted")
    code = status.errors[0].code if status.errors and outcome == "undelivered" else None
    return Receipt(
        outcome="unreachable" if code in UNREACHABLE else outcome,
        error=None if code is None else f"whatsapp_{code}",
        message=status.biz_opaque_callback_data,
    )
