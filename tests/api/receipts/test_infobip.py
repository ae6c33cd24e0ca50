"""Receipts from Infobip: what each status means, and which tokens count."""

import json

import pytest

from shared import signatures
from tests.api.receipts.reports import ID

KEY = "0123456789abcdef-hunter22"


@pytest.fixture
def env(env):
    return {**env, "OTP_SMS_SENDERS": f"infobip://{KEY}@xyz12?from=Example console://"}


def report(group: int, name: str, error: str = "NO_ERROR", message: str = f"{ID}-2"):
    """In the form of the API reference's webhook "Receive outbound SMS message reports"."""
    return {
        "bulkId": "1688025180464000013",
        "messageId": message,
        "to": "14155550123",
        "sender": "Example",
        "sentAt": "2026-11-28T14:00:00.000+0000",
        "doneAt": "2026-11-28T14:00:02.000+0000",
        "messageCount": 1,
        "price": {"pricePerMessage": 0.01, "currency": "EUR"},
        "status": {"groupId": group, "groupName": "X", "id": 5, "name": name, "description": "-"},
        "error": {"groupId": 0, "id": 0, "name": error, "description": "-", "permanent": True},
    }


DELIVERED = report(3, "DELIVERED_TO_HANDSET")


def post(client, *reports, send=f"{ID}-2", attempt="3", key=KEY, token: str | None = None):
    if token is None:
        token = signatures.infobip_token(key, f"{ID}-2-3")
    return client.post(
        f"/receipts/infobip?send={send}&attempt={attempt}&token={token}",
        data=json.dumps({"results": reports or [DELIVERED]}),
        content_type="application/json;charset=UTF-8",
    )


@pytest.mark.parametrize(
    ("said", "outcome", "error"),
    [
        (DELIVERED, "delivered", None),
        (report(3, "DELIVERED_TO_OPERATOR"), "accepted", None),
        (report(1, "PENDING_ENROUTE"), "accepted", None),
        (report(0, "OK"), "accepted", None),
        (report(4, "EXPIRED_DLR_UNKNOWN"), "accepted", None),
        (report(4, "EXPIRED_EXPIRED"), "undelivered", "infobip_EXPIRED_EXPIRED"),
        (
            report(2, "UNDELIVERABLE_NOT_DELIVERED", "EC_ABSENT_SUBSCRIBER"),
            "undelivered",
            "infobip_EC_ABSENT_SUBSCRIBER",
        ),
        (report(5, "REJECTED_NETWORK"), "undelivered", "infobip_REJECTED_NETWORK"),
        (report(5, "739158", "739158"), "undelivered", "infobip_undelivered"),
    ],
)
def test_records_what_infobip_says(client, recorder, said, outcome, error):
    assert post(client, said).status_code == 204
    assert recorder.recorded == [(ID, 2, 3, outcome, error, f"{ID}-2")]


@pytest.mark.parametrize(
    "forged",
    [
        {"token": ""},
        {"token": "0" * 64},
        {"token": "nönsense"},
        {"key": "another-key"},
        {"token": KEY},
        {"send": f"{ID}-1"},
        {"attempt": "4"},
        {"send": f"{ID}-2-3", "attempt": ""},
    ],
    ids=str,
)
def test_refuses_a_receipt_without_the_attempts_token(client, recorder, forged):
    response = post(client, **forged)
    assert (response.status_code, response.json["code"]) == (401, "unauthorized")
    assert recorder.recorded == []


def test_ignores_reports_of_other_messages(client, recorder):
    assert post(client, report(5, "REJECTED_NETWORK", message=f"{ID}-1")).status_code == 204
    assert recorder.recorded == []


def test_a_repeated_receipt_says_the_same_of_the_same_attempt(client, recorder):
    for _ in range(2):
        assert post(client).status_code == 204
    assert recorder.recorded == 2 * [(ID, 2, 3, "delivered", None, f"{ID}-2")]


@pytest.mark.parametrize("said", [{}, {"messageId": "739158"}, {**DELIVERED, "status": "739158"}])
def test_refuses_what_is_not_a_receipt(client, recorder, said):
    response = post(client, said)
    assert response.status_code == 422
    assert "739158" not in response.text
    assert recorder.recorded == []
