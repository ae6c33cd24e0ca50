"""Checks an event of Sixpost, as the backend of an app gets it. Needs only the standard library."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

TOLERANCE_SECONDS = 300


def check_event(headers: Mapping[str, str], body: bytes, secret: str) -> dict[str, Any]:
    """The event in a request. `body` is exactly what arrived, and `secret` is the app's
    webhook_secret. Raises ValueError if Sixpost did not send it, or some time ago."""
    event_id, sent_at = headers["webhook-id"], headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{sent_at}.".encode() + body
    right = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    # While the secret is rotated, there are two.
    given = [signature.partition(",")[2] for signature in headers["webhook-signature"].split()]
    if not any(hmac.compare_digest(right, one) for one in given):
        raise ValueError("the signature is wrong")
    if abs(time.time() - int(sent_at)) > TOLERANCE_SECONDS:
        raise ValueError("the event is too old")
    event: dict[str, Any] = json.loads(body)
    return event
