"""Receipts of Meta's: the handshake, several in a request, and what each status means."""

import json

import pytest

from api.receipts import LARGEST_RECEIPT_BYTES
from tests.api.receipts.reports import ID, Recorder, client_for, settings_of
from tests.api.receipts.signing import PROVIDERS, PUBLIC_URL, whatsapp_post

KEY = b"5ecret"
URL = PROVIDERS["whatsapp"].sender
HANDSHAKE = {"hub.mode": "subscribe", "hub.verify_token": "w0rd", "hub.challenge": "1158201444"}


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_PUBLIC_URL": PUBLIC_URL, "OTP_WHATSAPP_SENDERS": URL}


def status(said, number=2, attempt=3, **more):
    return {
        "id": "wamid.x",
        "status": said,
        "biz_opaque_callback_data": f"{ID}-{number}-{attempt}",
        **more,
    }


@pytest.mark.parametrize(
    ("told", "recorded"),
    [
        (status("sent"), ("accepted", None)),
        (status("delivered"), ("delivered", None)),
        (status("read"), ("delivered", None)),
        (status("played"), ("accepted", None)),
        (status("failed"), ("undelivered", None)),
        (status("failed", errors=[{"code": 131049}]), ("undelivered", "whatsapp_131049")),
        (status("failed", errors=[{"code": 131026}]), ("unreachable", "whatsapp_131026")),
        (status("failed", errors=[{"code": 131030}]), ("unreachable", "whatsapp_131030")),
        (status("sent", errors=[{"code": 131026}]), ("accepted", None)),
    ],
)
def test_records_what_meta_says(client, recorder, told, recorded):
    answer = whatsapp_post([told], KEY).to(client)
    assert (answer.status_code, answer.data) == (200, b"")
    assert recorder.recorded == [(ID, 2, 3, *recorded, None)]
    assert recorder.believed == [("whatsapp", "whatsapp")]


def test_records_several_of_a_request_and_skips_those_of_other_messages(client, recorder):
    foreign = {"id": "wamid.y", "status": "sent"}
    other = status("sent", biz_opaque_callback_data="order 4711")
    told = [status("sent"), foreign, other, status("delivered", 1, 1)]
    assert whatsapp_post(told, KEY).to(client).status_code == 200
    assert [(send, attempt) for _, send, attempt, *_ in recorder.recorded] == [(2, 3), (1, 1)]


def test_skips_what_people_write(client, recorder):
    messages = [{"from": "14155550123", "text": {"body": "739158"}, "type": "text"}]
    assert whatsapp_post([], KEY, messages=messages).to(client).status_code == 200
    assert recorder.recorded == []


def test_takes_many_in_a_request(client, recorder):
    many = [status("delivered", number=n % 5 + 1, text=600 * "x") for n in range(90)]
    assert whatsapp_post(many, KEY).to(client).status_code == 200
    assert len(recorder.recorded) == 90
    too_many = whatsapp_post([{"status": LARGEST_RECEIPT_BYTES * "x"}], KEY)
    assert too_many.to(client).status_code == 413


def test_refuses_what_is_not_in_metas_form(client, recorder):
    for told in ({"status": 1}, {"status": "failed", "errors": [{"code": 14155550123}]}, "sent"):
        answer = whatsapp_post([told], KEY).to(client)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
        assert "14155550123" not in answer.text
    assert recorder.recorded == []


def test_has_one_address_for_every_sender(env):
    other = URL.replace("5ecret", "0ther").replace("w0rd", "v")
    recorder = Recorder()
    senders = f"{URL} {URL.replace('106540352242922', '106540352242933')} {other}"
    client = client_for(recorder, settings_of({**env, "OTP_WHATSAPP_SENDERS": senders}))
    assert whatsapp_post([status("sent")], KEY).to(client).status_code == 200
    assert recorder.believed == [("whatsapp", "whatsapp-1"), ("whatsapp", "whatsapp-2")]
    assert whatsapp_post([status("sent")], b"0ther").to(client).status_code == 200
    assert recorder.believed == [("whatsapp", "whatsapp-3")]
    for word in ("w0rd", "v"):
        query = {**HANDSHAKE, "hub.verify_token": word}
        assert client.get("/receipts/whatsapp", query_string=query).status_code == 200


def test_repeats_the_challenge_to_meta(client):
    answer = client.get("/receipts/whatsapp", query_string=HANDSHAKE)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.mimetype == "text/plain"


@pytest.mark.parametrize(
    "change",
    [
        {"hub.verify_token": "wrong"},
        {"hub.verify_token": ""},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": "<script>"},
        {"hub.challenge": ""},
    ],
)
def test_repeats_nothing_to_anyone_else(client, change):
    answer = client.get("/receipts/whatsapp", query_string={**HANDSHAKE, **change})
    assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
    assert "script" not in answer.text


def test_has_no_handshake_without_a_verify_token(env):
    quiet = URL.replace("&verify_token=w0rd", "")
    client = client_for(Recorder(), settings_of({**env, "OTP_WHATSAPP_SENDERS": quiet}))
    assert client.get("/receipts/whatsapp", query_string=HANDSHAKE).status_code == 405
    assert whatsapp_post([status("sent")], KEY).to(client).status_code == 200


def test_takes_no_receipts_without_an_app_secret(env):
    bare = URL.partition("&app_secret")[0]
    client = client_for(Recorder(), settings_of({**env, "OTP_WHATSAPP_SENDERS": bare}))
    assert whatsapp_post([status("sent")], b"").to(client).status_code == 404


def test_the_number_in_metas_id_is_not_kept(client, recorder):
    whatsapp_post([status("delivered")], KEY).to(client)
    assert "wamid" not in json.dumps(recorder.recorded)
