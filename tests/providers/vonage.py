"""Vonage's POST /v1/messages as its API reference and its SDK describe it."""

import base64
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from worker.senders.conformance.servers import Reply, Request

APPLICATION = "78d335fa-323d-0114-9c3d-d6f0d48968cf"
MESSAGE_ID = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
ACCOUNT = "abcd1234:hunter22"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
# As in the URL of a sender.
PRIVATE_KEY = (
    base64.b64encode(KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    .decode()
    .replace("/", "%2F")
    .replace("+", "%2B")
)
FIELDS = {
    "channel",
    "message_type",
    "to",
    "from",
    "text",
    "ttl",
    "client_ref",
    "webhook_url",
    "webhook_version",
    "sms",
}
SMS_FIELDS = {"encoding_type", "entity_id", "content_id", "pool_id"}


def refusal(status: int, code: str | int) -> Reply:
    page = "messages" if isinstance(code, int) else ""
    problem = {
        "type": f"https://developer.vonage.com/api-errors/{page}#{code}",
        "title": str(code),
        "detail": "Said at length.",
        "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
    }
    return Reply(
        status=status,
        headers={"Content-Type": "application/problem+json"},
        body=json.dumps(problem).encode(),
    )


def accepted() -> dict[str, str]:
    return {"message_uuid": MESSAGE_ID}


@dataclass
class Vonage:
    taken: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", "/v1/messages"):
            return refusal(404, "not-found")
        if not self._knows(request.headers.get("Authorization", "")):
            return refusal(401, "unauthorized")
        message = json.loads(request.body)
        if (
            request.headers.get("Content-Type") != "application/json"
            or message.keys() - FIELDS
            or message.get("sms", {}).keys() - SMS_FIELDS
            or (message["channel"], message["message_type"]) != ("sms", "text")
            or not re.fullmatch("[1-9][0-9]{6,14}", message["to"])
            or message["from"].startswith("+")
            or not 0 < len(message["text"]) <= 3200
            or not 20 <= message["ttl"] <= 604_800
            or len(message["client_ref"]) > 100
            or message.get("webhook_version", "v1") != "v1"
        ):
            return refusal(422, "invalid-params")
        self.taken.append(message)
        return Reply(status=202, body=json.dumps(accepted()).encode())

    def _knows(self, authorization: str) -> bool:
        scheme, _, credentials = authorization.partition(" ")
        if scheme == "Basic":
            return base64.b64decode(credentials).decode() == ACCOUNT
        try:
            claims = jwt.decode(credentials, KEY.public_key(), algorithms=["RS256"])
        except jwt.PyJWTError:
            return False
        self.tokens.append(claims)
        return claims["application_id"] == APPLICATION and claims["iat"] <= time.time() + 1
