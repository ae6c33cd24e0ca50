"""whatsapp:// against a server that checks each request as Meta documents it, and answers in Meta's
form."""

import json
from typing import Any

import pytest

from tests.worker.senders.conftest import failure_of, make_message, sent_to
from worker.senders.conformance.servers import HttpServer, Reply, Request, nobody
from worker.senders.whatsapp import WhatsAppSender

TOKEN = "EAAJBtoken"
NUMBER = "106540352242922"
ATTEMPT = "VE0123456789abcdef0123456789abcdef-1-1"


def sender_for(address: str, more: str = "") -> WhatsAppSender:
    return WhatsAppSender.from_url(
        f"whatsapp://{TOKEN}@{NUMBER}?template=sign_in&api=http://{address}{more}"
    )


def as_meta(request: Request) -> Reply:
    """Accepts what the Cloud API accepts of an authentication template."""
    assert (request.method, request.path) == ("POST", f"/v23.0/{NUMBER}/messages")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Content-Type"] == "application/json"
    sent = json.loads(request.body)
    assert sent["messaging_product"] == "whatsapp"
    assert sent["recipient_type"] == "individual"
    assert sent["type"] == "template"
    assert len(sent["biz_opaque_callback_data"]) <= 512
    body, button = sent["template"]["components"]
    assert (button["sub_type"], button["index"]) == ("url", "0")
    assert body["parameters"] == button["parameters"]
    assert len(body["parameters"][0]["text"]) <= 15
    number = sent["to"].lstrip("+")
    answer = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": sent["to"], "wa_id": number}],
        "messages": [{"id": "wamid.HBgLMTQxNTU1NTAxMjMVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA"}],
    }
    return Reply(body=json.dumps(answer).encode())


@pytest.fixture
def meta(http_server) -> tuple[str, HttpServer]:
    address, server = http_server(as_meta)
    return address, server


def test_sends_the_code_in_the_text_and_in_the_button(meta):
    address, server = meta
    message = make_message(channel="whatsapp", attempt=ATTEMPT)
    # Meta's id is not returned, because the number is in it.
    assert sender_for(address).send(message) is None
    code = [{"type": "text", "text": "739158"}]
    assert sent_to(server) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+14155550123",
        "biz_opaque_callback_data": ATTEMPT,
        "type": "template",
        "template": {
            "name": "sign_in",
            "language": {"code": "en_US"},
            "components": [
                {"type": "body", "parameters": code},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": code},
            ],
        },
    }


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("en", "en_US"),
        ("en-GB", "en_GB"),
        ("en-AU", "en_US"),
        ("de", "de"),
        ("de-AT", "de"),
        ("pt", "pt_BR"),
        ("pt-br", "pt_BR"),
        ("zh-TW", "en_US"),
    ],
)
def test_sends_the_template_in_the_persons_language(meta, locale, language):
    address, server = meta
    sender = sender_for(address, "&languages=en_US:en_GB:de:pt_BR")
    sender.send(make_message(channel="whatsapp", locale=locale))
    assert sent_to(server)["template"]["language"] == {"code": language}


def error(code: object, status: int = 400) -> dict[str, Any]:
    """An error of the Graph API."""
    said = {
        "message": f"(#{code}) something",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": "Message to 14155550123"},
        "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
    }
    return {"status": status, "body": json.dumps({"error": said}).encode()}


REFUSED = (
    *(0, 3, 10, 190, 200, 299, 368, 130497, 131005, 131031, 131037, 131042, 131045),
    *(132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016),
    *(131008, 131009, 131047, 131051, 131062, 131049, 131050, 130472),
)
TRANSIENT = (4, 80007, 130429, 131016, 131048, 131056, 131057, 131064, 133016)
CODES = {
    "refused": REFUSED,
    "transient": TRANSIENT,
    "unknown": (131000, 135000),
    "invalid_recipient": (131021,),
    "unreachable": (131026, 131030),
}


@pytest.mark.parametrize(
    ("code", "failure"), [(code, failure) for failure, codes in CODES.items() for code in codes]
)
@pytest.mark.parametrize("status", [400, 500])
def test_knows_what_metas_codes_mean(http_server, code, failure, status):
    address, _ = http_server(**error(code, status))
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, f"whatsapp_{code}")


@pytest.mark.parametrize(
    ("reply", "failure", "word"),
    [
        # A new code is read by its status.
        (error(139999), "refused", "whatsapp_139999"),
        (error(139999, 500), "unknown", "whatsapp_139999"),
        (error("14155550123"), "refused", "whatsapp_http_400"),
        (error(14155550123), "refused", "whatsapp_http_400"),
        (error(None, 503), "transient", "whatsapp_http_503"),
        ({"status": 429}, "transient", "whatsapp_http_429"),
        ({"status": 502, "body": b"<html>"}, "unknown", "whatsapp_http_502"),
        ({"status": 200, "body": b'{"messages": []}'}, "unknown", "whatsapp_http_200"),
        ({"status": 200, "body": b'{"messages": [17]}'}, "unknown", "whatsapp_http_200"),
        ({"status": 302, "headers": {"Location": "/"}}, "refused", "whatsapp_http_302"),
    ],
)
def test_says_what_other_answers_mean(http_server, reply, failure, word):
    address, _ = http_server(**reply)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, word)


def test_is_transient_without_a_connection():
    assert failure_of(sender_for(nobody())).failure == "transient"


def test_reaches_meta_unless_told_otherwise():
    sender = WhatsAppSender.from_url(f"whatsapp://{TOKEN}@{NUMBER}?template=sign_in")
    assert sender.api == "https://graph.facebook.com"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("whatsapp://", "expected whatsapp://TOKEN"),
        (f"whatsapp://{TOKEN}:x@{NUMBER}?template=a", "expected whatsapp://TOKEN"),
        (f"whatsapp://{TOKEN}@{NUMBER}/path?template=a", "expected whatsapp://TOKEN"),
        (f"whatsapp://{TOKEN}@+14155550123?template=a", "id of a phone number"),
        (f"whatsapp://{TOKEN}@{NUMBER}", "template=NAME"),
        (f"whatsapp://{TOKEN}@{NUMBER}?template=Sign-In", "template=NAME"),
        (f"whatsapp://{TOKEN}@{NUMBER}?template=a&languages=en-US", "languages=en_US"),
        (f"whatsapp://{TOKEN}@{NUMBER}?template=a&ttl=5m", "ttl=300"),
        (f"whatsapp://{TOKEN}@{NUMBER}?template=a&verify_token=w", "app_secret"),
        (f"whatsapp://{TOKEN}@{NUMBER}?template=a&app_secret=", "app_secret= has no value"),
        (f"whatsapp://{TOKEN}@{NUMBER}?template=a&app_secret=s&verify_token=", "verify_token="),
        (f"whatsapp://{TOKEN}@{NUMBER}?template=a&api=ftp://x", "api=https://host"),
        (f"whatsapp://{TOKEN}@{NUMBER}?template=a&app_secert=x", "use only these options"),
    ],
)
def test_names_what_is_wrong_in_a_url(url, named):
    with pytest.raises(ValueError, match=named):
        WhatsAppSender.from_url(url)
