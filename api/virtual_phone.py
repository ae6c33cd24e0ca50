"""The virtual phone, /phone: the messages of the console sender with their codes, and a switch for
what the carrier does to the next message."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from api.admin import session
from api.admin.session import OwnerAccess
from api.http import body
from api.http.access import Access
from api.http.origins import is_cross_site
from api.otp import schemas
from shared.codes import Codes
from shared.delivery.ledger import Ledger
from shared.delivery.virtual_phone import CARRIERS, Carrier, Phone, PhoneMessage, with_code
from shared.errors import CsrfFailed
from shared.policy import Channel
from shared.settings import Settings
from shared.storage.reading import timestamp
from shared.verification.records import Verification


class ToldCarrier(schemas.Request):
    carrier: Carrier


def consoles(settings: Settings) -> list[tuple[Channel, str]]:
    """The console senders, by channel and name."""
    return [(of, name) for of, _, name, url in settings.all_senders() if url == "console://"]


def openness(settings: Settings, access: Access) -> Callable[[], bool]:
    """Tells whether anyone can see the phone: if there are only console senders, while there is no
    API key."""
    is_only_console = {url for *_, url in settings.all_senders()} == {"console://"}
    return lambda: is_only_console and access.is_open()


def endpoints(
    phone: Phone,
    ledger: Ledger,
    codes: Codes,
    *,
    senders: Collection[tuple[Channel, str]],
    owner: OwnerAccess,
    is_open: Callable[[], bool],
    fetch: Callable[[Collection[str]], Sequence[Verification]],
) -> Blueprint:
    """`senders` are the consoles(). `fetch` returns the verifications that are kept of some ids."""
    pages = Blueprint("phone", __name__, url_prefix="/phone")

    @pages.before_request
    def refuse() -> AnyResponse | None:
        if not is_open():
            # The screen shows codes.
            return session.refusal(owner, is_for_viewers=False)
        if request.method == "POST" and is_cross_site(request):
            raise CsrfFailed
        return None

    @pages.get("")
    def show() -> str:
        return render_template("phone/index.html", carriers=CARRIERS, **session.tokens(owner))

    @pages.get("/messages")
    def messages() -> Response:
        """Also reports the receipts that are due: the messages on this screen have arrived."""
        screen = phone.look()
        for one in screen.reports:
            ledger.receipt(
                one.verification_id,
                one.send,
                one.attempt,
                senders=senders,
                outcome=one.outcome,
                error="handset_unreachable" if one.outcome == "undelivered" else None,
            )
        phone.reported(screen.reports)
        ids = {message.verification_id for message in screen.messages}
        of = {one.verification_id: one for one in fetch(ids)}
        shown = [
            {**_shown(m, screen.now, codes), "step": _step(m, of.get(m.verification_id))}
            for m in screen.messages
        ]
        return jsonify(carrier=screen.carrier, messages=shown)

    @pages.post("/carrier")
    def tell_carrier() -> Response:
        phone.tell_carrier(body.read(request, ToldCarrier).carrier)
        return Response(status=204)

    return pages


def _step(message: PhoneMessage, of: Verification | None) -> dict[str, Any] | None:
    """Which step of its workflow a message is, and what follows it. Returns None without one."""
    sends = {send.number: send for send in of.sends} if of else {}
    send = sends.get(message.send)
    if of is None or send is None or send.step is None:
        return None
    follows = of.next_step if message.send == of.send_count else None
    return {
        "number": send.step,
        "of": len(of.workflow or ()),
        "next": follows and {"channel": follows.channel, "at": timestamp(of.next_step_at or 0)},
    }


def _shown(message: PhoneMessage, now: int, codes: Codes) -> dict[str, Any]:
    """Without its text until it has appeared."""
    appeared = message.appears_at is not None and message.appears_at <= now
    facts = {
        "id": f"{message.verification_id}-{message.send}-{message.attempt}",
        "channel": message.channel,
        "to": message.to,
        "at": timestamp(message.at / 1000),
        "carrier": message.carrier,
        "appeared": appeared,
    }
    if appeared:
        code = message.code(codes)
        facts |= {
            "locale": message.locale,
            "subject": with_code(message.subject, code),
            "text": with_code(message.text, code),
            "code": code,
        }
    return facts
