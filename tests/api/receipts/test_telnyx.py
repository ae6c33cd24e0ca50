"""Receipts from Telnyx: what each status means, and which signatures count."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.api.receipts.reports import ID, client_for, settings_of

MESSAGE_ID = "40385f64-5717-4562-b3fc-2c963f66afa6"
PATH = f"/receipts/telnyx?send={ID}-2&attempt=3"
URL = f"https://otp.example.com{PATH}"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()


@pytest.fixture
def env(env):
    sender = f"telnyx://KEY@+15005550006?public_key={PUBLIC_KEY.replace('/', '%2F')}"
    return {**env, "OTP_SMS_SENDERS": f"{sender} console://"}


def event(status: str = "delivered", errors: list[str] | None = None, url: str = URL) -> bytes:
    """In the form of the API reference's callback "Delivery update"."""
    payload = {
        "record_type": "message",
        "direction": "outbound",
        "id": MESSAGE_ID,
        "from": {"phone_number": "+15005550006", "carrier": "TELNYX LLC", "line_type": "VoIP"},
        "to": [{"phone_number": "+14155550123", "status": status, "line_type": "Wireless"}],
        "text": "739158 is your Test code.",
        "webhook_url": url,
        "cost": {"amount": "0.0051", "currency": "USD"},
        "errors": [{"code": code, "title": "Said at length"} for code in errors or ()],
    }
    data = {"record_type": "event", "event_type": "message.finalized", "payload": payload}
    return json.dumps({"data": data, "meta": {"attempt": 1, "delivered_to": url}}).encode()


def post(client, content=None, *, path=PATH, key=KEY, age=0, signed=None, signature=None):
    content = content or event()
    timestamp = str(int(time.time() - age))
    right = key.sign(f"{timestamp}|".encode() + (signed or content))
    return client.post(
        path,
        data=content,
        content_type="application/json",
        headers={
            "telnyx-timestamp": timestamp,
            "telnyx-signature-ed25519": signature or base64.b64encode(right).decode(),
        },
    )


@pytest.mark.parametrize(
    ("content", "outcome", "error"),
    [
        (event("delivered"), "delivered", None),
        (event("sent"), "accepted", None),
        (event("delivery_unconfirmed"), "accepted", None),
        (event("some_new_one"), "accepted", None),
        (event("delivery_failed", ["40001"]), "undelivered", "telnyx_40001"),
        (event("delivery_failed", ["40002", "40011"]), "undelivered", "telnyx_40002"),
        (event("sending_failed", ["40300"]), "undelivered", "telnyx_40300"),
        (event("expired"), "undelivered", "telnyx_expired"),
        (event("delivery_failed", ["739158"]), "undelivered", "telnyx_delivery_failed"),
        (event("delivered", ["40008"]), "delivered", None),
    ],
)
def test_records_what_telnyx_says(client, recorder, content, outcome, error):
    assert post(client, content).status_code == 204
    assert recorder.recorded == [(ID, 2, 3, outcome, error, MESSAGE_ID)]


@pytest.mark.parametrize("age", [-299, 299])
def test_takes_a_receipt_of_some_minutes(client, age):
    assert post(client, age=age).status_code == 204


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param({"key": OTHER_KEY}, id="another key"),
        {"age": 305},
        {"age": -305},
        {"signed": event("sent")},
        {"signature": "nönsense"},
        {"signature": "AAAA"},
        {"path": PATH.replace("-2&", "-1&")},
        {"path": PATH.replace("attempt=3", "attempt=4")},
        {"content": event(url=URL.replace("otp.", "evil."))},
    ],
    ids=str,
)
def test_refuses_a_receipt_that_telnyx_has_not_just_signed_for_this_attempt(
    client, recorder, forged
):
    response = post(client, **forged)
    assert (response.status_code, response.json["code"]) == (401, "unauthorized")
    assert recorder.recorded == []


def test_a_repeated_receipt_says_the_same_of_the_same_attempt(client, recorder):
    content, timestamp = event(), str(int(time.time()))
    headers = {
        "telnyx-timestamp": timestamp,
        "telnyx-signature-ed25519": base64.b64encode(
            KEY.sign(timestamp.encode() + b"|" + content)
        ).decode(),
    }
    for _ in range(2):
        client.post(PATH, data=content, content_type="application/json", headers=headers)
    assert recorder.recorded == 2 * [(ID, 2, 3, "delivered", None, MESSAGE_ID)]


def test_knows_no_receipts_without_the_public_key(recorder, env):
    env = {**env, "OTP_SMS_SENDERS": "telnyx://KEY@+15005550006"}
    assert post(client_for(recorder, settings_of(env))).status_code == 404


@pytest.mark.parametrize(
    "content", [b"{}", b"[]", b'{"data": {"payload": {}}}', event("the code is 739158")]
)
def test_refuses_what_is_not_a_receipt(client, recorder, content):
    response = post(client, content)
    assert response.status_code in (400, 422)
    assert "739158" not in response.text
    assert recorder.recorded == []
