"""What providers report of a message afterwards. Whoever reports has to prove that it is them."""

import hmac
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Annotated, Protocol
from urllib.parse import urlsplit

from flask import Blueprint, Request, Response, abort, request
from pydantic import BaseModel, Field

from api.http import body
from shared import signatures
from shared.delivery.ledger import ReceiptOutcome
from shared.errors import InvalidRequest, Unauthorized
from shared.policy import CHANNELS, Channel
from shared.settings import Settings, SettingsError
from shared.settings.sender_urls import (
    TWILIO_OPTIONS,
    SenderUrl,
    twilio_auth_token,
    webhook_key,
    webhook_url,
)
from shared.verification.service import VerificationService

# Standard Webhooks: a receipt is as old as this at most, and so cannot be replayed later.
LONGEST_AGE_SECONDS = 300

_SEND = re.compile("(VE[0-9a-f]{32})-([1-9][0-9]{0,3})")
_ATTEMPT = re.compile("[1-9][0-9]{0,3}")


@dataclass(frozen=True, kw_only=True)
class Receipt:
    outcome: ReceiptOutcome
    error: str | None = None
    provider_id: str | None = None


class Reporter(Protocol):
    """A provider, as far as it reports."""

    def read(self, request: Request, url: str) -> Receipt:
        """The receipt in a request to a public URL. Raises Unauthorized if this provider has
        not signed it, and InvalidRequest and what api.http.body raises if it is wrong."""


def endpoints(service: VerificationService, settings: Settings) -> Blueprint:
    """Raises SettingsError."""
    receipts = Blueprint("receipts", __name__)
    reporters = _reporters(settings)

    @receipts.post("/receipts/<sender>")
    def receive(sender: str) -> Response:
        """`send` and `attempt` in the query are those of the message's receipt_url."""
        if sender not in reporters:
            abort(404)
        query = request.query_string.decode("latin-1")
        url = f"{settings.otp_public_url}{request.path}?{query}"
        receipt, channels = _read(reporters[sender], url)
        send = _SEND.fullmatch(request.args.get("send", ""))
        attempt = _ATTEMPT.fullmatch(request.args.get("attempt", ""))
        if not send or not attempt:
            raise InvalidRequest(("send" if not send else "attempt", "does not match a message"))
        service.record_receipt(
            send[1],
            int(send[2]),
            int(attempt[0]),
            senders=[(channel, sender) for channel in channels],
            outcome=receipt.outcome,
            error=receipt.error,
            provider_id=receipt.provider_id,
        )
        return Response(status=204)

    return receipts


def _read(reporters: Mapping[Channel, Reporter], url: str) -> tuple[Receipt, list[Channel]]:
    """The receipt, and the channels whose sender has signed it. Senders of several channels can
    share a name. Raises Unauthorized if none of them has signed it."""
    receipt = None
    channels = []
    for channel, reporter in reporters.items():
        with suppress(Unauthorized):
            receipt = reporter.read(request, url)
            channels.append(channel)
    if receipt is None:
        raise Unauthorized
    return receipt, channels


def _reporters(settings: Settings) -> dict[str, dict[Channel, Reporter]]:
    """By name and channel. None without a public URL: no provider was told where to report."""
    found: dict[str, dict[Channel, Reporter]] = {}
    if settings.otp_public_url is None:
        return found
    for channel in CHANNELS:
        for name, url in chain(*settings.named_senders(channel).values()):
            make = _REPORTERS.get(urlsplit(url).scheme)
            try:
                reporter = make(url) if make else None
            except ValueError as error:
                raise SettingsError(f"OTP_{channel.upper()}_SENDERS: {name}: {error}") from None
            if reporter is not None:
                found.setdefault(name, {})[channel] = reporter
    return found


@dataclass(frozen=True, kw_only=True)
class Twilio:
    """Signs with the account's auth token; the statuses are those of its Message and Call
    resources. https://www.twilio.com/docs/usage/webhooks/webhooks-security"""

    auth_token: str = field(repr=False)

    def read(self, request: Request, url: str) -> Receipt:
        form = list(request.form.items(multi=True))
        given = request.headers.get("X-Twilio-Signature", "")
        # Every one is compared, whichever is right.
        right = [
            hmac.compare_digest(
                signatures.twilio(self.auth_token, spelling, form).encode(), given.encode()
            )
            for spelling in _spellings(url)
        ]
        if not any(right):
            raise Unauthorized
        status = request.form.get("MessageStatus") or request.form.get("CallStatus")
        if not status:
            raise InvalidRequest(("MessageStatus", "MessageStatus or CallStatus is required"))
        sid = request.form.get("MessageSid") or request.form.get("CallSid") or ""
        # Statuses are added without notice; each shows that Twilio has taken the message.
        outcome = _TWILIO_OUTCOMES.get(status, "accepted")
        return Receipt(
            outcome=outcome,
            error=_twilio_error(request, status) if outcome == "undelivered" else None,
            provider_id=sid if re.fullmatch("[A-Z]{2}[0-9a-fA-F]{32}", sid) else None,
        )


_TWILIO_OUTCOMES: dict[str, ReceiptOutcome] = {
    "delivered": "delivered",
    "read": "delivered",
    "completed": "delivered",
    "undelivered": "undelivered",
    "failed": "undelivered",
    "busy": "undelivered",
    "no-answer": "undelivered",
    "canceled": "undelivered",
}


def _twilio_error(request: Request, status: str) -> str:
    code = request.form.get("ErrorCode", "")
    return f"twilio_{code if re.fullmatch('[0-9]{5}', code) else status.replace('-', '_')}"


def _spellings(url: str) -> tuple[str, str]:
    """Twilio signs some URLs with their port and some without (its own libraries try both)."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return tuple(parts._replace(netloc=n).geturl() for n in (host, f"{host}:{port}"))  # type: ignore[return-value]


class WebhookReceipt(BaseModel):
    """What a gateway of one's own says of a message. `error` is a word for why not."""

    status: ReceiptOutcome
    error: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")] | None = None


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Signs by Standard Webhooks 1.0.0, with the secret that messages to it are signed with."""

    key: bytes = field(repr=False)

    def read(self, request: Request, url: str) -> Receipt:  # noqa: ARG002 (not signed here)
        message_id = request.headers.get("webhook-id", "")
        timestamp = request.headers.get("webhook-timestamp", "")
        expected = signatures.standard_webhook(
            self.key, message_id, timestamp, request.get_data()
        ).encode()
        # Several, separated by spaces, while the gateway changes its secret.
        given = request.headers.get("webhook-signature", "").split()
        right = [hmac.compare_digest(expected, one.encode()) for one in given]
        if not any(right) or not _is_recent(timestamp):
            raise Unauthorized
        said = body.read(request, WebhookReceipt)
        return Receipt(
            outcome=said.status,
            error=said.error if said.status == "undelivered" else None,
        )


def _is_recent(timestamp: str) -> bool:
    return (
        re.fullmatch("[0-9]{1,12}", timestamp) is not None
        and abs(time.time() - int(timestamp)) <= LONGEST_AGE_SECONDS
    )


def _twilio(url: str) -> Twilio | None:
    token = twilio_auth_token(SenderUrl.parse(url, TWILIO_OPTIONS))
    return Twilio(auth_token=token) if token else None


def _webhook(url: str) -> Webhook:
    return Webhook(key=webhook_key(webhook_url(url)))


_REPORTERS: dict[str, Callable[[str], Reporter | None]] = {"twilio": _twilio, "webhook": _webhook}
