"""Receipts of an Android phone: what each event and each reason means."""

import hashlib
import hmac
import json
import time

import pytest

from tests.api.receipts.reports import ID
from tests.api.receipts.signing import PROVIDERS, PUBLIC_URL, Post

KEY = b"s1gn"


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_PUBLIC_URL": PUBLIC_URL, "OTP_SMS_SENDERS": PROVIDERS["smsgate"].sender}


@pytest.fixture
def post(client):
    def post(event, **payload):
        body = json.dumps({"event": event, "deviceId": "d1", "payload": payload}).encode()
        timestamp = str(int(time.time()))
        signed = hmac.new(KEY, body + timestamp.encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Signature": signed,
            "X-Timestamp": timestamp,
        }
        return Post("/receipts/smsgate", body, headers).to(client)

    return post


@pytest.mark.parametrize(
    ("event", "reason", "recorded"),
    [
        ("sms:sent", None, ("accepted", None)),
        ("sms:delivered", None, ("delivered", None)),
        ("sms:failed", "RESULT_ERROR_GENERIC_FAILURE", "generic_failure"),
        ("sms:failed", "Send result: RESULT_ERROR_LIMIT_EXCEEDED", "limit_exceeded"),
        ("sms:failed", "RESULT_RIL_MODEM_ERR", "ril_modem_err"),
        ("sms:failed", "RESULT_NO_DEFAULT_SMS_APP", "no_default_sms_app"),
        ("sms:failed", "Can't send message: No SIMs found", "no_sim"),
        ("sms:failed", "Can't send to +14155550123", "failed"),
        ("sms:failed", "", "failed"),
        ("sms:cancelled", "", "canceled"),
    ],
)
def test_records_what_the_phone_says(post, recorder, event, reason, recorded):
    if isinstance(recorded, str):
        recorded = ("undelivered", f"smsgate_{recorded}")
    told = {"reason": reason} if reason is not None else {}
    answer = post(event, messageId=f"{ID.removeprefix('VE')}-2", phoneNumber="+1415", **told)
    assert answer.status_code == 204
    assert recorder.recorded == [(ID, 2, None, *recorded, None)]


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("sms:received", {"messageId": "abc123", "message": "739158", "phoneNumber": "6505551212"}),
        ("system:ping", {"health": {}}),
        ("sms:sent", {"messageId": "PyDmBQZZXYmyxMwED8Fzy"}),
        ("sms:delivered", {}),
    ],
)
def test_skips_what_is_of_no_message_of_ours(post, recorder, event, payload):
    assert post(event, **payload).status_code == 204
    assert recorder.recorded == []


def test_refuses_what_is_not_in_the_apps_form(post, recorder):
    answer = post("sms:failed", messageId=f"{ID[2:]}-2", reason=739158)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert "739158" not in answer.text
    assert recorder.recorded == []
