"""What a person does with the service, with the usual values filled in."""

from typing import Any

from shared.codes import Codes
from shared.errors import IncorrectCode
from shared.policy import Channel
from shared.recipient import Recipient, parse_email, parse_phone
from shared.verification.model import Checked, Started, StartRequest
from shared.verification.service import VerificationService

PHONE = "+14155550123"
OTHER_PHONE = "+14155550199"


class User:
    def __init__(self, service: VerificationService, codes: Codes) -> None:
        self._service = service
        self._codes = codes

    def ask(
        self,
        to: str = PHONE,
        channel: Channel = "sms",
        *,
        app: str = "default",
        ip: str = "192.0.2.1",
        locale: str = "en",
        **more: Any,
    ) -> Started:
        if "@" in to:
            channel = "email"
        return self._service.start(
            StartRequest(
                recipient=_recipient(to), channel=channel, app=app, ip=ip, locale=locale, **more
            )
        )

    def ask_again(
        self,
        started: Started,
        channel: Channel = "sms",
        *,
        app: str = "default",
        ip: str = "192.0.2.1",
        locale: str = "en",
    ) -> Started:
        """As on the page of the verification, which does not know the address."""
        return self._service.resend(started.verification_id, channel, app=app, ip=ip, locale=locale)

    def code(self, started: Started, generation: int = 0, length: int = 6) -> str:
        """The code in the message; `generation` counts the new codes of a verification."""
        return self._codes.derive(self._codes.kid, started.verification_id, generation, length)

    def type(
        self, otp: str, to: str = PHONE, *, app: str = "default", ip: str = "192.0.2.1"
    ) -> Checked:
        """Raises IncorrectCode for a wrong one."""
        checked = self._service.check(otp, app=app, ip=ip, recipient=_recipient(to))
        checked.raise_if_incorrect()
        return checked

    def type_by_id(self, otp: str, verification_id: str, *, app: str = "default") -> Checked:
        """Raises IncorrectCode for a wrong one."""
        checked = self._service.check(otp, app=app, ip="192.0.2.1", verification_id=verification_id)
        checked.raise_if_incorrect()
        return checked

    def mistype(self, started: Started, to: str = PHONE, *, app: str = "default") -> int:
        """Type a wrong code. How many checks are left."""
        try:
            self.type(wrong(self.code(started)), to, app=app)
        except IncorrectCode as error:
            return error.checks_left
        raise AssertionError("a wrong code was approved")

    def status(self, started: Started, *, app: str = "default") -> str:
        return self._service.view(started.verification_id, app=app).status


def wrong(code: str) -> str:
    """Another code of the same form."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def _recipient(to: str) -> Recipient:
    return parse_email(to) if "@" in to else parse_phone(to)
