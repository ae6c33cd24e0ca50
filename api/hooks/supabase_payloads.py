"""What Supabase Auth sends to its Send SMS Hook and Send Email Hook (v2.196.0)."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.hooks.send import CODE, LONGEST_ADDRESS
from shared.errors import InvalidRequest
from shared.locales import bcp47
from shared.recipient import Addresses, Recipient

_Address = Annotated[str, Field(max_length=LONGEST_ADDRESS)]
_Code = Annotated[str, Field(pattern=CODE)]
_CodeOrNone = Annotated[str, Field(pattern=f"^$|{CODE}")]
# Who gets which code.
Deliveries = list[tuple[Recipient, str]]


class _Given(BaseModel):
    # Supabase sends more than this.
    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class _User(_Given):
    phone: _Address | None = None
    new_phone: _Address | None = None
    email: _Address | None = None
    new_email: _Address | None = None
    user_metadata: dict[str, Any] | None = None


class _Hook(_Given):
    user: _User

    @property
    def locale(self) -> str:
        """The user's language, where many apps and Google keep it, or English."""
        named = (self.user.user_metadata or {}).get("locale")
        return (bcp47(named) if isinstance(named, str) else None) or "en"


class _Sms(_Given):
    otp: _Code
    # Older versions than v2.180.0 do not say which number of the user is meant.
    phone: _Address | None = None


class SmsHook(_Hook):
    sms: _Sms

    def deliveries(self, addresses: Addresses) -> Deliveries:
        """Raises InvalidRequest."""
        to = self.sms.phone or self.user.phone or self.user.new_phone or ""
        # Supabase keeps numbers without their plus.
        to = f"+{to}" if re.fullmatch("[1-9][0-9]{6,14}", to) else to
        return [(addresses.phone(to), self.sms.otp)]


class _EmailData(_Given):
    email_action_type: Annotated[str, Field(max_length=100)]
    token: _CodeOrNone = ""
    token_new: _CodeOrNone = ""


class EmailHook(_Hook):
    email_data: _EmailData

    def deliveries(self, addresses: Addresses) -> Deliveries:
        """Raises InvalidRequest."""
        data, user = self.email_data, self.user
        codes = [(user.email, data.token)]
        if data.email_action_type == "email_change":
            # With "secure email change" both addresses confirm, and otherwise only the new one.
            # The hashes of the codes, which are named the other way round, are for links.
            both = [*codes, (user.new_email, data.token_new)]
            codes = both if data.token_new else [(user.new_email, data.token)]
        if not all(code for _, code in codes):
            raise InvalidRequest(("email_data.token", "this kind of email has no code to deliver"))
        return [(addresses.email(to or ""), code) for to, code in codes]
