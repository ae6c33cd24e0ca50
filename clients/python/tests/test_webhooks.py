"""Signed events, and what is not one."""

import base64
import hmac
import json
import time

import pytest

import sixpost as package
from sixpost import verify_webhook

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
EVENT = {"type": "send.accepted", "timestamp": "2026-11-29T10:15:30.123Z", "data": {"revision": 2}}
BODY = json.dumps(EVENT).encode()


def signed(body: bytes = BODY, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    sent_at = str(int(time.time()) - age)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"msg_1.{sent_at}.".encode() + body, "sha256")
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": sent_at,
        "Webhook-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def test_an_event_is_read():
    event = verify_webhook(BODY, signed(), SECRET)
    assert event == EVENT


def test_one_of_several_secrets_and_signatures_is_enough():
    headers = signed()
    headers["Webhook-Signature"] = f"v1a,abc v1,AAAA {headers['Webhook-Signature']}"
    for secrets in (f"{OTHER} {SECRET}", [OTHER, SECRET], (SECRET,)):
        assert verify_webhook(BODY, headers, secrets) == EVENT


def test_the_signature_is_that_of_the_standard():
    # https://github.com/standard-webhooks/standard-webhooks, "Signature scheme"; too old by now.
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with pytest.raises(package.InvalidWebhook, match="old"):
        verify_webhook(b'{"test": 2432232314}', headers, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@pytest.mark.parametrize("age", [301, -302])
def test_an_event_of_another_time_is_refused(age):
    with pytest.raises(package.InvalidWebhook):
        verify_webhook(BODY, signed(age=age), SECRET)
    assert verify_webhook(BODY, signed(age=298), SECRET)


def test_what_was_not_signed_is_refused():
    for body, headers in (
        (BODY + b" ", signed()),
        (BODY, signed(secret=OTHER)),
        (BODY, {}),
        (BODY, signed() | {"Webhook-Id": "msg_2"}),
        (BODY, signed() | {"Webhook-Timestamp": str(int(time.time()) - 1)}),
        (BODY, signed() | {"Webhook-Signature": "v1,é"}),
        (BODY, signed() | {"Webhook-Signature": ""}),
    ):
        with pytest.raises(package.InvalidWebhook):
            verify_webhook(body, headers, SECRET)


def test_a_secret_that_would_let_strangers_sign_is_refused():
    for secret in ("", "whsec_", "whsec_c2hvcnQ=", "whsec_@@@@"):
        with pytest.raises(ValueError, match=r"secrets|base64"):
            verify_webhook(BODY, signed(), secret)
