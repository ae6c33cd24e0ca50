"""Requests that a caller may repeat with the same `Idempotency-Key`."""

import json
import re

from flask import Request
from pydantic import BaseModel

from shared.errors import InvalidRequest
from shared.verification.model import Idempotency


def of(request: Request, asked: BaseModel) -> Idempotency | None:
    """Returns None without the header. Raises InvalidRequest for a key that is not 1 to 255
    printable ASCII characters."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not re.fullmatch("[ -~]{1,255}", key):
        raise InvalidRequest(("Idempotency-Key", "expected 1 to 255 printable ASCII characters"))
    return Idempotency(keys=(key,), request=json.dumps(asked.model_dump(), sort_keys=True))
