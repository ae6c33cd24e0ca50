"""Addresses: one normal form per recipient, and a masked one for everybody else's eyes."""

import re
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
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
# The shortest numbers with their country code have seven digits.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# How many first digits a masked number shows.
_SHOWN_DIGITS = 4
_CLOSED_NETWORK = re.compile(r"(?<=\.)(?:local|test)$|(?<=[@.]home\.)arpa$", re.IGNORECASE)

_GMAIL = ("gmail.com", "googlemail.com")
_MOBILE_MARK = re.compile(r"(?<=^\+54)9(?=[0-9]{10}$)|(?<=^\+52)1(?=[0-9]{10}$)")

# The numbers that belong to no country: satellite networks, international freephone and premium.
NO_COUNTRY = "no_country"
_TYPE_NAMES = {
    number: name.lower()
    for name, number in vars(phonenumbers.PhoneNumberType).items()
    if name.isupper()
}
UNKNOWN = _TYPE_NAMES[phonenumbers.PhoneNumberType.UNKNOWN]
NUMBER_TYPES = frozenset({*_TYPE_NAMES.values(), NO_COUNTRY})


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A person's address. `to` is E.164 or a lowercase email address. `region` is a number's ISO
    region, and `type` one of NUMBER_TYPES. Email addresses have neither, and numbers of no country
    (+800, satellites) have no region."""

    kind: str
    to: str
    region: str | None = None
    type: str | None = None

    @property
    def range(self) -> str | None:
        """The number without its last four digits, which is the unit that fraudsters acquire.
        Returns None if it is an email address."""
        return self.to[:-4] if self.kind == "phone" else None

    @property
    def counted_as(self) -> str:
        """Who limits count, as one mailbox or phone has several addresses: without a plus tag,
        without the dots that Gmail ignores, and without the digit that marks a mobile number in
        Argentina (9), or did in Mexico (1)."""
        if self.kind == "phone":
            return _MOBILE_MARK.sub("", self.to)
        local, _, domain = self.to.partition("@")
        # What begins with a plus has no name in front of a tag.
        local = local.partition("+")[0] or local
        if domain in _GMAIL:
            local, domain = local.replace(".", ""), _GMAIL[0]
        return f"{local}@{domain}"

    @cached_property
    def masked(self) -> str:
        return mask(self.to)


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Reads addresses as the owner's settings say: numbers without a country in the default region,
    numbers that the numbering plans don't know if their prefix is allowed or they are for tests,
    and e-mail addresses in closed networks (.local, home.arpa, .test)."""

    default_region: str | None = None
    allowed_prefixes: tuple[str, ...] = ()
    test_numbers: Container[str] = ()
    local_email: bool = False

    def phone(self, text: str, dialed_from: str | None = None) -> Recipient:
        """Raises InvalidRequest, as do the others."""
        return parse_phone(text, self.default_region, dialed_from, admits=self._admits)

    def email(self, text: str) -> Recipient:
        return parse_email(text, local=self.local_email)

    def either(self, text: str) -> Recipient:
        return self.email(text) if is_email(text) else self.phone(text)

    def _admits(self, number: str) -> bool:
        return number in self.test_numbers or number.startswith(self.allowed_prefixes)


# What was once read and accepted, whatever the settings were then.
KEPT_ADDRESSES = Addresses(allowed_prefixes=("+",), local_email=True)


def parse_phone(
    text: str,
    default_region: str | None = None,
    dialed_from: str | None = None,
    *,
    admits: Callable[[str], bool] = lambda _: False,
) -> Recipient:
    """Read a phone number in E.164, or in national form when a default region is given.

    Spaces, dots, dashes, slashes, brackets, the decimal digits of any script, invisible characters
    and `tel:` are fine. The prefix for calls abroad counts as +: 00, or the one of the region
    `dialed_from` (011 in the US), which without it is the default region.
    Raises InvalidRequest for letters, extensions, control characters, and numbers that the
    numbering plan of their country does not have, unless `admits` says yes to the E.164 form.
    """
    spelling = _without_scheme("tel", plain(text))
    if len(spelling) > _LONGEST_PHONE or not _PHONE.fullmatch(spelling):
        raise InvalidRequest(("phone", "enter a valid phone number, such as +14155550123"))
    number = _in_e164(spelling)
    readings = [number] if number else list(_readings(spelling, default_region, dialed_from))
    for number in readings:
        kind = phonenumbers.number_type(number)
        # Only a number that does not exist is of no kind that is known.
        if not number.extension and kind != phonenumbers.PhoneNumberType.UNKNOWN:
            return _of_number(number, kind)
    # A country code that the library does not know gives no reading.
    written = f"+{phonenumbers.normalize_digits_only(spelling)}" if "+" in spelling else ""
    for to in (*map(_e164, readings), written):
        if _E164.fullmatch(to) and admits(to):
            return Recipient(kind="phone", to=to, region=_region_of_code(readings), type=UNKNOWN)
    raise InvalidRequest(("phone", _why_not(readings)))


def _why_not(readings: Sequence[phonenumbers.PhoneNumber]) -> str:
    if not readings:
        return "enter a valid phone number with its country code, such as +14155550123"
    number = readings[0]
    if number.country_code == 52 and re.fullmatch("1[0-9]{10}", str(number.national_number)):
        # Since August 2019; WhatsApp still shows it.
        return "Mexican numbers no longer have a 1 after +52; leave it out"
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.TOO_SHORT:
            return f"too short for a phone number in +{number.country_code}"
        case phonenumbers.ValidationResult.TOO_LONG:
            return f"too long for a phone number in +{number.country_code}"
    return f"this phone number does not exist in +{number.country_code}"


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _region_of_code(readings: Sequence[phonenumbers.PhoneNumber]) -> str | None:
    """The country of the country code; the main one, where several have it."""
    code = readings[0].country_code if readings else None
    region = phonenumbers.region_code_for_country_code(code or 0)
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def _of_number(number: phonenumbers.PhoneNumber, kind: int) -> Recipient:
    region = phonenumbers.region_code_for_number(number)
    has_country = region is not None and region != "001"
    return Recipient(
        kind="phone",
        to=_e164(number),
        region=region if has_country else None,
        type=_TYPE_NAMES[kind] if has_country else NO_COUNTRY,
    )


def _in_e164(spelling: str) -> phonenumbers.PhoneNumber | None:
    """As phonenumbers.parse reads it, in a third of the time, because programs write numbers this
    way. Returns None if the number is written otherwise, or parse() may drop a prefix."""
    if not _E164.fullmatch(spelling):
        return None
    for end in (2, 3, 4):
        code, national = int(spelling[1:end]), spelling[end:]
        if regions := phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code):
            plan = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
            prefix = plan and plan.national_prefix_for_parsing
            if national.startswith("0") or (prefix and re.match(prefix, national)):
                return None
            return phonenumbers.PhoneNumber(country_code=code, national_number=int(national))
    return None


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


def parse_email(text: str, *, local: bool = False) -> Recipient:
    """Read an e-mail address (RFC 5321, ASCII local part, IDNA domain), in lower case. `local`
    admits domains of closed networks (RFC 6762, RFC 8375, RFC 6761).

    No provider in use tells apart the case of a local part, so one mailbox is one recipient.
    Invisible characters, full-width letters, dashes of any kind and `mailto:` are fine. Raises
    InvalidRequest.
    """
    typed = _without_scheme("mailto", plain_name(text))
    # The library always refuses these domains, so it reads the same address in another one.
    network = _CLOSED_NETWORK.search(typed) if local else None
    try:
        address = validate_email(
            f"{typed[: network.start()]}example" if network else typed,
            check_deliverability=False,
            allow_smtputf8=False,
            strict=True,
        )
    except EmailNotValidError as error:
        raise InvalidRequest(
            ("email", "enter a valid email address, such as you@example.com")
        ) from error
    # In ASCII there always is one: other local parts were refused.
    to = str(address.ascii_email).lower()
    if network:
        to = to.removesuffix("example") + network[0].lower()
    return Recipient(kind="email", to=to)


def is_email(text: str) -> bool:
    """Whether what was typed is meant as an e-mail address."""
    return "@" in plain(text)


def _without_scheme(scheme: str, text: str) -> str:
    """What a link of that scheme leads to (RFC 3966, RFC 6068), or the text if it is no link."""
    link = re.match(rf"\s*{scheme}:(?://)?", text, re.IGNORECASE)
    return unquote(text[link.end() :]).strip() if link else text.strip()


def mask_route(name: str) -> str:
    """The name of a route for readers of the masked number, who learn no more of it by a prefix."""
    is_longer = name.startswith("+") and len(name) > len("+") + _SHOWN_DIGITS
    return f"{name[: len('+') + _SHOWN_DIGITS]}…" if is_longer else name


def mask(to: str) -> str:
    """Hide most of an address: +1415*****23, a***@example.com."""
    if "@" in to:
        local, _, domain = to.partition("@")
        return f"{local[:1]}***@{domain}"
    # At least five digits stay hidden, also of the shortest numbers, which have six or seven.
    digits = to.removeprefix("+")
    last = max(0, min(2, len(digits) - 5))
    first = max(0, min(_SHOWN_DIGITS, len(digits) - 5 - last))
    hidden = len(digits) - first - last
    return f"+{digits[:first]}{'*' * hidden}{digits[first + hidden :]}"
