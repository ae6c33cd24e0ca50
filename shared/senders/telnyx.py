"""What a telnyx:// URL may say."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import ClassVar, Self

from shared.policy import Channel
from shared.settings import from_numbers
from shared.settings.sender_urls import SenderUrl, api_base

# Ed25519, RFC 8032.
_PUBLIC_KEY_BYTES = 32
# Telnyx takes a name, or no sender at all, only with the profile that has it.
_WITHOUT_PROFILE = f"{from_numbers.NUMBER}|{from_numbers.SHORT_CODE}"


@dataclass(frozen=True, kw_only=True)
class TelnyxSetup:
    channels: ClassVar[tuple[Channel, ...]] = ("sms",)

    key: str = field(repr=False)
    from_number: str
    profile: str | None
    public_key: bytes | None
    api: str

    @property
    def takes_from(self) -> str:
        return from_numbers.ANY if self.profile else _WITHOUT_PROFILE

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, ("profile", "public_key", "api"))
        profile = parts.options.get("profile")
        if profile is not None and not re.fullmatch("[0-9a-fA-F-]{36}", profile):
            raise ValueError("expected ?profile= with the id of a messaging profile, 36 characters")
        origins = f"|{from_numbers.ANY}" if profile else _WITHOUT_PROFILE
        if (
            not re.fullmatch(r"[\w.-]+", parts.user, re.ASCII)
            or parts.password
            or not re.fullmatch(origins, parts.host)
            or not parts.ends_with_host
        ):
            raise ValueError(
                "expected telnyx://API_KEY@FROM, where FROM is a number such as +15005550006, or "
                "telnyx://API_KEY@Name?profile=MESSAGING_PROFILE_ID"
            )
        return cls(
            key=parts.user,
            from_number=parts.host,
            profile=profile,
            public_key=_public_key(parts.options.get("public_key")),
            api=api_base(parts, "https://api.telnyx.com"),
        )


def _public_key(text: str | None) -> bytes | None:
    """Raises ValueError."""
    if text is None:
        return None
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _PUBLIC_KEY_BYTES:
        raise ValueError("expected ?public_key= with the account's public key, 44 characters")
    return key
