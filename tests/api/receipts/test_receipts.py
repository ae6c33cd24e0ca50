"""POST /receipts/{sender}, for any sender."""

import pytest

from api import receipts
from shared.errors import StorageUnavailable
from shared.settings import SettingsError
from tests.api.receipts.reports import (
    ACCOUNT,
    ID,
    TWILIO_PATH,
    WEBHOOK_PATH,
    client_for,
    settings_of,
    twilio,
    webhook,
)


def test_refuses_a_receipt_without_a_signature(client):
    for path in (TWILIO_PATH, WEBHOOK_PATH):
        assert client.post(path, data={"MessageStatus": "delivered"}).status_code == 401
        assert client.post(path).status_code == 401


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
def test_refuses_an_address_that_is_no_messages(client, recorder, query, named):
    response = twilio(client, f"/receipts/twilio?{query}")
    assert response.status_code == 422
    assert response.json["errors"][0]["field"] == named
    assert recorder.recorded == []


@pytest.mark.parametrize("name", ["console", "smtp", "twilio-1", "nobody", "TWILIO"])
def test_knows_only_senders_that_report(client, name):
    response = twilio(client, f"/receipts/{name}?send={ID}-1&attempt=1")
    assert (response.status_code, response.json["code"]) == (404, "not_found")


def test_knows_nobody_without_a_public_url(recorder, env):
    del env["OTP_PUBLIC_URL"]
    assert webhook(client_for(recorder, settings_of(env))).status_code == 404


def test_answers_only_posts(client):
    response = client.get(TWILIO_PATH)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_says_why_a_receipt_was_not_recorded(client, recorder):
    recorder.status = None
    response = twilio(client)
    assert (response.status_code, response.json["code"]) == (404, "verification_not_found")
    recorder.error = StorageUnavailable("away")
    response = twilio(client)
    assert (response.status_code, response.json["code"]) == (503, "storage_unavailable")


@pytest.mark.parametrize(
    "senders",
    [
        f"twilio://{ACCOUNT}:hunter22@+15005550006?x=1",
        "webhook://hunter22@gateway",
    ],
)
def test_stops_the_start_for_a_malformed_sender(recorder, env, senders):
    with pytest.raises(SettingsError, match="OTP_SMS_SENDERS: ") as error:
        receipts.endpoints(recorder, settings_of({**env, "OTP_SMS_SENDERS": senders}), recorder)
    assert "hunter22" not in str(error.value)
