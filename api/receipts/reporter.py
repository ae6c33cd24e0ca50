"""What a provider reports about a message, and what reads it."""

from dataclasses import dataclass
from typing import Protocol

from flask import Request

from shared.delivery.ledger import ReceiptOutcome


@dataclass(frozen=True, kw_only=True)
class Receipt:
    outcome: ReceiptOutcome
    error: str | None = None
    provider_id: str | None = None


class Reporter(Protocol):
    """Reads the receipts of one provider."""

    def read(self, request: Request, url: str) -> Receipt:
        """Return the receipt in a request to a public URL.

        Raises Unauthorized if this provider did not sign the request. Raises InvalidRequest and
        the exceptions of api.http.body if the content is wrong.
        """
