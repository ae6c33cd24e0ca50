"""A workflow, and a message of it that fails."""

from typing import Any

from shared.delivery.ledger import AttemptResult, Claim, Ledger
from shared.policy import Step
from shared.verification.model import Started
from tests.fakes import claim_one, done_one

WORKFLOW = (Step("whatsapp", 30), Step("sms", 45), Step("call"))


def fail(
    ledger: Ledger, started: Started, send: int, result: AttemptResult = "refused", **facts: Any
) -> None:
    claim = claim_one(ledger, started.verification_id, send)
    assert isinstance(claim, Claim)
    done_one(ledger, claim, result, **facts)
