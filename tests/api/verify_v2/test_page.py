"""The page of a verification that a Service has started."""

import re

import pytest


@pytest.fixture
def more() -> dict[str, str]:
    return {"OTP_APPS": '[shop]\napp_name = "Corner Shop"\ncall_senders = "none"'}


def test_is_that_of_its_account(v2, service, client):
    page = client.get(f"/verify/{v2.start(service)['sid']}").get_data(as_text=True)
    assert "<title>Corner Shop</title>" in page
    assert re.findall(r'data-action="resend" data-channel="(\w+)"', page) == ["sms", "whatsapp"]


def test_a_resend_is_one_of_the_service(v2, service, client, sender, run_worker, code):
    started = v2.start(service, CustomFriendlyName="Cafe")
    again = client.post(f"/verify/{started['sid']}/resend", json={"channel": "sms"})
    assert again.status_code == 202
    assert len(v2.fetch(service, started["sid"]).json["send_code_attempts"]) == 2
    run_worker()
    texts = [message.text for message in sender.messages]
    assert [text.startswith(f"{code(started)} is your Cafe code") for text in texts] == [True, True]
    refused = client.post(f"/verify/{started['sid']}/resend", json={"channel": "call"})
    assert refused.json["code"] == "channel_not_enabled"
