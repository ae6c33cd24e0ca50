"""/v2/Services/{sid}/Verifications and …/VerificationCheck: the verifications of a Service."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from flask import Blueprint, request

from api.http.access import client_ip
from api.verify_v2 import parameters, shapes
from api.verify_v2.access import calling
from api.verify_v2.errors import LANDLINE, NO_TARGET, NOT_FOUND, TOO_MANY_SENDS, V2Error, invalid
from api.verify_v2.form import Form
from api.verify_v2.rate_limits import counting
from api.verify_v2.services import found
from shared.errors import InvalidRequest, TooManyChecks, VerificationNotFound
from shared.recipient import Addresses, Recipient, is_email
from shared.verification.model import CallerCode, Checked, Started, StartRequest, Terms
from shared.verification.records import Verification
from shared.verification.service import VerificationService
from shared.verify_v2.safe_list import SafeList
from shared.verify_v2.services import Policies, Service, Services, ToStart

_ENDS: dict[str, Literal["canceled", "approved"]] = {"canceled": "canceled", "approved": "approved"}
# The reasons that a 404 can give.
_TOLD = ("approved", "canceled", "expired", "max_attempts_reached")


def register(v2: Blueprint, verifications: "Verifications") -> None:
    @v2.post("/Services/<service_sid>/Verifications")
    def create_verification(service_sid: str) -> tuple[dict[str, Any], int]:
        of, to, started = verifications.start(service_sid, Form.of(request))
        # Nothing can fail from here on, because clients repeat the request after a 5xx.
        return shapes.verification(of, to, started), 201

    @v2.get("/Services/<service_sid>/Verifications/<sid>")
    def get_verification(service_sid: str, sid: str) -> dict[str, Any]:
        of = found(verifications.services, service_sid)
        seen = verifications.find(of, sid)
        if seen.status in {"approved", "expired"}:
            raise _missing(seen.status)
        return shapes.verification(of, verifications.address(seen), seen)

    @v2.post("/Services/<service_sid>/Verifications/<sid>")
    def update_verification(service_sid: str, sid: str) -> dict[str, Any]:
        of = found(verifications.services, service_sid)
        status = Form.of(request).required("Status")
        if status not in _ENDS:
            raise invalid("Status")
        seen = verifications.find(of, sid)
        # The address ends with the code, so read it first.
        to = verifications.address(seen)
        ended_at = verifications.end(of, seen, status)
        fields = {**seen.fields, "status": status, "ended": str(ended_at * 1000)}
        return shapes.verification(of, to, replace(seen, fields=fields))

    @v2.post("/Services/<service_sid>/VerificationCheck")
    def check_verification(service_sid: str) -> dict[str, Any]:
        of = found(verifications.services, service_sid)
        return shapes.check(of, verifications.check(of, Form.of(request)))


@dataclass(frozen=True, kw_only=True)
class Verifications:
    """The use cases of a Service."""

    core: VerificationService
    services: Services
    policies: Policies
    safe_list: SafeList
    addresses: Addresses

    def start(self, service_sid: str, form: Form) -> tuple[Service, str, Started]:
        """Also returns the Service and the address. Raises V2Error, and what
        VerificationService.start does."""
        channel = parameters.channel(form)
        to = form.required("To")
        recipient = parameters.recipient(self.addresses, to, by_email=channel == "email")
        safe_key = self.safe_list.key_of(recipient)
        known = self.services.find_to_start(calling().app, service_sid, safe_key)
        if known is None:
            raise V2Error(NOT_FOUND)
        of = known.service
        if of.skip_sms_to_landlines and channel == "sms" and recipient.type == "fixed_line":
            raise V2Error(LANDLINE)
        parameters.template(form, "TemplateSid")
        code = parameters.custom_code(form) if of.custom_code_enabled else None
        ip = _client_ip() or parameters.device_ip(form)
        asked = StartRequest(
            recipient=recipient,
            channel=channel,
            app=of.sid,
            ip=ip or client_ip(request),
            locale=parameters.locale(form),
            app_hash=parameters.app_hash(form, channel),
            terms=self._terms(known, form, ip_known=ip is not None),
            caller_code=CallerCode(code=code) if code else None,
        )
        try:
            return of, recipient.to, self.core.start(asked)
        except InvalidRequest as error:
            ((_, why),) = error.errors
            raise invalid("AppHash", why) from None
        except TooManyChecks as error:
            raise V2Error(TOO_MANY_SENDS, retry_after=error.retry_after) from None

    def _terms(self, known: ToStart, form: Form, *, ip_known: bool) -> Terms:
        """Raises V2Error."""
        of = known.service
        return Terms(
            policy=self.policies.of(of, ip_known=ip_known),
            account=of.account,
            app_name=parameters.name(form, "CustomFriendlyName") or of.friendly_name,
            extra_limits=counting(form, known.limits),
            is_safe=known.is_safe,
        )

    def end(self, of: Service, seen: Verification, status: str) -> float:
        """Returns the time, in Unix seconds. Raises V2Error."""
        try:
            return self.core.end(seen.verification_id, _ENDS[status], app=of.sid)
        except VerificationNotFound:
            raise self._missing(of, seen.verification_id) from None

    def check(self, of: Service, form: Form) -> Checked:
        """Raises V2Error, and what VerificationService.check does."""
        sid, to = form.text("VerificationSid"), form.text("To")
        if sid is None and to is None:
            raise V2Error(NO_TARGET)
        recipient = parameters.recipient(self.addresses, to, by_email=is_email(to)) if to else None
        code = parameters.typed_code(form)
        # If both are given, both have to name the same verification.
        if sid and recipient and self.core.open(recipient, app=of.sid) != sid:
            raise self._missing(of, sid)
        try:
            return self.core.check(
                code,
                app=of.sid,
                account=of.account,
                ip=_client_ip(),
                recipient=recipient,
                verification_id=sid or "",
            )
        except VerificationNotFound:
            raise self._missing(of, sid, recipient) from None

    def find(self, of: Service, sid: str) -> Verification:
        """By its SID, or as the open one of an address. Raises VerificationNotFound."""
        if not sid.startswith("VE"):
            try:
                recipient = parameters.recipient(self.addresses, sid, by_email=is_email(sid))
            except V2Error:
                raise VerificationNotFound from None
            sid = self.core.open(recipient, app=of.sid) or ""
        return self.core.view(sid, app=of.sid)

    def address(self, seen: Verification) -> str:
        """In clear text while the code is valid, masked afterwards."""
        try:
            return self.core.recipient(seen.verification_id).to
        except VerificationNotFound:
            return seen.to

    def _missing(self, of: Service, sid: str | None, recipient: Recipient | None = None) -> V2Error:
        """With the status of the named verification, or of the recipient's last one."""
        try:
            if sid is None and recipient:
                sid = self.core.latest(recipient, app=of.sid)
            return _missing(self.core.view(sid or "", app=of.sid).status)
        except VerificationNotFound:
            return _missing("unknown")


def _client_ip() -> str | None:
    """Returns None if the caller has a key: a server's own address identifies no client."""
    return None if calling().has_key else client_ip(request)


def _missing(status: str) -> V2Error:
    reason = status if status in _TOLD else "unknown"
    return V2Error(NOT_FOUND, details={"reason": reason})
