"""Receipts of Twilio's: what each status means, and which signatures count."""

import pytest

from shared import signatures
from tests.api.receipts.reports import (
    ACCOUNT,
    ID,
    SID,
    TWILIO_PATH,
    client_for,
    settings_of,
    twilio,
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
def test_records_what_twilio_says_of_a_message(client, recorder, fields, recorded):
    response = twilio(client, To="+14155550123", **fields)
    assert response.status_code == 204
    assert response.data == b""
    assert recorder.recorded == [(ID, 2, 3, *recorded)]


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
def test_records_what_twilio_says_of_a_call(client, recorder, status, outcome, error):
    sid = SID.replace("SM", "CA")
    fields = {"MessageSid": None, "MessageStatus": None, "CallSid": sid, "CallStatus": status}
    assert twilio(client, **fields).status_code == 204
    assert recorder.recorded == [(ID, 2, 3, outcome, error, sid)]


@pytest.mark.parametrize(
    "url",
    [
        f"https://otp.example.com{TWILIO_PATH}",
        f"https://otp.example.com:443{TWILIO_PATH}",
    ],
)
def test_takes_a_signature_with_and_without_the_port(client, url):
    assert twilio(client, url=url).status_code == 204


def test_takes_a_signature_of_a_public_url_with_a_port(recorder, env):
    env = {**env, "OTP_PUBLIC_URL": "https://otp.example.com:8443"}
    client = client_for(recorder, settings_of(env))
    for port in (":8443", ""):
        url = f"https://otp.example.com{port}{TWILIO_PATH}"
        assert twilio(client, url=url).status_code == 204
    assert twilio(client, url=f"https://otp.example.com:443{TWILIO_PATH}").status_code == 401


@pytest.mark.parametrize(
    ("token", "channels"), [("token", ["sms"]), ("other", ["whatsapp"]), ("both", ["sms", "call"])]
)
def test_believes_a_token_for_the_channels_it_is_of(recorder, env, token, channels):
    """Senders of several channels are called twilio."""
    if token == "both":
        same = f"twilio://{ACCOUNT}:both@+15005550006"
        env = {**env, "OTP_SMS_SENDERS": same, "OTP_CALL_SENDERS": same}
    assert twilio(client_for(recorder, settings_of(env)), token=token).status_code == 204
    assert recorder.believed == [(channel, "twilio") for channel in channels]


def test_tells_numbered_senders_apart(recorder, env):
    two = f"twilio://{ACCOUNT}:one@+15005550006 twilio://{ACCOUNT}:two@+15005550006"
    client = client_for(recorder, settings_of({**env, "OTP_SMS_SENDERS": two}))
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
def test_refuses_a_receipt_that_twilio_has_not_signed(client, recorder, forged):
    response = twilio(client, **forged)
    assert response.status_code == 401
    assert response.content_type == "application/problem+json"
    assert response.json["code"] == "unauthorized"
    assert recorder.recorded == []


def test_refuses_a_changed_receipt(client):
    signed = signatures.twilio(
        "token", f"https://otp.example.com{TWILIO_PATH}", [("MessageStatus", "sent")]
    )
    response = twilio(client, MessageSid=None, MessageStatus="delivered", signature=signed)
    assert response.status_code == 401


def test_refuses_a_twilio_receipt_without_a_status(client):
    response = twilio(client, MessageStatus=None)
    assert (response.status_code, response.json["code"]) == (422, "invalid_request")
