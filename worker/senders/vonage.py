"""vonage:// sends SMS through the Messages API of Vonage.

vonage://APPLICATION_ID@+15005550006?private_key=MIIEv…   as an application
vonage://API_KEY:API_SECRET@Example                       as the account

?private_key=…        the lines between BEGIN and END of the application's private key, joined
?signature_secret=…   the account's, which receipts are signed with: there are none without it
?api=…                another region, or a test server

The errors are those of https://developer.vonage.com/en/api-errors and its pages for the Messages
API and for SMS.
"""

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from shared.senders.vonage import VonageSetup
from worker.senders.base import DeliveryError, Message
from worker.senders.http_post import Answer, Poster

# What Vonage allows.
_SHORTEST_LIFE_SECONDS = 20
_TOKEN_SECONDS = 15 * 60
# Not a number, or one that is barred. First the codes of the Messages API, then those of SMS.
_INVALID_RECIPIENT = {"1040", "1050", "1170", "6", "7", "34"}
# Throttled, an internal error, a failed connection.
_BUSY = {"1000", "1030", "1100", "throttled", "1", "5"}


@dataclass(frozen=True, kw_only=True)
class VonageSender(VonageSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> str:
        headers = {"Accept": "application/json"}
        if self.private_key:
            token = _token(self.application, self.private_key)
            headers["Authorization"] = f"Bearer {token}"
        answer = self._poster.post_json(
            f"{self.api}/v1/messages", self._content(message), headers, self.auth
        )
        message_id = str(answer.json.get("message_uuid"))
        if answer.status // 100 == 2 and re.fullmatch("[0-9a-f-]{36}", message_id):
            return message_id
        raise _failure(answer)

    def try_credentials(self) -> bool:
        """No call takes an application's token and only reads. Accounts can list their secrets'
        ids."""
        if self.auth is None:
            return False
        account = quote(self.auth[0], safe="")
        answer = self._poster.get(f"{self.api}/accounts/{account}/secrets", {}, self.auth)
        if answer.status // 100 != 2:
            raise _failure(answer)
        return True

    def _content(self, message: Message) -> dict[str, object]:
        content: dict[str, object] = {
            "channel": "sms",
            "message_type": "text",
            "to": message.to.removeprefix("+"),
            "from": (message.from_number or self.from_number).removeprefix("+"),
            "text": message.text,
            "ttl": max(message.expires_in, _SHORTEST_LIFE_SECONDS),
            # Receipts repeat it.
            "client_ref": message.attempt,
        }
        if message.dlt_entity:
            content["sms"] = {"entity_id": message.dlt_entity, "content_id": message.dlt_template}
        if message.receipt_url and self.signature_secret:
            content |= {"webhook_url": message.receipt_url, "webhook_version": "v1"}
        return content


def _token(application: str, key: RSAPrivateKey) -> str:
    """A JWT (RFC 7519) for one request."""
    now = int(time.time())
    claims = {
        "application_id": application,
        "iat": now,
        "exp": now + _TOKEN_SECONDS,
        "jti": str(uuid4()),
    }
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_base64url(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _part(content: Mapping[str, object]) -> str:
    return _base64url(json.dumps(content).encode())


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _failure(answer: Answer) -> DeliveryError:
    """Vonage names an error by the fragment of its type (RFC 9457)."""
    code = re.fullmatch("[^#]+#([0-9]{1,4}|[a-z][a-z-]{0,39})", str(answer.json.get("type")))
    if not code:
        return DeliveryError(answer.failure, f"vonage_http_{answer.status}")
    error = f"vonage_{code[1].replace('-', '_')}"
    if code[1] in _INVALID_RECIPIENT:
        return DeliveryError("invalid_recipient", error)
    if code[1] in _BUSY or answer.status in (429, 503):
        return DeliveryError("transient", error)
    return DeliveryError("unknown" if answer.status >= 500 else "refused", error)
