"""Receipts from your own gateway, signed by Standard Webhooks 1.0.0 with the secret that messages
to it are signed with."""

import hmac
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from flask import Request
from pydantic import BaseModel, Field

from api.http import body
from api.receipts.reporter import Receipt, Reporter, is_recent
from shared import signatures
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import Unauthorized
from shared.senders.setups import WebhookSetup


class WebhookReceipt(BaseModel):
    """The body of a receipt. `error` is one word for the reason."""

    status: ReceiptOutcome
    error: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")] | None = None


def reporter(url: str) -> Reporter:
    """For a sender URL. Raises ValueError."""
    return Reporter(read=partial(_read, WebhookSetup.from_url(url).key))


def _read(key: bytes, request: Request, _url: str) -> Sequence[Receipt]:
    message_id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    expected = signatures.standard_webhook(key, message_id, timestamp, request.get_data())
    # A gateway sends several, separated by spaces, while it changes its secret.
    given = request.headers.get("webhook-signature", "").split()
    right = [hmac.compare_digest(expected.encode(), one.encode()) for one in given]
    if not any(right) or not is_recent(timestamp):
        raise Unauthorized
    said = body.read(request, WebhookReceipt)
    error = said.error if said.status == "undelivered" else None
    return [Receipt(outcome=said.status, error=error)]
