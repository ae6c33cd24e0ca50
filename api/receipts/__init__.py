"""POST /receipts/{sender}, where providers report what happened to a message. The API believes a
receipt only with the provider's signature. One module here per provider that reports."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request

from api.receipts import aws, infobip, smsgate, telegram, telnyx, twilio, vonage, webhook, whatsapp
from api.receipts.certificates import Certificates
from api.receipts.reporter import Receipt, Reporter
from shared.delivery.ledger import Ledger
from shared.delivery.subscriptions import Subscriptions
from shared.errors import InvalidRequest, Unauthorized, VerificationNotFound
from shared.policy import Channel
from shared.settings import Settings, SettingsError

MakeReporter = Callable[[str], Reporter | None]
# By the scheme of the sender's URL.
_REPORTERS: dict[str, MakeReporter] = {
    "infobip": infobip.reporter,
    "smsgate": smsgate.reporter,
    "telegram": telegram.reporter,
    "telnyx": telnyx.reporter,
    "twilio": twilio.reporter,
    "vonage": vonage.reporter,
    "webhook": webhook.reporter,
    "whatsapp": whatsapp.reporter,
}
# Meta puts several statuses of under 1 kB each into a request when it is busy.
LARGEST_RECEIPT_BYTES = 64 * 1024

_SEND = re.compile("(VE[0-9a-f]{32})-([1-9][0-9]{0,3})")
_ATTEMPT = re.compile("[1-9][0-9]{0,3}")
_MESSAGE = re.compile(f"{_SEND.pattern}(?:-({_ATTEMPT.pattern}))?")


class Signer(NamedTuple):
    """A sender whose provider may have signed a receipt."""

    channel: Channel
    name: str
    reporter: Reporter


class About(NamedTuple):
    """What a receipt is about. If `attempt` is None, it is the sender's newest one of that send."""

    verification_id: str
    send: int
    attempt: int | None


def endpoints(
    ledger: Ledger,
    settings: Settings,
    subscriptions: Subscriptions,
    certificates: Certificates | None = None,
) -> Blueprint:
    """Raises SettingsError."""
    receipts = Blueprint("receipts", __name__)
    of_aws = partial(
        aws.reporter, subscriptions=subscriptions, certificates=certificates or Certificates()
    )
    signers = _signers(settings, {**_REPORTERS, "aws": of_aws})

    @receipts.post("/receipts/<sender>")
    def receive(sender: str) -> Response:
        """`sender` is its name, or its scheme for providers that know one address for all. `send`
        and `attempt` in the query are those of the message's receipt_url."""
        if sender not in signers:
            abort(404)
        request.max_content_length = LARGEST_RECEIPT_BYTES
        query = request.query_string.decode("latin-1")
        url = f"{settings.otp_public_url}{request.path}?{query}"
        found, signed_by = _read(signers[sender], url)
        for receipt in found:
            about = _about(receipt.message)
            if about is None:
                continue
            status = ledger.receipt(
                *about,
                senders=[(signer.channel, signer.name) for signer in signed_by],
                outcome=receipt.outcome,
                error=receipt.error,
                provider_id=receipt.provider_id,
            )
            # A provider with one address for all would repeat the whole request.
            if status is None and receipt.message is None:
                raise VerificationNotFound
        return Response(status=signed_by[0].reporter.thanks)

    urls = {url for *_, url in settings.all_senders() if urlsplit(url).scheme == "whatsapp"}
    if signers and (tokens := whatsapp.verify_tokens(urls)):
        receipts.add_url_rule(
            "/receipts/whatsapp", "whatsapp", partial(whatsapp.handshake, tokens), methods=["GET"]
        )

    return receipts


def _about(message: str | None) -> About | None:
    """Returns None if the receipt says that it is for a message that is not ours. Raises
    InvalidRequest if neither the receipt nor its URL names a message."""
    if message is not None:
        ours = _MESSAGE.fullmatch(message)
        return ours and About(ours[1], int(ours[2]), int(ours[3]) if ours[3] else None)
    send = _SEND.fullmatch(request.args.get("send", ""))
    attempt = _ATTEMPT.fullmatch(request.args.get("attempt", ""))
    if not send or not attempt:
        raise InvalidRequest(("send" if not send else "attempt", "does not match a message"))
    return About(send[1], int(send[2]), int(attempt[0]))


def _read(signers: Sequence[Signer], url: str) -> tuple[Sequence[Receipt], list[Signer]]:
    """The receipts, and the senders that signed them. Senders of several channels can share a name
    and a secret. Raises Unauthorized if none of them has signed the request."""
    found: Sequence[Receipt] = ()
    signed_by = []
    for signer in signers:
        with suppress(Unauthorized):
            found = signer.reporter.read(request, url)
            signed_by.append(signer)
    if not signed_by:
        raise Unauthorized
    return found, signed_by


def _signers(settings: Settings, reporters: Mapping[str, MakeReporter]) -> dict[str, list[Signer]]:
    """By name and scheme. Empty without a public URL, because then no provider reports here."""
    found: dict[str, list[Signer]] = {}
    if settings.otp_public_url is None:
        return found
    for channel, _, name, url in settings.all_senders():
        scheme = urlsplit(url).scheme
        make = reporters.get(scheme)
        try:
            reporter = make(url) if make else None
        except ValueError as error:
            raise SettingsError(f"OTP_{channel.upper()}_SENDERS: {name}: {error}") from None
        if reporter is not None:
            for path in {name, scheme}:
                found.setdefault(path, []).append(Signer(channel, name, reporter))
    return found
