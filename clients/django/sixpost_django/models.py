"""Codes by phone as a second factor of django-otp."""

import logging
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import get_language, gettext
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from sixpost import IncorrectCode, SixpostError, TooManyChecks, VerificationNotFound

from sixpost_django.service import sixpost

log = logging.getLogger("sixpost_django")


class SixpostDevice(TimestampMixin, ThrottlingMixin, Device):
    """A person's phone. Sixpost makes, sends, counts and checks the codes.

    A code proves the number it was sent to, so another `number` needs another code.
    """

    number = models.CharField(max_length=16, help_text="The phone number, such as +14155550123.")
    verification_id = models.CharField(max_length=34, blank=True, editable=False)
    sent_to = models.CharField(max_length=16, blank=True, editable=False)

    class Meta(Device.Meta):
        verbose_name = "phone"

    def generate_challenge(self) -> str:
        """Send a code, or send it again. Raises SixpostError, whose text is for the person."""
        started = sixpost().start(phone=self.number, locale=get_language())
        self.verification_id, self.sent_to = started.verification_id, self.number
        self.save(update_fields=["verification_id", "sent_to"])
        return started.message

    def verify_is_allowed(self) -> tuple[bool, dict[str, Any] | None]:
        if not self.verification_id or self.sent_to != self.number:
            return False, {"error_message": gettext("Request a code first.")}
        return super().verify_is_allowed()

    def verify_token(self, token: str) -> bool:
        """Check a code. Returns False also if Sixpost gives no verdict: that is logged and does not
        count as a failure of the person, and other devices can still be tried."""
        if not self.verify_is_allowed()[0]:
            return False
        try:
            sixpost().check(verification_id=self.verification_id, otp=token)
        except IncorrectCode:
            self.throttle_increment()
            return False
        except (TooManyChecks, VerificationNotFound):
            self.verification_id = ""
            self.save(update_fields=["verification_id"])
            return False
        except SixpostError as error:
            log.exception("Sixpost did not check a code: %s", error.code)
            return False
        self.verification_id = ""
        self.throttle_reset(commit=False)
        self.set_last_used_timestamp(commit=False)
        self.save()
        return True

    def get_throttle_factor(self) -> float:
        return getattr(settings, "SIXPOST_THROTTLE_FACTOR", 1)
