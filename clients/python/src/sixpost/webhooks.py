"""Events of Sixpost, signed by Standard Webhooks 1.0.0."""

import base64
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from sixpost.api import InvalidWebhook


def verify_webhook(
    body: bytes, headers: Mapping[str, str], secrets: str | Iterable[str]
) -> dict[str, Any]:
    """Check who sent an event, and when, and return it. `body` is exactly what arrived, and
    `secrets` the app's webhook_secret, or several. Raises InvalidWebhook, and ValueError for a
    malformed secret."""
    given = {name.lower(): value for name, value in headers.items()}
    sent_at = given.get("webhook-timestamp", "")
    signed = f"{given.get('webhook-id')}.{sent_at}.".encode() + body
    several = " ".join([secrets] if isinstance(secrets, str) else secrets).split()
    keys = [base64.b64decode(one.removeprefix("whsec_"), validate=True) for one in several]
    # An empty one would let strangers sign.
    if min(map(len, keys), default=0) < 24:
        raise ValueError("secrets: expected whsec_ and at least 24 bytes in base64")
    right = [base64.b64encode(hmac.digest(key, signed, "sha256")) for key in keys]
    signatures = given.get("webhook-signature", "").encode().split()
    if not any(hmac.compare_digest(b"v1," + one, other) for one in right for other in signatures):
        raise InvalidWebhook("The signature is missing or wrong.")
    if not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > 300:
        raise InvalidWebhook("The event is too old, or from the future.")
    return dict(json.loads(body))
