"""What a provider reports about a message, and what reads it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Request

from shared.delivery.ledger import ReceiptOutcome


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """`message` is what the message is called in the receipt, if its URL does not say: the
    `attempt` or the `idempotency_key` of worker.senders.base.Message."""

    outcome: ReceiptOutcome
    error: str | None = None
    provider_id: str | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """A provider that reports for one sender.

    `read` reads the receipts in a request to a public URL. It raises Unauthorized if this provider
    did not sign the request, and InvalidRequest and the exceptions of api.http.body if the content
    is wrong. `thanks` is the status of the answer that the provider expects.
    """

    read: Callable[[Request, str], Sequence[Receipt]]
    thanks: int = 204
