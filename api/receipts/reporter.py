"""What a provider reports about a message, and what reads it."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Request

from shared.delivery.ledger import ReceiptOutcome


@dataclass(frozen=True, kw_only=True)
class Receipt:
    outcome: ReceiptOutcome
    error: str | None = None
    provider_id: str | None = None


# Reads the receipt in a request to a public URL. Raises Unauthorized if this provider did not sign
# the request. Raises InvalidRequest and the exceptions of api.http.body if the content is wrong.
Reporter = Callable[[Request, str], Receipt]
