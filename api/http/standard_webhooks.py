"""Requests that are signed by Standard Webhooks 1.0.0."""

import hmac
from collections.abc import Collection, Iterable, Mapping

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
    if not message_id:
        raise Unauthorized
    made = {key: signatures.standard_webhook(key, message_id, timestamp, content) for key in keys}
    return key_of(given, made, timestamp)


def key_of(given: Collection[str], made: Mapping[bytes, str], timestamp: str) -> bytes:
    """The key whose signature, of those made with each, is one of the given ones. Raises
    Unauthorized if there is none, or if the signed time is not now."""
    right = [key for key, signature in made.items() if _is_one_of(given, signature)]
    if not right or not signatures.is_recent(timestamp):
        raise Unauthorized
    return right[0]


def _is_one_of(given: Iterable[str], signature: str) -> bool:
    # All are compared, so that the time does not depend on which one is right.
    right = [hmac.compare_digest(signature.encode(), one.encode()) for one in given]
    return any(right)
