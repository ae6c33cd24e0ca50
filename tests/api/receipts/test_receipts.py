"""POST /receipts/{sender}: who may report what of a message."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from api import receipts
from api.http import problems
from shared import signatures
from shared.errors import StorageUnavailable, VerificationNotFound
from shared.settings import Settings, SettingsError

ID = "VE0123456789abcdef0123456789abcdef"
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
SID = "SM0123456789abcdef0123456789abcdef"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER_KEY = b"k" * 32
OTHER_SECRET = "whsec_" + base64.b64encode(OTHER_KEY).decode()
TWILIO_PATH = f"/receipts/twilio?send={ID}-2&attempt=3"
WEBHOOK_PATH = f"/receipts/webhook?send={ID}-2&attempt=3"


@dataclass
class FakeService:
    """Records receipts, or raises what it is told to."""

    recorded: list[tuple[Any, ...]] = field(default_factory=list)
    believed: list[tuple[str, str]] = field(default_factory=list)
    error: Exception | None = None

    def record_receipt(
        self, verification_id, send, attempt, *, senders, outcome, error, provider_id
    ):
        if self.error:
            raise self.error
        self.believed = senders
        self.recorded.append((verification_id, send, attempt, outcome, error, provider_id))


@pytest.fixture
def env() -> dict[str, str]:
    return {
        "OTP_PUBLIC_URL": "https://otp.example.com",
        "OTP_SMS_SENDERS": f"twilio://{ACCOUNT}:token@+15005550006 console://",
        "OTP_WHATSAPP_SENDERS": f"twilio://{ACCOUNT}:other@+15005550006",
        "OTP_CALL_SENDERS": f"twilio://SK{ACCOUNT[2:]}:s@+15005550006?account={ACCOUNT}",
        "OTP_EMAIL_SENDERS": f"webhook://{SECRET}@gateway",
    }


@pytest.fixture
def service() -> FakeService:
    return FakeService()


def client_for(service: Any, settings: Settings):
    app = Flask(__name__)
    app.register_blueprint(receipts.endpoints(service, settings))
    problems.register(app, lambda problem, error: "a page")
    return app.test_client()


@pytest.fixture
def client(service, settings):
    return client_for(service, settings)


def twilio(
    client, path=TWILIO_PATH, token="token", url=None, signature: str | None = None, **fields
):
    form = {"MessageSid": SID, "MessageStatus": "delivered", **fields}
    form = {name: value for name, value in form.items() if value is not None}
    signed = signatures.twilio(token, url or f"https://otp.example.com{path}", form.items())
    return client.post(
        path,
        data=urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signed if signature is None else signature},
    )


def webhook(client, path=WEBHOOK_PATH, key=KEY, age=0, signature: str | None = None, **body):
    content = json.dumps({"status": "delivered", **body}).encode()
    timestamp = str(int(time.time() - age))
    signed = signatures.standard_webhook(key, "msg-1", timestamp, content)
    return client.post(
        path,
        data=content,
        content_type="application/json",
        headers={
            "webhook-id": "msg-1",
            "webhook-timestamp": timestamp,
            "webhook-signature": signed if signature is None else signature,
        },
    )


@pytest.mark.parametrize(
    ("fields", "recorded"),
    [
        ({"MessageStatus": "delivered"}, ("delivered", None, SID)),
        ({"MessageStatus": "read"}, ("delivered", None, SID)),
        ({"MessageStatus": "sent"}, ("accepted", None, SID)),
        ({"MessageStatus": "queued"}, ("accepted", None, SID)),
        ({"MessageStatus": "some-new-one"}, ("accepted", None, SID)),
        (
            {"MessageStatus": "undelivered", "ErrorCode": "30003"},
            ("undelivered", "twilio_30003", SID),
        ),
        ({"MessageStatus": "failed", "ErrorCode": "30008"}, ("undelivered", "twilio_30008", SID)),
        ({"MessageStatus": "failed"}, ("undelivered", "twilio_failed", SID)),
        ({"MessageStatus": "failed", "ErrorCode": "739158"}, ("undelivered", "twilio_failed", SID)),
        ({"MessageStatus": "canceled"}, ("undelivered", "twilio_canceled", SID)),
        ({"MessageStatus": "delivered", "ErrorCode": "30008"}, ("delivered", None, SID)),
        ({"MessageStatus": "sent", "MessageSid": "739158"}, ("accepted", None, None)),
        ({"MessageStatus": "sent", "MessageSid": None}, ("accepted", None, None)),
    ],
)
def test_records_what_twilio_says_of_a_message(client, service, fields, recorded):
    response = twilio(client, To="+14155550123", **fields)
    assert response.status_code == 204
    assert response.data == b""
    assert service.recorded == [(ID, 2, 3, *recorded)]


@pytest.mark.parametrize(
    ("status", "outcome", "error"),
    [
        ("completed", "delivered", None),
        ("ringing", "accepted", None),
        ("busy", "undelivered", "twilio_busy"),
        ("no-answer", "undelivered", "twilio_no_answer"),
        ("failed", "undelivered", "twilio_failed"),
        ("canceled", "undelivered", "twilio_canceled"),
    ],
)
def test_records_what_twilio_says_of_a_call(client, service, status, outcome, error):
    sid = SID.replace("SM", "CA")
    fields = {"MessageSid": None, "MessageStatus": None, "CallSid": sid, "CallStatus": status}
    assert twilio(client, **fields).status_code == 204
    assert service.recorded == [(ID, 2, 3, outcome, error, sid)]


@pytest.mark.parametrize(
    "url",
    [
        f"https://otp.example.com{TWILIO_PATH}",
        f"https://otp.example.com:443{TWILIO_PATH}",
    ],
)
def test_takes_a_signature_with_and_without_the_port(client, url):
    assert twilio(client, url=url).status_code == 204


def test_takes_a_signature_of_a_public_url_with_a_port(service, env):
    env = {**env, "OTP_PUBLIC_URL": "https://otp.example.com:8443"}
    client = client_for(service, settings_of(env))
    for port in (":8443", ""):
        url = f"https://otp.example.com{port}{TWILIO_PATH}"
        assert twilio(client, url=url).status_code == 204
    assert twilio(client, url=f"https://otp.example.com:443{TWILIO_PATH}").status_code == 401


@pytest.mark.parametrize(
    ("token", "channels"), [("token", ["sms"]), ("other", ["whatsapp"]), ("both", ["sms", "call"])]
)
def test_believes_a_token_for_the_channels_it_is_of(service, env, token, channels):
    """Senders of several channels are called twilio."""
    if token == "both":
        same = f"twilio://{ACCOUNT}:both@+15005550006"
        env = {**env, "OTP_SMS_SENDERS": same, "OTP_CALL_SENDERS": same}
    assert twilio(client_for(service, settings_of(env)), token=token).status_code == 204
    assert service.believed == [(channel, "twilio") for channel in channels]


def settings_of(env: dict[str, str]) -> Settings:
    key = "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    return Settings.load({"OTP_SECRET_KEYS": key, **env}, env_file=None)


def test_tells_numbered_senders_apart(service, env):
    two = f"twilio://{ACCOUNT}:one@+15005550006 twilio://{ACCOUNT}:two@+15005550006"
    client = client_for(service, settings_of({**env, "OTP_SMS_SENDERS": two}))
    path = TWILIO_PATH.replace("twilio", "twilio-2")
    assert twilio(client, path, token="two").status_code == 204
    assert twilio(client, path, token="one").status_code == 401


@pytest.mark.parametrize(
    "forged",
    [
        {"token": "wrong"},
        {"token": ""},
        {"token": "s"},
        {"url": "https://otp.example.com/receipts/twilio"},
        {"url": f"http://otp.example.com{TWILIO_PATH}"},
        {"url": f"https://evil.example.com{TWILIO_PATH}"},
        {"url": f"https://otp.example.com{TWILIO_PATH}0"},
        {"signature": ""},
        {"signature": "nönsense"},
        {"signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
    ],
)
def test_refuses_a_receipt_that_twilio_has_not_signed(client, service, forged):
    response = twilio(client, **forged)
    assert response.status_code == 401
    assert response.content_type == "application/problem+json"
    assert response.json["code"] == "unauthorized"
    assert service.recorded == []


def test_refuses_a_receipt_without_a_signature(client):
    for path in (TWILIO_PATH, WEBHOOK_PATH):
        assert client.post(path, data={"MessageStatus": "delivered"}).status_code == 401
        assert client.post(path).status_code == 401


def test_refuses_a_changed_receipt(client):
    signed = signatures.twilio(
        "token", f"https://otp.example.com{TWILIO_PATH}", [("MessageStatus", "sent")]
    )
    response = twilio(client, MessageSid=None, MessageStatus="delivered", signature=signed)
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("body", "recorded"),
    [
        ({"status": "delivered"}, ("delivered", None, None)),
        ({"status": "accepted"}, ("accepted", None, None)),
        ({"status": "undelivered"}, ("undelivered", None, None)),
        ({"status": "undelivered", "error": "no_signal"}, ("undelivered", "no_signal", None)),
        ({"status": "undelivered", "error": None}, ("undelivered", None, None)),
        ({"status": "delivered", "error": "late"}, ("delivered", None, None)),
        ({"status": "delivered", "at": "12:00"}, ("delivered", None, None)),
    ],
)
def test_records_what_a_gateway_says(client, service, body, recorded):
    assert webhook(client, **body).status_code == 204
    assert service.recorded == [(ID, 2, 3, *recorded)]


@pytest.mark.parametrize("age", [-299, 299])
def test_takes_a_receipt_of_some_minutes(client, age):
    assert webhook(client, age=age).status_code == 204


@pytest.mark.parametrize(
    "forged",
    [
        {"key": OTHER_KEY},
        {"age": 305},
        {"age": -305},
        {"signature": ""},
        {"signature": "v1,"},
        {"signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"signature": "nönsense"},
    ],
)
def test_refuses_a_receipt_that_the_gateway_has_not_just_signed(client, service, forged):
    response = webhook(client, **forged)
    assert (response.status_code, response.json["code"]) == (401, "unauthorized")
    assert service.recorded == []


@pytest.mark.parametrize("query", ["?code=abc%3D&tls=none", "?tls=none&x=1&x=2"])
def test_takes_receipts_of_a_gateway_with_a_query(service, env, query):
    env = {**env, "OTP_EMAIL_SENDERS": f"webhook://{SECRET}@gateway/otp{query}"}
    assert webhook(client_for(service, settings_of(env))).status_code == 204


def test_takes_one_right_signature_of_several(client):
    """A gateway that changes its secret signs with both."""
    content = b'{"status": "delivered"}'
    now = str(int(time.time()))
    both = " ".join(signatures.standard_webhook(k, "m", now, content) for k in (OTHER_KEY, KEY))
    headers = {"webhook-id": "m", "webhook-timestamp": now, "webhook-signature": both}
    response = client.post(
        WEBHOOK_PATH, data=content, content_type="application/json", headers=headers
    )
    assert response.status_code == 204


def test_does_not_take_our_own_request_for_a_receipt(client, service):
    """It is signed with the same secret."""
    response = webhook(client, status=None, id=f"{ID}-2", to="+14155550123", code="739158")
    assert (response.status_code, response.json["code"]) == (422, "invalid_request")
    assert "739158" not in response.text
    assert service.recorded == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"status": "gone"}, "status"),
        ({"status": 1}, "status"),
        ({"error": "it was 739158"}, "error"),
        ({"error": 17}, "error"),
    ],
)
def test_refuses_what_a_gateway_must_not_say(client, body, named):
    response = webhook(client, **body)
    assert response.status_code == 422
    assert [error["field"] for error in response.json["errors"]] == [named]
    assert "739158" not in response.text


def test_refuses_a_twilio_receipt_without_a_status(client):
    response = twilio(client, MessageStatus=None)
    assert (response.status_code, response.json["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("x=1", "send"),
        (f"send={ID}&attempt=1", "send"),
        (f"send={ID}-0&attempt=1", "send"),
        (f"send={ID}-1", "attempt"),
        (f"send={ID}-1&attempt=0", "attempt"),
        (f"send={ID}-1&attempt=1x", "attempt"),
        (f"send={ID}-1&attempt=99999", "attempt"),
        (f"send={ID.lower()}-1&attempt=1", "send"),
    ],
)
def test_refuses_an_address_that_is_no_messages(client, service, query, named):
    response = twilio(client, f"/receipts/twilio?{query}")
    assert response.status_code == 422
    assert response.json["errors"][0]["field"] == named
    assert service.recorded == []


@pytest.mark.parametrize("name", ["console", "smtp", "twilio-1", "nobody", "TWILIO"])
def test_knows_only_senders_that_report(client, name):
    response = twilio(client, f"/receipts/{name}?send={ID}-1&attempt=1")
    assert (response.status_code, response.json["code"]) == (404, "not_found")


def test_knows_nobody_without_a_public_url(service, env):
    del env["OTP_PUBLIC_URL"]
    assert webhook(client_for(service, settings_of(env))).status_code == 404


def test_answers_only_posts(client):
    response = client.get(TWILIO_PATH)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (VerificationNotFound(), 404, "verification_not_found"),
        (StorageUnavailable("away"), 503, "storage_unavailable"),
    ],
)
def test_says_why_a_receipt_was_not_recorded(client, service, error, status, code):
    service.error = error
    response = twilio(client)
    assert (response.status_code, response.json["code"]) == (status, code)


@pytest.mark.parametrize(
    "senders",
    [
        f"twilio://{ACCOUNT}:hunter22@+15005550006?x=1",
        "webhook://hunter22@gateway",
    ],
)
def test_stops_the_start_for_a_malformed_sender(service, env, senders):
    with pytest.raises(SettingsError, match="OTP_SMS_SENDERS: ") as error:
        receipts.endpoints(service, settings_of({**env, "OTP_SMS_SENDERS": senders}))
    assert "hunter22" not in str(error.value)
