"""Receipts from Vonage: what each status means, and which signatures count."""

import base64
import hmac
import json
import time
from hashlib import sha256

import jwt
import pytest

from tests.api.receipts.reports import ID, client_for, settings_of

MESSAGE_ID = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
PATH = f"/receipts/vonage?send={ID}-2&attempt=3"
SECRET = "a signature secret of 32 letters"
ERRORS = "https://developer.vonage.com/api-errors/messages"


@pytest.fixture
def env(env):
    sender = f"vonage://abcd1234:hunter22@Example?signature_secret={SECRET.replace(' ', '%20')}"
    return {**env, "OTP_SMS_SENDERS": f"{sender} console://"}


def status(status: str = "delivered", attempt: str | None = f"{ID}-2-3", **more) -> bytes:
    """In the form of the API reference's webhook "Message status"."""
    content = {
        "message_uuid": MESSAGE_ID,
        "to": "14155550123",
        "from": "Example",
        "timestamp": "2026-11-28T14:00:00.000Z",
        "status": status,
        "channel": "sms",
        "usage": {"currency": "EUR", "price": "0.0333"},
        "sms": {"count_total": "1"},
        **more,
    }
    return json.dumps(content | ({"client_ref": attempt} if attempt else {})).encode()


def error(kind: str) -> dict[str, str]:
    return {"type": kind, "title": "1050", "detail": "Said at length.", "instance": "bf0ca0bf"}


def token(content: bytes, secret: str = SECRET, age: int = 0, **claims) -> str:
    now = int(time.time() - age)
    claims = {
        "iss": "Vonage",
        "iat": now,
        "jti": "1b3f",
        "api_key": "abcd1234",
        "payload_hash": sha256(content).hexdigest(),
        **claims,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def post(client, content=None, authorization=None, path=PATH, **signing):
    content = content or status()
    return client.post(
        path,
        data=content,
        content_type="application/json",
        headers={"Authorization": authorization or f"Bearer {token(content, **signing)}"},
    )


@pytest.mark.parametrize(
    ("content", "outcome", "reason"),
    [
        (status("delivered"), "delivered", None),
        (status("read"), "delivered", None),
        (status("submitted"), "accepted", None),
        (status("some_new_one"), "accepted", None),
        (status("rejected", error=error(f"{ERRORS}#1050")), "undelivered", "vonage_1050"),
        (status("undeliverable", error=error(f"{ERRORS}#6")), "undelivered", "vonage_6"),
        (status("rejected", error=error(f"{ERRORS}#739158")), "undelivered", "vonage_rejected"),
        (status("undeliverable"), "undelivered", "vonage_undeliverable"),
    ],
)
def test_records_what_vonage_says(client, recorder, content, outcome, reason):
    assert post(client, content).status_code == 200
    assert recorder.recorded == [(ID, 2, 3, outcome, reason, MESSAGE_ID)]


@pytest.mark.parametrize("age", [-299, 299])
def test_takes_a_receipt_of_some_minutes(client, age):
    assert post(client, age=age).status_code == 200


def unsigned() -> str:
    claims = {"iat": int(time.time()), "payload_hash": sha256(status()).hexdigest()}
    return "Bearer " + jwt.encode(claims, "", algorithm="none")


def of_another_algorithm() -> str:
    """Signed as it should be, but the token says otherwise."""
    right = json.loads(base64.urlsafe_b64decode(token(status()).split(".")[1] + "=="))
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, right)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.digest(SECRET.encode(), signed, "sha256")
    encoded = base64.urlsafe_b64encode(signature).rstrip(b"=")
    return f"Bearer {signed.decode()}.{encoded.decode()}"


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another signature secret, wrong one"},
        {"age": 305},
        {"age": -305},
        {"iat": None},
        {"payload_hash": sha256(status("rejected")).hexdigest()},
        {"payload_hash": None},
    ],
    ids=str,
)
def test_refuses_a_receipt_that_vonage_has_not_just_signed(client, recorder, forged):
    response = post(client, **forged)
    assert (response.status_code, response.json["code"]) == (401, "unauthorized")
    assert recorder.recorded == []


@pytest.mark.parametrize(
    "authorization",
    [
        unsigned,
        of_another_algorithm,
        lambda: f"Basic {token(status())}",
        lambda: "Bearer nonsense",
        lambda: "Bearer a.b.c",
    ],
    ids=["unsigned", "another algorithm", "Basic", "no token", "no JSON"],
)
def test_refuses_a_token_that_is_none_of_vonages(client, recorder, authorization):
    assert post(client, authorization=authorization()).status_code == 401
    assert recorder.recorded == []


def test_refuses_a_changed_receipt(client, recorder):
    signed = f"Bearer {token(status('submitted'))}"
    assert post(client, status("delivered"), signed).status_code == 401
    assert recorder.recorded == []


@pytest.mark.parametrize("path", [PATH, PATH.replace("attempt=3", "attempt=4"), "/receipts/vonage"])
def test_a_replayed_receipt_is_about_the_attempt_that_is_signed(client, recorder, path):
    content = status()
    signed = f"Bearer {token(content)}"
    for _ in range(2):
        assert post(client, content, signed, path).status_code == 200
    assert recorder.recorded == 2 * [(ID, 2, 3, "delivered", None, MESSAGE_ID)]


def test_a_receipt_for_a_message_of_another_program_is_taken_and_ignored(client, recorder):
    assert post(client, status(attempt="order-17")).status_code == 200
    assert recorder.recorded == []


def test_knows_no_receipts_without_the_secret(recorder, env):
    env = {**env, "OTP_SMS_SENDERS": "vonage://abcd1234:hunter22@Example"}
    assert post(client_for(recorder, settings_of(env))).status_code == 404


@pytest.mark.parametrize("content", [b"{}", status(attempt=None), status("the code is 739158")])
def test_refuses_what_is_not_a_receipt(client, recorder, content):
    response = post(client, content)
    assert response.status_code == 422
    assert "739158" not in response.text
    assert recorder.recorded == []
