"""Receipts of a gateway: what each status means, and which signatures count."""

import time

import pytest

from shared import signatures
from tests.api.receipts.reports import (
    ID,
    KEY,
    OTHER_KEY,
    SECRET,
    WEBHOOK_PATH,
    client_for,
    settings_of,
    webhook,
)


@pytest.mark.parametrize(
    ("body", "recorded"),
    [
        ({"status": "delivered"}, ("delivered", None, None)),
        ({"status": "accepted"}, ("accepted", None, None)),
        ({"status": "undelivered"}, ("undelivered", None, None)),
        ({"status": "unreachable"}, ("unreachable", None, None)),
        ({"status": "undelivered", "error": "no_signal"}, ("undelivered", "no_signal", None)),
        ({"status": "undelivered", "error": None}, ("undelivered", None, None)),
        ({"status": "delivered", "error": "late"}, ("delivered", None, None)),
        ({"status": "delivered", "at": "12:00"}, ("delivered", None, None)),
    ],
)
def test_records_what_a_gateway_says(client, recorder, body, recorded):
    assert webhook(client, **body).status_code == 204
    assert recorder.recorded == [(ID, 2, 3, *recorded)]


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
def test_refuses_a_receipt_that_the_gateway_has_not_just_signed(client, recorder, forged):
    response = webhook(client, **forged)
    assert (response.status_code, response.json["code"]) == (401, "unauthorized")
    assert recorder.recorded == []


@pytest.mark.parametrize("query", ["?code=abc%3D&tls=none", "?tls=none&x=1&x=2"])
def test_takes_receipts_of_a_gateway_with_a_query(recorder, env, query):
    env = {**env, "OTP_EMAIL_SENDERS": f"webhook://{SECRET}@gateway/otp{query}"}
    assert webhook(client_for(recorder, settings_of(env))).status_code == 204


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


def test_does_not_take_our_own_request_for_a_receipt(client, recorder):
    """It is signed with the same secret."""
    response = webhook(client, status=None, id=f"{ID}-2", to="+14155550123", code="739158")
    assert (response.status_code, response.json["code"]) == (422, "invalid_request")
    assert "739158" not in response.text
    assert recorder.recorded == []


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
