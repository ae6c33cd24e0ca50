"""What Supabase Auth sends to its Send SMS Hook and Send Email Hook (v2.196.0)."""

from typing import Any

from api.hooks.fixed import Given, with_plus
from shared.locales import bcp47

# (address, code) of each message. Another check is that of `to` and `code` in POST /hooks/send.
Deliveries = list[tuple[str, str | None]]


class _User(Given):
    phone: str | None = None
    new_phone: str | None = None
    email: str | None = None
    new_email: str | None = None
    user_metadata: dict[str, Any] | None = None


class _Hook(Given):
    user: _User

    @property
    def locale(self) -> str:
        """The user's language, where many apps and Google keep it, or English."""
        named = (self.user.user_metadata or {}).get("locale")
        return (bcp47(named) if isinstance(named, str) else None) or "en"


class _Sms(Given):
    otp: str
    # Older versions than v2.180.0 do not say which number of the user is meant.
    phone: str | None = None


class SmsHook(_Hook):
    sms: _Sms

    def deliveries(self) -> Deliveries:
        to = self.sms.phone or self.user.phone or self.user.new_phone or ""
        return [(with_plus(to), self.sms.otp)]


class _EmailData(Given):
    email_action_type: str
    token: str | None = None
    token_new: str | None = None


class EmailHook(_Hook):
    email_data: _EmailData

    def deliveries(self) -> Deliveries:
        data, email, new_email = self.email_data, self.user.email or "", self.user.new_email or ""
        if data.email_action_type != "email_change":
            return [(email, data.token)]
        # With "secure email change" both addresses confirm, and otherwise only the new one. The
        # hashes of the codes, which are named the other way round, are for links.
        if data.token_new:
            return [(email, data.token), (new_email, data.token_new)]
        return [(new_email, data.token)]
