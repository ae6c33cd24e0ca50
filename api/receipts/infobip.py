"""Receipts from Infobip, which signs nothing: a token in the address shows that Infobip got it from
us for this attempt.

https://www.infobip.com/docs/api/channels/sms/sms-messaging/logs-and-status-reports
"""

import hmac
import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from flask import Request
from pydantic import BaseModel, Field

from api.http import body
from api.receipts.reporter import Receipt, Reporter
from shared import signatures
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import Unauthorized
from shared.senders.infobip import InfobipSetup

# By the group of a status: UNDELIVERABLE, DELIVERED, EXPIRED, REJECTED.
_OUTCOMES: dict[int, ReceiptOutcome] = {
    2: "undelivered",
    3: "delivered",
    4: "undelivered",
    5: "undelivered",
}
# The operator has it, and nobody knows more yet, or ever will.
_UNSETTLED = {"DELIVERED_TO_OPERATOR", "EXPIRED_DLR_UNKNOWN"}


class _Status(BaseModel):
    group_id: Annotated[int, Field(alias="groupId")]
    name: str


class _Error(BaseModel):
    name: str = ""


class _Report(BaseModel):
    message_id: Annotated[str, Field(alias="messageId")]
    status: _Status
    error: _Error | None = None


class InfobipReceipt(BaseModel):
    """The body of a receipt."""

    results: list[_Report]


def reporter(url: str) -> Reporter:
    """For a sender URL. Raises ValueError."""
    return Reporter(read=partial(_read, InfobipSetup.from_url(url).key))


def _read(key: str, request: Request, _url: str) -> Sequence[Receipt]:
    send, attempt = request.args.get("send", ""), request.args.get("attempt", "")
    expected = signatures.infobip_token(key, f"{send}-{attempt}")
    given = request.args.get("token", "")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise Unauthorized
    reports = body.read(request, InfobipReceipt).results
    # The messages are named for their sends.
    return [_receipt(report) for report in reports if report.message_id == send]


def _receipt(report: _Report) -> Receipt:
    outcome = _OUTCOMES.get(report.status.group_id, "accepted")
    if report.status.name in _UNSETTLED:
        outcome = "accepted"
    return Receipt(
        outcome=outcome,
        error=_error(report) if outcome == "undelivered" else None,
        provider_id=report.message_id,
    )


def _error(report: _Report) -> str:
    """The error of the operator or the telephone, or else the status."""
    names = (report.error.name if report.error else "", report.status.name)
    said = [one for one in names if re.fullmatch("[A-Z][A-Z_]{0,49}", one) and one != "NO_ERROR"]
    return f"infobip_{said[0] if said else 'undelivered'}"
