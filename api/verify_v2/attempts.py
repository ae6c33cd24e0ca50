"""/v2/Attempts and their Summary: the sends of an account's Services, and their results."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, request

from api.http import links
from api.verify_v2 import paging, parameters
from api.verify_v2.access import calling
from api.verify_v2.errors import NOT_FOUND, V2Error, invalid
from api.verify_v2.form import Form
from api.verify_v2.shapes import time
from shared.policy import CHANNELS, SERVICE_SID
from shared.recipient import KEPT_ADDRESSES, is_email
from shared.verify_v2.attempts import ServiceSend, ServiceSends, Summary, Wanted

_SID = re.compile("VL[0-9a-f]{32}")
_STATUSES = {"converted": True, "unconverted": False}
# Other statuses of a send have the same name.
_MESSAGE_STATUS = {"dropped": "canceled"}
_BAD_ENDS = {"failed", "undelivered"}


def register(v2: Blueprint, attempts: ServiceSends) -> None:
    def wanted() -> Iterator[ServiceSend]:
        return attempts.find(calling().app, _wanted(Form.of_query(request)))

    @v2.get("/Attempts")
    def list_attempts() -> dict[str, Any]:
        return paging.page("attempts", wanted(), _attempt)

    @v2.get("/Attempts/Summary")
    def summarize_attempts() -> dict[str, Any]:
        summary = Summary.of(wanted())
        return {
            "total_attempts": summary.total,
            "total_converted": summary.converted,
            "total_unconverted": summary.total - summary.converted,
            "conversion_rate_percentage": summary.percentage,
            "url": links.absolute("/v2/Attempts/Summary"),
        }

    @v2.get("/Attempts/<sid>")
    def get_attempt(sid: str) -> dict[str, Any]:
        attempt = attempts.get(calling().app, sid) if _SID.fullmatch(sid) else None
        if attempt is None:
            raise V2Error(NOT_FOUND)
        return _attempt(attempt)


def _wanted(query: Form) -> Wanted:
    """Raises V2Error."""
    to = query.text("ChannelData.To")
    status = query.text("Status")
    prefix = query.text("DestinationPrefix") or ""
    if not re.fullmatch(r"(\+[0-9]{0,4})?", prefix):
        # More digits of a number are kept only while its code is valid.
        raise invalid("DestinationPrefix", "expected + and up to 4 digits")
    if status and status.lower() not in _STATUSES:
        raise invalid("Status", f"expected {' or '.join(_STATUSES)}")
    return Wanted(
        service=_matching(query, "VerifyServiceSid", SERVICE_SID.pattern),
        verification_id=_matching(query, "VerificationSid", "VE[0-9a-fA-F]{32}"),
        recipient=parameters.recipient(
            KEPT_ADDRESSES, to, by_email=is_email(to), parameter="ChannelData.To"
        )
        if to
        else None,
        country=_matching(query, "Country", "[A-Z]{2}"),
        channel=_matching(query, "Channel", "|".join((*CHANNELS, "rbm"))),
        is_converted=_STATUSES[status.lower()] if status else None,
        after=_moment(query, "DateCreatedAfter"),
        before=_moment(query, "DateCreatedBefore"),
        prefix=prefix,
    )


def _matching(query: Form, name: str, pattern: str) -> str | None:
    text = query.text(name)
    if text is not None and not re.fullmatch(pattern, text):
        raise invalid(name)
    return text


def _moment(query: Form, name: str) -> float | None:
    text = query.text(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(name, "expected a time such as 2026-01-31T12:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _attempt(attempt: ServiceSend) -> dict[str, Any]:
    return {
        "sid": attempt.sid,
        "account_sid": calling().sid,
        "service_sid": attempt.service,
        "verification_sid": attempt.verification.verification_id,
        "date_created": time(attempt.send.asked_at),
        "date_updated": time(attempt.updated_at),
        "conversion_status": "converted" if attempt.is_converted else "unconverted",
        "channel": attempt.send.channel,
        "price": None,
        "channel_data": {
            "verification_sid": attempt.verification.verification_id,
            "to": attempt.verification.to,
            "status": _status(attempt),
            "message_status": _MESSAGE_STATUS.get(attempt.send.status, attempt.send.status),
            "error_code": attempt.send.reason if attempt.send.status in _BAD_ENDS else None,
            "country": attempt.country,
            "code_length": attempt.verification.code_length,
            "locale": attempt.send.fields.get("locale", ""),
            "mcc": None,
            "mnc": None,
            "carrier": None,
        },
        "url": links.absolute(f"/v2/Attempts/{attempt.sid}"),
    }


def _status(attempt: ServiceSend) -> str:
    if attempt.is_converted:
        return "confirmed"
    return "expired" if attempt.verification.status == "expired" else "unconfirmed"
