"""Addresses: one normal form per recipient, and a masked one for everybody else's eyes."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from shared.errors import InvalidRequest
from shared.typed import plain, plain_name

# What people put between and around the digits of a number, after plain(). phonenumbers takes more
# (letters as on a keypad, extensions), which would give one person many spellings that mean another
# number to another reader.
_PHONE = re.compile(r"[ (\[+]*[0-9][0-9 ()\[\]./-]*")
_LONGEST_PHONE = 40

# The numbers that belong to no country: satellite networks, international freephone and premium.
NO_COUNTRY = "no_country"
_TYPE_NAMES = {
    number: name.lower()
    for name, number in vars(phonenumbers.PhoneNumberType).items()
    if name.isupper()
}
NUMBER_TYPES = frozenset({*_TYPE_NAMES.values(), NO_COUNTRY})


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Somebody's address. `to` is E.164 or a lower-case e-mail address; `region` is the ISO
    region of a number, None for e-mail and for numbers of no country (+800, satellites); `type`
    is the kind of a number (one of NUMBER_TYPES), None for e-mail."""

    field: str
    to: str
    region: str | None = None
    type: str | None = None

    @property
    def range(self) -> str | None:
        """The number without its last four digits: what a fraudster gets hold of at once. None for
        e-mail."""
        return self.to[:-4] if self.field == "phone" else None

    @property
    def masked(self) -> str:
        return mask(self.to)


def parse_phone(
    text: str, default_region: str | None = None, dialed_from: str | None = None
) -> Recipient:
    """Read a phone number in E.164, or in national form when a default region is given.

    Spaces, dots, dashes, slashes, brackets, the decimal digits of any script, invisible characters
    and `tel:` are fine. The
    prefix for calls abroad counts as +: 00, or the one of the region `dialed_from` (011 in the US),
    which without it is the default region.
    Raises InvalidRequest for letters, extensions, control characters, and numbers that the
    numbering plan of their country does not have.
    """
    spelling = _without_scheme("tel", plain(text))
    if len(spelling) > _LONGEST_PHONE or not _PHONE.fullmatch(spelling):
        raise InvalidRequest(("phone", "not a phone number; write it like +14155550123"))
    readings = list(_readings(spelling, default_region, dialed_from))
    if not readings:
        raise InvalidRequest(
            ("phone", "not a phone number with its country code; write it like +14155550123")
        )
    for number in readings:
        kind = phonenumbers.number_type(number)
        # Only a number that does not exist is of no kind that is known.
        if not number.extension and kind != phonenumbers.PhoneNumberType.UNKNOWN:
            return _of_number(number, kind)
    raise InvalidRequest(("phone", "no such phone number exists"))


def _of_number(number: phonenumbers.PhoneNumber, kind: int) -> Recipient:
    region = phonenumbers.region_code_for_number(number)
    has_country = region is not None and region != "001"
    return Recipient(
        field="phone",
        to=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        region=region if has_country else None,
        type=_TYPE_NAMES[kind] if has_country else NO_COUNTRY,
    )


def _readings(
    spelling: str, default_region: str | None, dialed_from: str | None
) -> Iterator[phonenumbers.PhoneNumber]:
    """What the number can be, first as it is written."""
    digits = phonenumbers.normalize_digits_only(spelling)
    prefixes = filter(None, (_abroad(dialed_from), "00"))
    dialed = [f"+{digits[found.end() :]}" for p in prefixes if (found := re.match(p, digits))]
    for spelled in (spelling, *dialed):
        with suppress(phonenumbers.NumberParseException):
            yield phonenumbers.parse(spelled, default_region)


def _abroad(region: str | None) -> str | None:
    """The prefix for calls abroad from a region, as a regular expression."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region or "")
    return plan.international_prefix if plan else None


def parse_email(text: str) -> Recipient:
    """Read an e-mail address (RFC 5321, ASCII local part, IDNA domain), in lower case.

    No provider in use tells apart the case of a local part, so one mailbox is one recipient.
    Invisible characters, full-width letters, dashes of any kind and `mailto:` are fine. Raises
    InvalidRequest.
    """
    try:
        address = validate_email(
            _without_scheme("mailto", plain_name(text)),
            check_deliverability=False,
            allow_smtputf8=False,
            strict=True,
        )
    except EmailNotValidError as error:
        raise InvalidRequest(
            ("email", "not an e-mail address; write it like a@example.com")
        ) from error
    # In ASCII there always is one: other local parts were refused.
    return Recipient(field="email", to=str(address.ascii_email).lower())


def is_email(text: str) -> bool:
    """Whether what was typed is meant as an e-mail address."""
    return "@" in plain(text)


def _without_scheme(scheme: str, text: str) -> str:
    """What a link of that scheme leads to (RFC 3966, RFC 6068), or the text if it is no link."""
    link = re.match(rf"\s*{scheme}:(?://)?", text, re.IGNORECASE)
    return unquote(text[link.end() :]).strip() if link else text.strip()


def mask(to: str) -> str:
    """Hide most of an address: +1415*****23, a***@example.com."""
    if "@" in to:
        local, _, domain = to.partition("@")
        return f"{local[:1]}***@{domain}"
    # At least five digits stay hidden, also of the shortest numbers, which have six or seven.
    digits = to.removeprefix("+")
    last = max(0, min(2, len(digits) - 5))
    first = max(0, min(4, len(digits) - 5 - last))
    hidden = len(digits) - first - last
    return f"+{digits[:first]}{'*' * hidden}{digits[first + hidden :]}"
