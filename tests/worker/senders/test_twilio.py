"""twilio:// against a mock of the vendor's own API document, and for what that cannot do against a
local server."""

import json
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import pytest

from tests.worker.senders.conftest import failure_of, make_message
from worker.senders.conformance.servers import (
    HttpServer,
    Reply,
    Request,
    TcpServer,
    nobody,
    serving,
)
from worker.senders.twilio import TwilioSender

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
KEY = "SK0123456789abcdef0123456789abcdef"
SERVICE = "MG0123456789abcdef0123456789abcdef"
SID = "SM0123456789abcdef0123456789abcdef"
TAKEN = json.dumps({"sid": SID, "status": "queued"}).encode()
RECEIPT_URL = "https://otp.example.com/receipts/twilio?send=VE0123-1&attempt=1"


def sender_for(
    address: str, from_number: str = "+15005550006", login: str = f"{ACCOUNT}:token", more: str = ""
) -> TwilioSender:
    return TwilioSender.from_url(f"twilio://{login}@{from_number}?api=http://{address}{more}")


@pytest.fixture
def taken(http_server) -> tuple[str, HttpServer]:
    address, server = http_server(status=201, body=TAKEN)
    return address, server


def form(server: HttpServer) -> dict[str, str]:
    [request] = server.requests
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    return {name: value for name, [value] in parse_qs(request.body.decode()).items()}


def test_sends_an_sms(taken):
    address, server = taken
    assert sender_for(address).send(make_message(receipt_url=RECEIPT_URL)) == SID
    assert server.requests[0].path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    # ACCOUNT:token in base64.
    assert server.requests[0].headers["Authorization"] == (
        "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjp0b2tlbg=="
    )
    assert form(server) == {
        "To": "+14155550123",
        "From": "+15005550006",
        "Body": "739158 is your Test code.",
        "ValidityPeriod": "240",
        "StatusCallback": RECEIPT_URL,
    }


def test_sends_from_a_messaging_service(taken):
    address, server = taken
    sender_for(address, SERVICE).send(make_message())
    assert form(server)["MessagingServiceSid"] == SERVICE
    assert "From" not in form(server)
    assert "StatusCallback" not in form(server)


@pytest.mark.parametrize(("life", "period"), [(0, "1"), (-5, "1"), (5, "5"), (50_000, "36000")])
def test_validity_is_the_remaining_life(taken, life, period):
    address, server = taken
    sender_for(address).send(make_message(expires_in=life))
    assert form(server)["ValidityPeriod"] == period


def test_sends_on_whatsapp(taken):
    address, server = taken
    sender_for(address).send(make_message(channel="whatsapp"))
    assert form(server)["To"] == "whatsapp:+14155550123"
    assert form(server)["From"] == "whatsapp:+15005550006"
    assert form(server)["Body"] == "739158 is your Test code."


def test_sends_a_template_on_whatsapp_only(http_server):
    content = "HX0123456789abcdef0123456789abcdef"
    address, server = http_server(status=201, body=TAKEN)
    sender = sender_for(address, more=f"&content={content}")
    sender.send(make_message(channel="whatsapp"))
    assert form(server)["ContentSid"] == content
    assert json.loads(form(server)["ContentVariables"]) == {"1": "739158"}
    assert "Body" not in form(server)
    server.requests.clear()
    sender.send(make_message())
    assert "ContentSid" not in form(server)


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("en", "en-US"),
        ("en-GB", "en-GB"),
        ("de", "de-DE"),
        ("de-AT", "de-DE"),
        ("es-mx", "es-MX"),
        ("pt", "pt-BR"),
        ("zh", "zh-CN"),
        ("zh-TW", "zh-TW"),
        ("tlh", "en-US"),
    ],
)
def test_calls(http_server, locale, language):
    address, server = http_server(status=201, body=TAKEN.replace(b"SM", b"CA"))
    text = "Your A&B <code> is 7, 3, 9. Once more: 7, 3, 9."
    sid = sender_for(address).send(make_message(channel="call", locale=locale, text=text))
    assert sid == SID.replace("SM", "CA")
    assert server.requests[0].path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    sent = form(server)
    assert (sent["To"], sent["From"], sent["Timeout"]) == ("+14155550123", "+15005550006", "60")
    say = ET.fromstring(sent["Twiml"]).find("Say")
    assert say is not None
    assert say.text == text
    assert say.get("language") == language
    assert "ValidityPeriod" not in sent


@pytest.mark.parametrize(
    ("locale", "language", "voice"),
    [("ar-EG", "arb", "Polly.Zeina"), ("hi", "hi-IN", "Polly.Aditi")],
)
def test_calls_by_a_voice_that_has_the_language(http_server, locale, language, voice):
    address, server = http_server(status=201, body=TAKEN.replace(b"SM", b"CA"))
    sender_for(address).send(make_message(channel="call", locale=locale))
    say = ET.fromstring(form(server)["Twiml"]).find("Say")
    assert say is not None
    assert (say.get("language"), say.get("voice")) == (language, voice)


def test_rings_no_longer_than_the_code_lives(http_server):
    address, server = http_server(status=201, body=TAKEN.replace(b"SM", b"CA"))
    sender_for(address).send(make_message(channel="call", expires_in=25))
    assert form(server)["Timeout"] == "25"


def test_asks_for_a_receipt_only_where_it_could_be_checked(taken):
    address, server = taken
    more = f"&account={ACCOUNT}"
    sender_for(address, login=f"{KEY}:secret", more=more).send(
        make_message(receipt_url=RECEIPT_URL)
    )
    assert "StatusCallback" not in form(server)
    server.requests.clear()
    sender_for(address, login=f"{KEY}:secret", more=f"{more}&auth_token=token").send(
        make_message(receipt_url=RECEIPT_URL)
    )
    assert form(server)["StatusCallback"] == RECEIPT_URL


def coded(code: int, status: int = 400) -> dict[str, Any]:
    return {"status": status, "body": json.dumps({"code": code, "status": status}).encode()}


@pytest.mark.parametrize(
    ("reply", "failure", "error"),
    [
        # Those that the API document has no example of.
        (coded(10004, 429), "transient", "twilio_10004"),
        (coded(14107), "transient", "twilio_14107"),
        (coded(21214), "invalid_recipient", "twilio_21214"),
        (coded(21215), "refused", "twilio_21215"),
        (coded(21216), "refused", "twilio_21216"),
        (coded(21217), "invalid_recipient", "twilio_21217"),
        (coded(21604), "invalid_recipient", "twilio_21604"),
        (coded(63003), "invalid_recipient", "twilio_63003"),
        (coded(63016), "refused", "twilio_63016"),
        (coded(99998), "refused", "twilio_99998"),
        (coded(99998, 500), "transient", "twilio_99998"),
        # Those of something between Twilio and here.
        ({"status": 403, "body": b"<html>"}, "refused", "twilio_http_403"),
        ({"status": 407}, "refused", "twilio_http_407"),
        ({"status": 429}, "transient", "twilio_http_429"),
        ({"status": 500, "body": b'{"code": "739158"}'}, "unknown", "twilio_http_500"),
        ({"status": 502}, "unknown", "twilio_http_502"),
        ({"status": 503}, "transient", "twilio_http_503"),
        ({"status": 504}, "unknown", "twilio_http_504"),
        ({"status": 302, "headers": {"Location": "/"}}, "refused", "twilio_http_302"),
        ({"status": 200, "body": b"<html>welcome to the hotel"}, "unknown", "twilio_http_200"),
        ({"status": 201, "body": b'{"sid": "739158"}'}, "unknown", "twilio_http_201"),
    ],
)
def test_says_what_an_answer_means(http_server, reply, failure, error):
    address, _ = http_server(**reply)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, error)


def test_is_transient_without_a_connection():
    error = failure_of(sender_for(nobody()))
    assert (error.failure, error.error) == ("transient", "ConnectionRefusedError")


def test_does_not_know_without_an_answer(http_server):
    def hang_up(_: Request) -> Reply:
        raise ConnectionAbortedError

    address, server = http_server(hang_up)
    error = failure_of(sender_for(address))
    assert (error.failure, error.error) == ("unknown", "RemoteDisconnected")
    assert len(server.requests) == 1


def test_is_transient_when_tls_does_not_come_about():
    """The connection is there, and the other side says nothing: the request has not left."""
    with serving(TcpServer()) as address:
        url = f"twilio://{ACCOUNT}:token@+15005550006?api=https://{address}"
        error = failure_of(TwilioSender.from_url(url))
    assert (error.failure, error.error) == ("transient", "TimeoutError")


@pytest.mark.parametrize(
    ("from_number", "channels"),
    [
        ("+15005550006", ("sms", "whatsapp", "call")),
        (SERVICE, ("sms", "whatsapp")),
        ("12345", ("sms",)),
        ("My%20Shop", ("sms",)),
    ],
)
def test_serves_what_its_sender_can(from_number, channels):
    assert sender_for("127.0.0.1", from_number).channels == channels


def test_reaches_twilio_or_another_region():
    login = f"{ACCOUNT}:token"
    assert TwilioSender.from_url(f"twilio://{login}@12345").api == "https://api.twilio.com"
    region = "https://api.dublin.ie1.twilio.com"
    assert TwilioSender.from_url(f"twilio://{login}@12345?api={region}/").api == region


@pytest.mark.parametrize(
    "url",
    [
        "twilio://",
        f"twilio://{ACCOUNT}@+15005550006",
        f"twilio://{ACCOUNT}:token@",
        f"twilio://{ACCOUNT}:token@15005550006x15005550006",
        f"twilio://{ACCOUNT}:token@+15005550006/path",
        f"twilio://{KEY}:secret@+15005550006",
        f"twilio://{ACCOUNT}:token@+15005550006?region=ie1",
        f"twilio://{ACCOUNT}:token@+15005550006?api=ftp://127.0.0.1",
        f"twilio://{ACCOUNT}:token@+15005550006?content=nonsense",
        "twilio://me:token@+15005550006",
    ],
)
def test_refuses_a_malformed_url(url):
    with pytest.raises(
        ValueError, match=r"expected|use only these options|does not accept|not a valid URL"
    ):
        TwilioSender.from_url(url)


@pytest.mark.parametrize("from_number", ["+15005550006", SERVICE])
def test_sends_from_what_the_route_of_the_country_says(taken, from_number):
    address, server = taken
    sender_for(address, from_number).send(make_message(from_number="MGShop"))
    sent = form(server)
    assert sent["From"] == "MGShop"
    assert "MessagingServiceSid" not in sent


def test_calls_and_writes_on_whatsapp_from_the_number_of_the_route(taken):
    address, server = taken
    for channel in ("call", "whatsapp"):
        sender_for(address).send(make_message(channel=channel, from_number="+15005550001"))
    sent = [parse_qs(request.body.decode())["From"] for request in server.requests]
    assert sent == [["+15005550001"], ["whatsapp:+15005550001"]]
