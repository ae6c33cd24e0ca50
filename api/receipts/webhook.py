"""Receipts from your own gateway, signed by Standard Webhooks 1.0.0 with the secret that messages
to it are signed with."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from flask import Request
from pydantic import BaseModel, Field

from api.http import body
from api.http.standard_webhooks import signed_by
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import ReceiptOutcome
from shared.senders.setups import WebhookSetup


class WebhookReceipt(BaseModel):
    """The body of a receipt. `error` is one word for the reason."""

    status: ReceiptOutcome
    error: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")] | None = None


def reporter(url: str) -> Reporter:
    """For a sender URL. Raises ValueError."""
    return Reporter(read=partial(_read, WebhookSetup.from_url(url).key))


def _read(key: bytes, request: Request, _url: str) -> Sequence[Receipt]:
    signed_by(request, [key])
    said = body.read(request, WebhookReceipt)
    error = said.error if said.status == "undelivered" else None
    return [Receipt(outcome=said.status, error=error)]
