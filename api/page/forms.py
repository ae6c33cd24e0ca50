"""The page's forms, for browsers without JavaScript. Each response is the page again."""

from urllib.parse import quote, urlencode

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from api.http.access import browser_region, client_ip
from api.http.origins import FromElsewhere, is_cross_site, with_result
from api.otp.proof import ProofOfWork
from api.otp.verification_receipts import VerificationReceipts
from api.page.page import Page
from shared.errors import ChannelNotEnabled, OtpError, Unauthorized, VerificationNotFound
from shared.policy import CHANNELS, Channel
from shared.recipient import Addresses, Recipient
from shared.verification.model import Checked, StartRequest, Turn
from shared.verification.service import VerificationService


def endpoints(
    page: Page,
    service: VerificationService,
    work: ProofOfWork,
    addresses: Addresses,
    receipts: VerificationReceipts,
) -> Blueprint:
    """Forms are refused where a proof of work is required, because that takes JavaScript."""
    forms = Blueprint("forms", __name__)

    @forms.post("/")
    def start() -> ResponseReturnValue:
        typed = request.form.get(page.kind, "")
        try:
            _refuse_other_sites()
            if page.app is None:
                raise Unauthorized
            by_email = page.kind == "email"
            recipient = _recipient(typed, addresses, by_email=by_email)
            work.check(page.app, recipient, None)
            started = service.start(_asked(service, recipient, page.app, page.locale(page.app)))
        except (OtpError, FromElsewhere) as error:
            return page.address(typed, error)
        return _go_on(f"verify/{started.verification_id}")

    @forms.post("/verify/<verification_id>")
    def verification(verification_id: str) -> ResponseReturnValue:
        """The button says what to do: change the address, resend the code, or check it."""
        where = "resend" if "resend" in request.form else "code"
        try:
            _refuse_other_sites()
            app = service.app_of(verification_id)
            if "change" in request.form:
                service.cancel(verification_id, app=app)
                return _go_on("../")
            checked = _check_or_resend(page, service, work, verification_id, app)
        except VerificationNotFound:
            pass  # The page says so.
        except (OtpError, FromElsewhere) as error:
            return page.verification(verification_id, where, error)
        else:
            if checked and page.return_url:
                receipt = receipts.sign(checked, app)
                to = with_result(page.return_url, verification_id, "approved", receipt)
                return redirect(to, 303)
        # Unquoted, an id such as `http:other.example` would lead to another site.
        return _go_on(quote(verification_id, safe=""))

    return forms


def _recipient(typed: str, addresses: Addresses, *, by_email: bool) -> Recipient:
    return addresses.email(typed) if by_email else addresses.phone(typed, browser_region(request))


def _asked(
    service: VerificationService, recipient: Recipient, app: str, locale: str
) -> StartRequest:
    """Raises ChannelNotEnabled."""
    is_email = recipient.kind == "email"
    # "Automatic" has no value. A choice of channels is for phone numbers.
    has_choice = request.form.get("channel") and not is_email
    workflow = () if has_choice else service.workflow(app, recipient)
    return StartRequest(
        recipient=recipient,
        channel=workflow[0].channel if workflow else "email" if is_email else _channel("channel"),
        app=app,
        ip=client_ip(request),
        locale=locale,
        turn=Turn(number=1, workflow=workflow) if workflow else None,
    )


def _check_or_resend(
    page: Page, service: VerificationService, work: ProofOfWork, verification_id: str, app: str
) -> Checked | None:
    ip = client_ip(request)
    if "resend" in request.form:
        work.check(app, service.recipient(verification_id), None)
        locale = page.locale(service.view(verification_id, app=app).account)
        service.resend(verification_id, _channel("resend"), app=app, ip=ip, locale=locale)
        return None
    otp = request.form.get("otp", "")
    checked = service.check(otp, app=app, ip=ip, verification_id=verification_id)
    checked.raise_if_incorrect()
    return checked


def _refuse_other_sites() -> None:
    if is_cross_site(request):
        raise FromElsewhere


def _channel(field: str) -> Channel:
    asked = request.form.get(field, "")
    for channel in CHANNELS:
        if channel == asked:
            return channel
    raise ChannelNotEnabled


def _go_on(path: str) -> ResponseReturnValue:
    """Redirect, keeping the query of this page."""
    kept = {**request.args, **({"kind": "email"} if request.form.get("kind") == "email" else {})}
    return redirect(f"{path}?{urlencode(kept)}" if kept else path, 303)
