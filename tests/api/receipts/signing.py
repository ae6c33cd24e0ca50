"""Receipts of every provider, signed as each documents it. A new provider is one more entry."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import signatures
from shared.policy import Channel
from tests.api.receipts.reports import ACCOUNT, KEY, SECRET, SID
from tests.providers import sns

PUBLIC_URL = "https://otp.example.com"


@dataclass(frozen=True)
class About:
    """The attempt that a receipt is about."""

    verification_id: str
    send: int
    attempt: int

    @property
    def query(self) -> str:
        return f"send={self.verification_id}-{self.send}&attempt={self.attempt}"

    def __str__(self) -> str:
        return f"{self.verification_id}-{self.send}-{self.attempt}"


@dataclass(frozen=True)
class Post:
    path: str
    body: bytes
    headers: dict[str, str] = field(repr=False)

    def with_body(self, before: str, after: str) -> "Post":
        changed = replace(self, body=self.body.replace(before.encode(), after.encode()))
        assert changed.body != self.body
        return changed

    def to(self, client):
        return client.post(self.path, data=self.body, headers=self.headers)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """`sign(status, about, key, age)` signs a receipt with the secret in `sender`, or another one.
    `says` has the provider's words for our outcomes. `thanks` is the answer that it expects.
    With `names_message`, it has one address for all messages. A signature in the address does not
    cover the body."""

    sender: str
    channel: Channel
    key: bytes
    sign: Callable[[str, About, bytes, float], Post]
    says: dict[str, str]
    signs_time: bool
    thanks: int = 204
    names_message: bool = False
    signature_in: Literal["headers", "body", "address"] = "headers"


def _twilio(status: str, about: About, key: bytes, _age: float) -> Post:
    path = f"/receipts/twilio?{about.query}"
    form = {"MessageSid": SID, "MessageStatus": status}
    signed = signatures.twilio(key.decode(), PUBLIC_URL + path, form.items())
    kind = "application/x-www-form-urlencoded"
    headers = {"Content-Type": kind, "X-Twilio-Signature": signed}
    return Post(path, urlencode(form).encode(), headers)


def _webhook(status: str, about: About, key: bytes, age: float) -> Post:
    body = json.dumps({"status": status}).encode()
    timestamp = str(int(time.time() - age))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": "msg-1",
        "webhook-timestamp": timestamp,
        "webhook-signature": signatures.standard_webhook(key, "msg-1", timestamp, body),
    }
    return Post(f"/receipts/webhook?{about.query}", body, headers)


def _smsgate(status: str, about: About, key: bytes, age: float) -> Post:
    message_id = f"{about.verification_id.removeprefix('VE')}-{about.send}"
    payload = {"messageId": message_id, "phoneNumber": "+14155550123", "simNumber": 1}
    told = {"event": status, "deviceId": "d1", "id": "e1", "webhookId": "w1", "payload": payload}
    body = json.dumps(told).encode()
    timestamp = str(int(time.time() - age))
    signed = hmac.new(key, body + timestamp.encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Signature": signed,
        "X-Timestamp": timestamp,
    }
    return Post("/receipts/smsgate", body, headers)


def _telegram(status: str, about: About, key: bytes, age: float) -> Post:
    now = int(time.time())
    told = {
        "request_id": "103511133102001",
        "phone_number": "+14155550123",
        "request_cost": 0.01,
        "delivery_status": {"status": status, "updated_at": now},
        "payload": str(about),
    }
    body = json.dumps(told).encode()
    timestamp = str(int(now - age))
    secret = hashlib.sha256(key).digest()
    signed = hmac.new(secret, timestamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Request-Timestamp": timestamp,
        "X-Request-Signature": signed,
    }
    return Post(f"/receipts/telegram?{about.query}", body, headers)


def _whatsapp(status: str, about: About, key: bytes, _age: float) -> Post:
    told: dict[str, object] = {
        "id": "wamid.HBgLMTQxNTU1NTAxMjMVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA",
        "status": status,
        "timestamp": "1795902083",
        "recipient_id": "14155550123",
        "biz_opaque_callback_data": str(about),
        "pricing": {"billable": True, "pricing_model": "PMP", "category": "authentication"},
    }
    if status == "failed":
        told["errors"] = [{"code": 131026, "title": "Message undeliverable"}]
    return whatsapp_post([told], key)


def whatsapp_post(statuses: list[object], key: bytes, **value: object) -> Post:
    """Meta's webhook with these statuses."""
    metadata = {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}
    change = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": statuses, **value}
    entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": change}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signed = hmac.new(key, body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signed}"}
    return Post("/receipts/whatsapp", body, headers)


def _telnyx(status: str, about: About, key: bytes, age: float) -> Post:
    path = f"/receipts/telnyx?{about.query}"
    payload = {
        "id": "40385f64-5717-4562-b3fc-2c963f66afa6",
        "to": [{"phone_number": "+14155550123", "status": status}],
        "webhook_url": PUBLIC_URL + path,
        "errors": [],
    }
    data = {"event_type": "message.finalized", "payload": payload}
    body = json.dumps({"data": data}).encode()
    timestamp = str(int(time.time() - age))
    private_key = Ed25519PrivateKey.from_private_bytes(key)
    signature = private_key.sign(timestamp.encode() + b"|" + body)
    headers = {
        "Content-Type": "application/json",
        "telnyx-timestamp": timestamp,
        "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
    }
    return Post(path, body, headers)


def _vonage(status: str, about: About, key: bytes, age: float) -> Post:
    message = {
        "message_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        "to": "14155550123",
        "channel": "sms",
        "status": status,
        "client_ref": str(about),
    }
    body = json.dumps(message).encode()
    claims = {
        "iss": "Vonage",
        "iat": int(time.time() - age),
        "payload_hash": hashlib.sha256(body).hexdigest(),
    }
    token = jwt.encode(claims, key, algorithm="HS256")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return Post(f"/receipts/vonage?{about.query}", body, headers)


def _infobip(status: str, about: About, key: bytes, _age: float) -> Post:
    token = signatures.infobip_token(key.decode(), str(about))
    group = {"PENDING_ENROUTE": 1, "DELIVERED_TO_HANDSET": 3, "REJECTED_NETWORK": 5}[status]
    said = {
        "messageId": f"{about.verification_id}-{about.send}",
        "status": {"groupId": group, "name": status},
    }
    body = json.dumps({"results": [said]}).encode()
    path = f"/receipts/infobip?{about.query}&token={token}"
    return Post(path, body, {"Content-Type": "application/json"})


def _aws(status: str, about: About, key: bytes, _age: float) -> Post:
    said = sns.message(Message=sns.event(status, str(about)))
    body = sns.signed(said, sns.KEY if key == _AWS_KEY else sns.OTHER_KEY)
    return Post("/receipts/aws", body, {"Content-Type": "text/plain; charset=UTF-8"})


_AWS_KEY = b"the key of SNS, which has a certificate"
_TELNYX_KEY = b"k" * 32
_TELNYX_PUBLIC_KEY = base64.b64encode(
    Ed25519PrivateKey.from_private_bytes(_TELNYX_KEY).public_key().public_bytes_raw()
).decode()

PROVIDERS = {
    "infobip": Provider(
        sender="infobip://0123456789abcdef@xyz12?from=Example",
        channel="sms",
        key=b"0123456789abcdef",
        sign=_infobip,
        says={
            "accepted": "PENDING_ENROUTE",
            "delivered": "DELIVERED_TO_HANDSET",
            "undelivered": "REJECTED_NETWORK",
        },
        signs_time=False,
        signature_in="address",
    ),
    # The time may differ by an hour: see test_aws.py.
    "aws": Provider(
        sender="aws://AKIAIOSFODNN7EXAMPLE:s3cret@eu-west-1?configuration_set=otp"
        f"&topic={sns.TOPIC}",
        channel="sms",
        key=_AWS_KEY,
        sign=_aws,
        says={"accepted": "PENDING", "delivered": "DELIVERED", "undelivered": "BLOCKED"},
        signs_time=False,
        thanks=200,
        names_message=True,
        signature_in="body",
    ),
    "telnyx": Provider(
        sender="telnyx://KEY@+15005550006?public_key=" + _TELNYX_PUBLIC_KEY.replace("/", "%2F"),
        channel="sms",
        key=_TELNYX_KEY,
        sign=_telnyx,
        says={"accepted": "sent", "delivered": "delivered", "undelivered": "delivery_failed"},
        signs_time=True,
        thanks=204,
    ),
    "vonage": Provider(
        sender="vonage://abcd1234:t@Example?signature_secret=a-signature-secret-of-32-letters",
        channel="sms",
        key=b"a-signature-secret-of-32-letters",
        sign=_vonage,
        says={"accepted": "submitted", "delivered": "delivered", "undelivered": "rejected"},
        signs_time=True,
        thanks=200,
        names_message=True,
    ),
    "twilio": Provider(
        sender=f"twilio://{ACCOUNT}:token@+15005550006",
        channel="sms",
        key=b"token",
        sign=_twilio,
        says={"accepted": "sent", "delivered": "delivered", "undelivered": "failed"},
        signs_time=False,
    ),
    "smsgate": Provider(
        sender="smsgate://otp:pass@192.168.1.10:8080/message?tls=none&signing_key=s1gn",
        channel="sms",
        key=b"s1gn",
        sign=_smsgate,
        says={
            "accepted": "sms:sent",
            "delivered": "sms:delivered",
            "undelivered": "sms:failed",
        },
        signs_time=True,
        names_message=True,
    ),
    "telegram": Provider(
        sender="telegram://AAHtoken@gateway",
        channel="telegram",
        key=b"AAHtoken",
        sign=_telegram,
        says={"accepted": "sent", "delivered": "delivered", "undelivered": "expired"},
        signs_time=True,
        thanks=200,
        names_message=True,
    ),
    "webhook": Provider(
        sender=f"webhook://{SECRET}@gateway",
        channel="sms",
        key=KEY,
        sign=_webhook,
        says={word: word for word in ("accepted", "delivered", "undelivered")},
        signs_time=True,
    ),
    "whatsapp": Provider(
        sender="whatsapp://t@106540352242922?template=code&app_secret=5ecret&verify_token=w0rd",
        channel="whatsapp",
        key=b"5ecret",
        sign=_whatsapp,
        says={"accepted": "sent", "delivered": "delivered", "undelivered": "failed"},
        signs_time=False,
        thanks=200,
        names_message=True,
    ),
}
