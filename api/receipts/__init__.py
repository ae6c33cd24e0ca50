"""POST /receipts/{sender}, where providers report what happened to a message. The API believes a
receipt only with the provider's signature. One module here per provider that reports."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request

from api.receipts import twilio, webhook
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import Ledger
from shared.errors import InvalidRequest, Unauthorized, VerificationNotFound
from shared.policy import Channel
from shared.settings import Settings, SettingsError

# By the scheme of the sender's URL.
_REPORTERS: dict[str, Callable[[str], Reporter | None]] = {
    "twilio": twilio.reporter,
    "webhook": webhook.reporter,
}
_SEND = re.compile("(VE[0-9a-f]{32})-([1-9][0-9]{0,3})")
_ATTEMPT = re.compile("[1-9][0-9]{0,3}")


def endpoints(ledger: Ledger, settings: Settings) -> Blueprint:
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
        status = ledger.receipt(
            send[1],
            int(send[2]),
            int(attempt[0]),
            senders=[(channel, sender) for channel in channels],
            outcome=receipt.outcome,
            error=receipt.error,
            provider_id=receipt.provider_id,
        )
        if status is None:
            raise VerificationNotFound
        return Response(status=204)

    return receipts


def _read(reporters: Mapping[Channel, Reporter], url: str) -> tuple[Receipt, list[Channel]]:
    """The receipt, and the channels whose sender signed it. Senders of several channels can
    share a name. Raises Unauthorized if none of them has signed it."""
    receipt = None
    channels = []
    for channel, reporter in reporters.items():
        with suppress(Unauthorized):
            receipt = reporter(request, url)
            channels.append(channel)
    if receipt is None:
        raise Unauthorized
    return receipt, channels


def _reporters(settings: Settings) -> dict[str, dict[Channel, Reporter]]:
    """By name and channel. Empty without a public URL, because then no provider reports here."""
    found: dict[str, dict[Channel, Reporter]] = {}
    if settings.otp_public_url is None:
        return found
    for channel, _, name, url in settings.all_senders():
        make = _REPORTERS.get(urlsplit(url).scheme)
        try:
            reporter = make(url) if make else None
        except ValueError as error:
            raise SettingsError(f"OTP_{channel.upper()}_SENDERS: {name}: {error}") from None
        if reporter is not None:
            found.setdefault(name, {})[channel] = reporter
    return found
