"""Telnyx's POST /v2/messages as its API reference and its page on idempotency describe it."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from worker.senders.conformance.servers import Reply, Request

KEY = "KEY0123456789ABCDEF_hunter22"
MESSAGE_ID = "40385f64-5717-4562-b3fc-2c963f66afa6"
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
FIELDS = {"from", "to", "text", "messaging_profile_id", "webhook_url", "use_profile_webhooks"}


def refusal(status: int, code: int | str, title: str = "Refused") -> Reply:
    error = {"code": str(code), "title": title, "detail": "Said at length.", "meta": {}}
    return _json(status, {"errors": [error]})


def accepted(message_id: str = MESSAGE_ID) -> dict[str, Any]:
    return {"data": {"record_type": "message", "direction": "outbound", "id": message_id}}


@dataclass
class Telnyx:
    """Takes messages as documented, or refuses them with the errors that are documented."""

    taken: list[dict[str, Any]] = field(default_factory=list)
    _bodies: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", "/v2/messages"):
            return refusal(404, 10005, "Resource not found")
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return refusal(401, 10009, "Authentication failed")
        key = request.headers.get("Idempotency-Key", "")
        if not re.fullmatch("[A-Za-z0-9_:-]{1,255}", key):
            return refusal(400, 10015, "Bad Request")
        if self._bodies.get(key, request.body) != request.body:
            return _json(422, {"errors": [{"code": "10999", "title": "Key used before"}]})
        return self._take(request, key)

    def _take(self, request: Request, key: str) -> Reply:
        message = json.loads(request.body)
        if request.headers.get("Content-Type") != "application/json" or message.keys() - FIELDS:
            return refusal(400, 10015, "Bad Request")
        if not re.fullmatch(r"\+[1-9][0-9]{6,14}", message["to"]):
            return refusal(400, 10016, "Phone number must be in +E.164 format")
        if "messaging_profile_id" not in message and not message.get("from", "").startswith("+"):
            return refusal(400, 40305, "Invalid 'from' address")
        if not message["text"]:
            return refusal(422, 40316, "No content provided")
        if key not in self._bodies:
            self._bodies[key] = request.body
            self.taken.append(message)
        return _json(200, accepted())


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(
        status=status,
        headers={"Content-Type": "application/json"},
        body=json.dumps(body).encode(),
    )
