"""smsgate:// against a server that checks each request as the app documents it."""

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from tests.worker.senders.conftest import failure_of, make_message, sent_to
from worker.senders.conformance.servers import HttpServer, Reply, Request, nobody
from worker.senders.smsgate import SmsGateSender

ID = "0123456789abcdef0123456789abcdef-1"
FIELDS = {
    *("id", "textMessage", "phoneNumbers", "ttl", "priority", "withDeliveryReport"),
    *("simNumber", "deviceId"),
}


def sender_for(address: str, more: str = "", path: str = "/message") -> SmsGateSender:
    return SmsGateSender.from_url(f"smsgate://otp:p%2Fw@{address}{path}?tls=none{more}")


class Phone:
    """The app: accepts a message once by its id."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def __call__(self, request: Request) -> Reply:
        assert request.method == "POST"
        login = b64encode(b"otp:p/w").decode()
        assert request.headers["Authorization"] == f"Basic {login}"
        assert request.headers["Content-Type"] == "application/json"
        sent = json.loads(request.body)
        assert sent.keys() <= FIELDS
        assert len(sent["id"]) <= 36
        assert sent["textMessage"].keys() == {"text"}
        assert sent["ttl"] >= 5
        assert -128 <= sent["priority"] <= 127
        if sent["id"] in self.ids:
            return Reply(status=409, body=b'{"message": "Message with this ID already exists"}')
        self.ids.add(sent["id"])
        recipients = [{"phoneNumber": to, "state": "Pending"} for to in sent["phoneNumbers"]]
        at = datetime.now(UTC).isoformat()
        state = {"Pending": at}
        answer = {"id": sent["id"], "state": "Pending", "recipients": recipients, "states": state}
        return Reply(status=202, body=json.dumps(answer).encode())


@pytest.fixture
def phone(http_server) -> tuple[str, HttpServer]:
    address, server = http_server(Phone())
    return address, server


def test_sends_an_sms_from_the_phone(phone):
    address, server = phone
    assert sender_for(address).send(make_message()) == ID
    assert server.requests[0].path == "/message"
    assert sent_to(server) == {
        "id": ID,
        "textMessage": {"text": "739158 is your Test code."},
        "phoneNumbers": ["+14155550123"],
        "ttl": 240,
        "priority": 100,
        "withDeliveryReport": True,
    }


def test_a_retry_after_a_lost_answer_sends_no_second_sms(phone):
    address, server = phone
    sender = sender_for(address)
    assert [sender.send(make_message()) for _ in range(2)] == [ID, ID]
    assert len(server.requests) == 2


def test_is_valid_for_the_codes_remaining_life(phone):
    address, server = phone
    sender_for(address).send(make_message(expires_in=2))
    assert sent_to(server)["ttl"] == 5


def test_the_id_of_the_last_send_fits(phone):
    address, server = phone
    key = "VE0123456789abcdef0123456789abcdef-10"
    sender_for(address).send(make_message(idempotency_key=key))
    assert sent_to(server)["id"] == key.removeprefix("VE")


def test_chooses_the_sim_card_and_the_phone(phone):
    address, server = phone
    path = "/3rdparty/v1/messages"
    sender_for(address, "&sim=2&device=yVULogr4Y1ksRfnos1Dsw", path).send(make_message())
    assert server.requests[0].path == path
    sent = sent_to(server)
    assert (sent["simNumber"], sent["deviceId"]) == (2, "yVULogr4Y1ksRfnos1Dsw")


@pytest.mark.parametrize(
    ("reply", "failure", "word"),
    [
        ({"status": 400, "body": b'{"message": "bad +14155550123"}'}, "refused", "smsgate_400"),
        ({"status": 401}, "refused", "smsgate_401"),
        ({"status": 403}, "refused", "smsgate_403"),
        ({"status": 302, "headers": {"Location": "/"}}, "refused", "smsgate_302"),
        ({"status": 429}, "transient", "smsgate_429"),
        ({"status": 503, "body": b'{"error": "QueueLimitExceeded"}'}, "transient", "smsgate_503"),
        ({"status": 500}, "unknown", "smsgate_500"),
        ({"status": 202, "body": b"<html>"}, "unknown", "smsgate_202"),
    ],
)
def test_says_what_an_answer_means(http_server, reply, failure, word):
    address, _ = http_server(**reply)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, word)


def test_a_phone_that_is_off_is_transient():
    assert failure_of(sender_for(nobody())).failure == "transient"


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("192.168.1.10:8080/message?tls=none", "http://192.168.1.10:8080/message"),
        ("[fd00::1]:8080/message?tls=none", "http://[fd00::1]:8080/message"),
        ("api.sms-gate.app/3rdparty/v1/messages", "https://api.sms-gate.app/3rdparty/v1/messages"),
        ("x/m?api=http://127.0.0.1:9", "http://127.0.0.1:9/m"),
    ],
)
def test_reaches_the_phone_a_server_or_the_cloud(url, endpoint):
    assert SmsGateSender.from_url(f"smsgate://otp:pass@{url}").endpoint == endpoint


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("smsgate://", "expected smsgate://USER"),
        ("smsgate://otp@192.168.1.10/message", "expected smsgate://USER"),
        ("smsgate://otp:pass@192.168.1.10:8080", "expected smsgate://USER"),
        ("smsgate://otp:pass@192.168.1.10/message?tls=no", "expected tls=none"),
        ("smsgate://otp:pass@192.168.1.10/message?signing_key=", "signing_key="),
        ("smsgate://otp:pass@192.168.1.10/message?sim=4", "sim=1"),
        ("smsgate://otp:pass@192.168.1.10/message?device=a/b", "id of a device"),
        ("smsgate://otp:pass@192.168.1.10/message?key=x", "use only these options"),
        ("smsgate://otp:pass@192.168.1.10/message?api=x", "api=https://host"),
    ],
)
def test_names_what_is_wrong_in_a_url(url, named):
    with pytest.raises(ValueError, match=named):
        SmsGateSender.from_url(url)
