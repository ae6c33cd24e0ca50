"""Reads the parameters of this API. Everything here raises V2Error with the parameter's name."""

import re
import unicodedata
from ipaddress import ip_address

from api.verify_v2.errors import HASH_NEEDS_SMS, NO_TEMPLATE, V2Error, invalid
from api.verify_v2.form import Form
from shared.errors import InvalidRequest
from shared.locales import bcp47
from shared.policy import Channel
from shared.recipient import Addresses, Recipient
from shared.settings.types import APP_HASH
from shared.verification.model import parse_otp
from shared.verify_v2.services import TEMPLATE_SID

# Of those that Twilio has.
_CHANNELS: tuple[Channel, ...] = ("sms", "whatsapp", "call", "email")
_LONGEST_NAME = 32
NAME_RULE = f"expected up to {_LONGEST_NAME} letters, spaces, - and _, with no more than 4 digits"


def name(form: Form, parameter: str) -> str | None:
    """A name for messages, which cannot be an address or a number to call."""
    text = form.text(parameter)
    if text is not None and not is_name(text):
        raise invalid(parameter, NAME_RULE)
    return text


def template(form: Form, parameter: str) -> str | None:
    sid = form.text(parameter)
    if sid not in {None, TEMPLATE_SID}:
        raise V2Error(NO_TEMPLATE)
    return sid


def channel(form: Form) -> Channel:
    asked = form.required("Channel")
    for known in _CHANNELS:
        if known == asked:
            return known
    raise invalid("Channel")


def recipient(addresses: Addresses, to: str, *, by_email: bool, parameter: str = "To") -> Recipient:
    # A + that a client did not encode arrives as a space.
    to = re.sub(r"^ (?=\d)", "+", to)
    try:
        return addresses.email(to) if by_email else addresses.phone(to)
    except InvalidRequest:
        raise invalid(parameter, to) from None


def typed_code(form: Form) -> str:
    """The digits of the code that a person typed. Errors never repeat them."""
    try:
        return parse_otp(form.required("Code"))
    except InvalidRequest:
        raise _not_a_code("Code") from None


def custom_code(form: Form) -> str | None:
    """A code that the caller chose, as the message shows it."""
    text = form.text("CustomCode")
    if text is not None and not re.fullmatch("[0-9]{4,10}", text):
        raise _not_a_code("CustomCode")
    return text


def app_hash(form: Form, channel: Channel) -> str | None:
    text = form.text("AppHash")
    if text is not None and channel != "sms":
        raise V2Error(HASH_NEEDS_SMS)
    if text is not None and not re.fullmatch(APP_HASH, text):
        raise invalid("AppHash", "expected 11 letters and digits of base64")
    return text


def _not_a_code(parameter: str) -> V2Error:
    return invalid(parameter, "expected 4 to 10 digits")


def locale(form: Form) -> str:
    """English if the language is missing or invalid."""
    return bcp47(form.text("Locale") or "") or "en"


def device_ip(form: Form) -> str | None:
    text = form.text("DeviceIp")
    if text is None:
        return None
    try:
        return str(ip_address(text))
    except ValueError:
        raise invalid("DeviceIp", text) from None


def is_name(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return (
        bool(text.strip())
        and len(text) <= _LONGEST_NAME
        and digits <= 4
        and all(letter in " -_" or unicodedata.category(letter)[0] in "LMN" for letter in text)
    )
