"""/v2/Services/{sid}/Verifications and …/VerificationCheck: the verifications of a Service."""

from dataclasses import replace
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
from shared.recipient import Addresses, Recipient, is_email
from shared.verification.model import Checked, Started, StartRequest, Terms, Verification
from shared.verification.service import VerificationService
from shared.verify_v2.safe_list import SafeList
from shared.verify_v2.services import Policies, Service, Services, ToStart

_ENDS: dict[str, Literal["canceled", "approved"]] = {"canceled": "canceled", "approved": "approved"}
# What a 404 can say of the verification that was meant.
_TOLD = ("approved", "canceled", "expired", "max_attempts_reached")


def register(v2: Blueprint, verifications: "Verifications", shape: shapes.Shapes) -> None:
    @v2.post("/Services/<service_sid>/Verifications")
    def create_verification(service_sid: str) -> tuple[Response, int]:
        of, to, started = verifications.start(service_sid, Form.of(request))
        # Nothing may fail from here on: clients ask again after a 5xx.
        return jsonify(shape.verification(of, calling(), shapes.of_start(started, to))), 201

    @v2.get("/Services/<service_sid>/Verifications/<sid>")
    def get_verification(service_sid: str, sid: str) -> Response:
        of = verifications.service(service_sid)
        seen = verifications.find(of, sid)
        if seen.status in {"approved", "expired"}:
            raise _missing(seen.status)
        to = verifications.address(seen)
        return jsonify(shape.verification(of, calling(), shapes.of_verification(seen, to)))

    @v2.post("/Services/<service_sid>/Verifications/<sid>")
    def update_verification(service_sid: str, sid: str) -> Response:
        of, status = verifications.service(service_sid), Form.of(request).required("Status")
        if status not in _ENDS:
            raise invalid("Status")
        seen = verifications.find(of, sid)
        # The address ends with the code, so read it first.
        to = verifications.address(seen)
        ended = replace(seen, status=status, updated_at=verifications.end(of, seen, status))
        return jsonify(shape.verification(of, calling(), shapes.of_verification(ended, to)))

    @v2.post("/Services/<service_sid>/VerificationCheck")
    def check_verification(service_sid: str) -> Response:
        of = verifications.service(service_sid)
        checked = verifications.check(of, Form.of(request))
        return jsonify(shapes.check(of, calling(), checked))


class Verifications:
    """The use cases, as a Service has them."""

    def __init__(
        self,
        service: VerificationService,
        services: Services,
        policies: Policies,
        safe_list: SafeList,
        addresses: Addresses,
    ) -> None:
        self._service = service
        self._services = services
        self._policies = policies
        self._safe_list = safe_list
        self._addresses = addresses

    def service(self, sid: str) -> Service:
        """Raises V2Error."""
        return found(self._services, sid)

    def start(self, service_sid: str, form: Form) -> tuple[Service, str, Started]:
        """Also returns the Service and the address. Raises V2Error, and what
        VerificationService.start does."""
        channel = parameters.channel(form)
        recipient = parameters.recipient(
            self._addresses, form.required("To"), by_email=channel == "email"
        )
        safe_key = self._safe_list.key_of(recipient)
        known = self._services.find_to_start(calling().app, service_sid, safe_key)
        if known is None:
            raise V2Error(NOT_FOUND)
        of = known.service
        if of.skip_sms_to_landlines and channel == "sms" and recipient.type == "fixed_line":
            raise V2Error(LANDLINE)
        parameters.template(form, "TemplateSid")
        ip = _client_ip() or parameters.device_ip(form)
        terms = self._terms(known, form, ip_known=ip is not None)
        asked = StartRequest(
            recipient=recipient,
            channel=channel,
            app=of.sid,
            ip=ip or client_ip(request),
            locale=parameters.locale(form),
            terms=terms,
        )
        try:
            return of, recipient.to, self._service.start(asked)
        except TooManyChecks as error:
            raise V2Error(TOO_MANY_SENDS, retry_after=error.retry_after) from None

    def _terms(self, known: ToStart, form: Form, *, ip_known: bool) -> Terms:
        """Raises V2Error."""
        of = known.service
        return Terms(
            policy=self._policies.of(of, ip_known=ip_known),
            account=of.account,
            app_name=parameters.name(form, "CustomFriendlyName") or of.friendly_name,
            code=parameters.custom_code(form) if of.custom_code_enabled else None,
            extra_limits=counting(form, known.limits),
            is_safe=known.is_safe,
        )

    def end(self, of: Service, seen: Verification, status: str) -> float:
        """Returns the time, in Unix seconds. Raises V2Error."""
        try:
            return self._service.end(seen.verification_id, _ENDS[status], app=of.sid)
        except VerificationNotFound:
            raise _missing(self.status(of, seen.verification_id, None)) from None

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
    """Returns None if the caller has a key: a server's own address identifies no client."""
    return None if calling().has_key else client_ip(request)


def _missing(status: str | None) -> V2Error:
    reason = status if status in _TOLD else "unknown"
    return V2Error(NOT_FOUND, details={"reason": reason})
