"""Receipts from AWS End User Messaging, as events on an SNS topic.

https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from flask import Request
from pydantic import BaseModel, Field, ValidationError

from api.receipts import sns
from api.receipts.certificates import Certificates
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import ReceiptOutcome
from shared.delivery.subscriptions import Subscriptions
from shared.errors import InvalidRequest
from shared.senders.aws import AwsSetup

# Others show that AWS accepted the message; UNKNOWN, that nobody knows more.
_OUTCOMES: dict[str, ReceiptOutcome] = {
    "DELIVERED": "delivered",
    "INVALID": "undelivered",
    "INVALID_MESSAGE": "undelivered",
    "UNREACHABLE": "undelivered",
    "CARRIER_UNREACHABLE": "undelivered",
    "BLOCKED": "undelivered",
    "CARRIER_BLOCKED": "undelivered",
    "SPAM": "undelivered",
    "TTL_EXPIRED": "undelivered",
    "PROTECT_BLOCKED": "undelivered",
}


class _Event(BaseModel):
    event_type: Annotated[str, Field(alias="eventType", pattern="^TEXT_[A-Z_]{1,40}$")]
    is_final: Annotated[bool, Field(alias="isFinal")] = False
    message_id: Annotated[str, Field(alias="messageId")] = ""
    context: dict[str, str] = {}


def reporter(url: str, subscriptions: Subscriptions, certificates: Certificates) -> Reporter | None:
    """For a sender URL. Returns None if it has no topic. Raises ValueError."""
    topic = AwsSetup.from_url(url).topic
    if topic is None:
        return None
    return Reporter(read=partial(_read, topic, subscriptions, certificates), thanks=200)


def _read(
    topic: str,
    subscriptions: Subscriptions,
    certificates: Certificates,
    request: Request,
    _url: str,
) -> Sequence[Receipt]:
    message = sns.read(request, topic, certificates)
    if message.Type == "SubscriptionConfirmation":
        if message.Token:
            subscriptions.ask(topic, message.Token)
        return []
    try:
        event = _Event.model_validate_json(message.Message)
    except ValidationError:
        raise InvalidRequest(("Message", "expected an event of an SMS")) from None
    return [_receipt(event)]


def _receipt(event: _Event) -> Receipt:
    status = event.event_type.removeprefix("TEXT_")
    outcome = _OUTCOMES.get(status, "accepted")
    # In some countries this is all that carriers report.
    if status == "SUCCESSFUL" and event.is_final:
        outcome = "delivered"
    return Receipt(
        outcome=outcome,
        error=f"aws_{status}" if outcome == "undelivered" else None,
        provider_id=event.message_id if re.fullmatch("[0-9a-f-]{36}", event.message_id) else None,
        message=event.context.get("attempt", ""),
    )
