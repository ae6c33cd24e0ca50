"""What a vonage:// URL may say."""

import base64
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from shared.policy import Channel
from shared.settings import from_numbers
from shared.settings.sender_urls import SenderUrl, api_base

_APPLICATION = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@dataclass(frozen=True, kw_only=True)
class VonageSetup:
    """`auth` is the account's key and secret. With `private_key`, the application of that key sends
    instead."""

    channels: ClassVar[tuple[Channel, ...]] = ("sms",)
    takes_from: ClassVar = from_numbers.ANY
    takes_dlt: ClassVar = True

    application: str = field(repr=False)
    private_key: RSAPrivateKey | None = field(repr=False)
    auth: tuple[str, str] | None = field(repr=False)
    from_number: str
    signature_secret: bytes | None = field(repr=False)
    api: str

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, ("private_key", "signature_secret", "api"))
        secret = parts.options.get("signature_secret")
        if secret is not None and not secret:
            raise ValueError("expected ?signature_secret= with the account's signature secret")
        private_key = _private_key(parts.options.get("private_key"))
        right_user = (
            re.fullmatch(_APPLICATION, parts.user) and not parts.password
            if private_key
            else parts.user and parts.password
        )
        if (
            not right_user
            or not re.fullmatch(from_numbers.ANY, parts.host)
            or not parts.ends_with_host
        ):
            raise ValueError(
                "expected vonage://API_KEY:API_SECRET@FROM or "
                "vonage://APPLICATION_ID@FROM?private_key=…, where FROM is a number such as "
                "+15005550006, or a name"
            )
        return cls(
            application=parts.user,
            private_key=private_key,
            auth=None if private_key else (parts.user, parts.password),
            from_number=parts.host.removeprefix("+"),
            signature_secret=secret.encode() if secret else None,
            api=api_base(parts, "https://api.nexmo.com"),
        )


def _private_key(text: str | None) -> RSAPrivateKey | None:
    """Raises ValueError."""
    if text is None:
        return None
    # Their texts may repeat what is wrong.
    with suppress(TypeError, ValueError, UnsupportedAlgorithm):
        key = load_der_private_key(base64.b64decode(text, validate=True), password=None)
        if isinstance(key, RSAPrivateKey):
            return key
    raise ValueError(
        "expected ?private_key= with the lines between BEGIN and END of the private key"
    )
