"""Receipts of the Telegram Gateway: what each status means, and which attempt it is about."""

import hashlib
import hmac
import json
import time

import pytest

from tests.api.receipts.reports import ID
from tests.api.receipts.signing import PROVIDERS, PUBLIC_URL, Post

KEY = hashlib.sha256(b"AAHtoken").digest()


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_PUBLIC_URL": PUBLIC_URL, "OTP_TELEGRAM_SENDERS": PROVIDERS["telegram"].sender}


@pytest.fixture
def post(client):
    def post(query="", **told):
        body = json.dumps({"request_id": "103511133102001", **told}).encode()
        timestamp = str(int(time.time()))
        signed = hmac.new(KEY, f"{timestamp}\n".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Request-Timestamp": timestamp,
            "X-Request-Signature": signed,
        }
        return Post(f"/receipts/telegram{query}", body, headers).to(client)

    return post


@pytest.mark.parametrize(
    ("status", "recorded"),
    [
        ("sent", ("accepted", None)),
        ("delivered", ("delivered", None)),
        ("read", ("delivered", None)),
        ("expired", ("undelivered", "telegram_expired")),
        ("revoked", ("undelivered", "telegram_revoked")),
        ("some-new-one", ("accepted", None)),
    ],
)
def test_records_what_telegram_says(post, recorder, status, recorded):
    delivery = {"status": status, "updated_at": 1795902083}
    answer = post(delivery_status=delivery, payload=f"{ID}-2-3", phone_number="+14155550123")
    assert (answer.status_code, answer.data) == (200, b"")
    assert recorder.recorded == [(ID, 2, 3, *recorded, None)]


def test_is_about_the_attempt_that_was_signed_and_not_the_one_in_the_url(post, recorder):
    post(f"?send={ID}-9&attempt=9", delivery_status={"status": "sent"}, payload=f"{ID}-2-3")
    assert [(send, attempt) for _, send, attempt, *_ in recorder.recorded] == [(2, 3)]


def test_skips_messages_of_other_programs(post, recorder):
    for payload in ({}, {"payload": "order 4711"}):
        assert post(delivery_status={"status": "sent"}, **payload).status_code == 200
    assert recorder.recorded == []


def test_refuses_what_is_not_in_telegrams_form(post, recorder):
    for told in ({}, {"delivery_status": "sent"}, {"delivery_status": {"status": 739158}}):
        answer = post(payload=f"{ID}-2-3", **told)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
        assert "739158" not in answer.text
    assert recorder.recorded == []
