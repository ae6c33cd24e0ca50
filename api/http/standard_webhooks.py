"""Requests that are signed by Standard Webhooks 1.0.0."""

import hmac
from collections.abc import Iterable

from flask import Request

from api.http import body
from shared import signatures
from shared.errors import Unauthorized


def signed_by(request: Request, keys: Iterable[bytes]) -> bytes:
    """The one of these keys that signed the request in the last five minutes. Raises Unauthorized
    if none of them did."""
    message_id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    # There are several while a secret is changed. Supabase also puts commas between them.
    given = [one.rstrip(",") for one in request.headers.get("webhook-signature", "").split()]
    content = body.content(request)
    right = [
        key
        for key in keys
        if is_one_of(given, signatures.standard_webhook(key, message_id, timestamp, content))
    ]
    if not right or not message_id or not signatures.is_recent(timestamp):
        raise Unauthorized
    return right[0]


def is_one_of(given: Iterable[str], signature: str) -> bool:
    """Whether a request has the right signature among those that it was given."""
    # All are compared, so that the time does not depend on which one is right.
    right = [hmac.compare_digest(signature.encode(), one.encode()) for one in given]
    return any(right)
