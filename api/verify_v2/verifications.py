"""/v2/Services/{sid}/Verifications and …/VerificationCheck: the verifications of a Service."""

from typing import Literal

from flask import Blueprint, Response, jsonify, request

from api.http.access import client_ip
from api.verify_v2 import parameters, shapes
from api.verify_v2.access import calling
from api.verify_v2.errors import LANDLINE, NO_TARGET, NOT_FOUND, TOO_MANY_SENDS, V2Error, invalid
from api.verify_v2.form import Form
from api.verify_v2.rate_limits import counting
from api.verify_v2.services import found
from shared.errors import TooManyChecks, VerificationNotFound
from shared.policy import Channel
from shared.recipient import Addresses, Recipient, is_email
from shared.verification.model import Asked, Checked, Started, StartRequest, Terms, Verification
from shared.verification.service import VerificationService
from shared.verify_v2.safe_list import SafeList
from shared.verify_v2.services import Policies, Service, Services, ToStart

_ENDS: dict[str, Literal["canceled", "approved"]] = {"canceled": "canceled", "approved": "approved"}
# What a 404 can say of the verification that was meant.
_TOLD = ("approved", "canceled", "expired", "max_attempts_reached")


def register(
    v2: Blueprint,
    service: VerificationService,
    services: Services,
    policies: Policies,
    shape: shapes.Shapes,
    *,
    safe_list: SafeList,
    addresses: Addresses,
) -> None:
    verifications = _Verifications(service, policies, addresses)

    @v2.post("/Services/<service_sid>/Verifications")
    def create_verification(service_sid: str) -> tuple[Response, int]:
        form = Form.of(request)
        channel = parameters.channel(form)
        recipient = parameters.recipient(
            addresses, form.required("To"), by_email=channel == "email"
        )
        known = services.find_to_start(calling().app, service_sid, safe_list.key_of(recipient))
        if known is None:
            raise V2Error(NOT_FOUND)
        started = verifications.start(known, recipient, channel, form)
        # Nothing may fail from here on: clients ask again after a 5xx.
        answer = shape.verification(
            known.service,
            calling(),
            verification_id=started.verification_id,
            to=recipient.to,
            channel=started.channel,
            status="pending",
            asked=started.asked,
            created_at=started.created_at,
            updated_at=started.asked[-1].at,
        )
        return jsonify(answer), 201

    @v2.get("/Services/<service_sid>/Verifications/<sid>")
    def get_verification(service_sid: str, sid: str) -> Response:
        of = found(services, service_sid)
        seen = verifications.find(of, sid)
        if seen.status in {"approved", "expired"}:
            raise _missing(seen.status)
        return shown(of, seen, verifications.address(seen), seen.status, seen.updated_at)

    @v2.post("/Services/<service_sid>/Verifications/<sid>")
    def update_verification(service_sid: str, sid: str) -> Response:
        of, status = found(services, service_sid), Form.of(request).required("Status")
        if status not in _ENDS:
            raise invalid("Status")
        seen = verifications.find(of, sid)
        # Now, as it ends with the code.
        to = verifications.address(seen)
        try:
            at = service.end(seen.verification_id, _ENDS[status], app=of.sid)
        except VerificationNotFound:
            raise _missing(verifications.status(of, seen.verification_id, None)) from None
        return shown(of, seen, to, status, at)

    @v2.post("/Services/<service_sid>/VerificationCheck")
    def check_verification(service_sid: str) -> Response:
        of = found(services, service_sid)
        checked = verifications.check(of, Form.of(request))
        return jsonify(shapes.check(of, calling(), checked))

    def shown(
        of: Service, seen: Verification, to: str, status: str, updated_at: float | None
    ) -> Response:
        return jsonify(
            shape.verification(
                of,
                calling(),
                verification_id=seen.verification_id,
                to=to,
                channel=seen.channel,
                status=status,
                asked=[Asked(send.channel, send.asked_at) for send in seen.sends],
                created_at=seen.created_at,
                updated_at=updated_at,
            )
        )


class _Verifications:
    """The use cases, as a Service has them."""

    def __init__(
        self, service: VerificationService, policies: Policies, addresses: Addresses
    ) -> None:
        self._service = service
        self._policies = policies
        self._addresses = addresses

    def start(self, known: ToStart, recipient: Recipient, channel: Channel, form: Form) -> Started:
        """Raises V2Error, and what VerificationService.start does."""
        of = known.service
        if of.skip_sms_to_landlines and channel == "sms" and recipient.type == "fixed_line":
            raise V2Error(LANDLINE)
        parameters.template(form, "TemplateSid")
        ip = _client_ip() or parameters.device_ip(form)
        terms = Terms(
            policy=self._policies.of(of, ip_known=ip is not None),
            account=of.account,
            app_name=parameters.name(form, "CustomFriendlyName") or of.friendly_name,
            code=parameters.custom_code(form) if of.custom_code_enabled else None,
            extra_limits=counting(form, known.limits),
            is_safe=known.is_safe,
        )
        try:
            return self._service.start(
                StartRequest(
                    recipient=recipient,
                    channel=channel,
                    app=of.sid,
                    ip=ip or client_ip(request),
                    locale=parameters.locale(form),
                    terms=terms,
                )
            )
        except TooManyChecks as error:
            raise V2Error(TOO_MANY_SENDS, retry_after=error.retry_after) from None

    def check(self, of: Service, form: Form) -> Checked:
        """Raises V2Error, and what VerificationService.check does."""
        sid, to = form.text("VerificationSid"), form.text("To")
        if sid is None and to is None:
            raise V2Error(NO_TARGET)
        recipient = parameters.recipient(self._addresses, to, by_email=is_email(to)) if to else None
        code = parameters.typed_code(form)
        # Who names both is told that one is verified only where both mean the same.
        if sid and recipient and self._service.open(recipient, app=of.sid) != sid:
            raise _missing(self.status(of, sid, None))
        try:
            return self._service.check(
                code,
                app=of.sid,
                account=of.account,
                ip=_client_ip(),
                recipient=recipient,
                verification_id=sid or "",
            )
        except VerificationNotFound:
            raise _missing(self.status(of, sid, recipient)) from None

    def find(self, of: Service, sid: str) -> Verification:
        """By its SID, or as the open one of an address. Raises VerificationNotFound."""
        if not sid.startswith("VE"):
            try:
                recipient = parameters.recipient(self._addresses, sid, by_email=is_email(sid))
            except V2Error:
                raise VerificationNotFound from None
            sid = self._service.open(recipient, app=of.sid) or ""
        return self._service.view(sid, app=of.sid)

    def address(self, seen: Verification) -> str:
        """In clear while the code lives, masked afterwards."""
        try:
            return self._service.recipient(seen.verification_id).to
        except VerificationNotFound:
            return seen.to

    def status(self, of: Service, sid: str | None, recipient: Recipient | None) -> str | None:
        """Of the verification that is meant, or of the recipient's last one."""
        try:
            if sid is None and recipient:
                sid = self._service.latest(recipient, app=of.sid)
            return self._service.view(sid or "", app=of.sid).status
        except VerificationNotFound:
            return None


def _client_ip() -> str | None:
    """None: who calls is a server, whose own address is nobody's."""
    return None if calling().has_key else client_ip(request)


def _missing(status: str | None) -> V2Error:
    reason = status if status in _TOLD else "unknown"
    return V2Error(NOT_FOUND, details={"reason": reason})
