"""Signatures on what goes to providers and comes from them."""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Iterable
from hashlib import sha1, sha256

# Times are signed, so that a request cannot be replayed later.
LONGEST_AGE_SECONDS = 300


def webhook_key(secret: str) -> bytes:
    """The key in `whsec_` and the base64 of 24 to 64 bytes (Standard Webhooks 1.0.0). Raises
    ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError("expected whsec_ followed by 24 to 64 random bytes in base64")
    return key


def standard_webhook(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """The value of `webhook-signature` (Standard Webhooks 1.0.0, "Signature scheme")."""
    signed = b".".join([message_id.encode(), timestamp.encode(), body])
    return "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


def zitadel(key: bytes, timestamp: str, body: bytes) -> str:
    """A `v1` of `ZITADEL-Signature` (pkg/actions/signing.go in github.com/zitadel/zitadel)."""
    return hmac.digest(key, b".".join([timestamp.encode(), body]), sha256).hex()


def twilio(auth_token: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    """The value of `X-Twilio-Signature` (Twilio, "Webhooks security"): the URL with its query, and
    behind it each field of the form with its value, sorted, a repeated value once."""
    fields = "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(
        hmac.digest(auth_token.encode(), (url + fields).encode(), sha1)
    ).decode()


def infobip_token(api_key: str, attempt: str) -> str:
    """What Infobip has to say of an attempt to be believed, because it signs nothing."""
    return hmac.digest(api_key.encode(), f"receipt {attempt}".encode(), sha256).hex()


def is_recent(timestamp: str) -> bool:
    """Whether a signed time, in Unix seconds, is now."""
    return (
        re.fullmatch("[0-9]{1,12}", timestamp) is not None
        and abs(time.time() - int(timestamp)) <= LONGEST_AGE_SECONDS
    )
