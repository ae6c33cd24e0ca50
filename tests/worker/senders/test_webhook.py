"""webhook:// against a gateway on 127.0.0.1."""

import base64
import hmac
import json
import time

import pytest

from tests.worker.senders.conftest import failure_of, make_message
from worker.senders.conformance.servers import Reply, Request, nobody
from worker.senders.webhook import WebhookSender

# The secret of the examples in the Standard Webhooks libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


def sender_for(address: str, path: str = "/otp/send") -> WebhookSender:
    return WebhookSender.from_url(f"webhook://{SECRET}@{address}{path}?tls=none")


def test_posts_the_message_signed(http_server):
    address, server = http_server(body=b'{"id": "gw-17"}')
    message = make_message(receipt_url="https://otp.example.com/receipts/webhook?send=VE1-1")
    assert sender_for(address).send(message) == "gw-17"
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/otp/send")
    assert json.loads(request.body) == {
        "id": "VE0123456789abcdef0123456789abcdef-1",
        "to": "+14155550123",
        "channel": "sms",
        "code": "739158",
        "text": "739158 is your Test code.",
        "subject": "739158 is your Test code",
        "locale": "en",
        "expires_in": 240,
        "receipt_url": "https://otp.example.com/receipts/webhook?send=VE1-1",
    }
    sent = request.headers
    assert sent["Content-Type"] == "application/json"
    assert sent["Idempotency-Key"] == sent["webhook-id"] == message.idempotency_key
    assert abs(int(sent["webhook-timestamp"]) - time.time()) < 5
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + request.body
    signature = base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    assert sent["webhook-signature"] == f"v1,{signature}"


def test_passes_the_trace_of_the_request_for_the_code_on(http_server):
    address, server = http_server()
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for traceparent in (parent, None):
        sender_for(address).send(make_message(traceparent=traceparent))
    assert [request.headers.get("traceparent") for request in server.requests] == [parent, None]


def test_sends_html_where_there_is_some(http_server):
    address, server = http_server()
    sender_for(address).send(make_message(channel="email", to="a@example.com", html="<p>739158"))
    assert json.loads(server.requests[0].body)["html"] == "<p>739158"


@pytest.mark.parametrize(
    ("reply", "provider_id"),
    [
        ({"status": 202}, None),
        ({"status": 204}, None),
        ({"status": 200, "body": b"ok"}, None),
        ({"status": 200, "body": b'{"id": 17}'}, None),
        ({"status": 200, "body": b'{"id": "a b"}'}, None),
        ({"status": 200, "body": b'{"id": "739158-1"}'}, None),
        ({"status": 200, "body": b'{"id": "to:14155550123"}'}, None),
        ({"status": 201, "body": b'{"id": "gw:1.2_3-4"}'}, "gw:1.2_3-4"),
        ({"status": 409, "body": b'{"id": "gw-17"}'}, "gw-17"),
    ],
)
def test_takes_it_as_accepted(http_server, reply, provider_id):
    address, _ = http_server(**reply)
    assert sender_for(address).send(make_message()) == provider_id


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        ({"status": 410, "body": b'{"error": "opted out"}'}, "invalid_recipient"),
        ({"status": 422, "body": b'{"error": "no mobile"}'}, "invalid_recipient"),
        ({"status": 422, "body": b'{"error": "unreachable"}'}, "unreachable"),
        ({"status": 410}, "refused"),
        ({"status": 422, "body": b'{"detail": "no such field"}'}, "refused"),
        ({"status": 400, "body": b'{"error": "no"}'}, "refused"),
        ({"status": 401}, "refused"),
        ({"status": 404}, "refused"),
        ({"status": 307, "headers": {"Location": "/elsewhere"}}, "refused"),
        ({"status": 408}, "transient"),
        ({"status": 425}, "transient"),
        ({"status": 429}, "transient"),
        ({"status": 503}, "transient"),
        ({"status": 500}, "unknown"),
        ({"status": 502}, "unknown"),
        ({"status": 504}, "unknown"),
    ],
)
def test_says_what_an_answer_means(http_server, reply, failure):
    address, server = http_server(**reply)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, f"webhook_{reply['status']}")
    assert len(server.requests) == 1


def test_is_transient_without_a_gateway():
    assert failure_of(sender_for(nobody())).failure == "transient"


def test_does_not_know_without_an_answer(http_server):
    def hang_up(_: Request) -> Reply:
        raise ConnectionAbortedError

    address, _ = http_server(hang_up)
    assert failure_of(sender_for(address)).failure == "unknown"


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        (f"webhook://{SECRET}@gateway.example.com", "https://gateway.example.com/"),
        (
            f"webhook://{SECRET}@gateway.example.com:8443/a/b",
            "https://gateway.example.com:8443/a/b",
        ),
        (f"webhook://{SECRET}@gateway:8080/a%20b?tls=none", "http://gateway:8080/a%20b"),
        (f"webhook://{SECRET}@[::1]:8080/?tls=none", "http://[::1]:8080/"),
        (f"webhook://{SECRET}@Bücher.example/é", "https://xn--bcher-kva.example/%C3%A9"),
        (f"webhook://{SECRET.removeprefix('whsec_')}@gateway", "https://gateway/"),
    ],
)
def test_reads_its_url(url, endpoint):
    sender = WebhookSender.from_url(url)
    assert (sender.endpoint, sender.key) == (endpoint, KEY)


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("code=abc%3D%3D", "code=abc%3D%3D"),
        ("code=a%2fb%2Fc+d%7E%41", "code=a%2fb%2Fc+d%7E%41"),
        ("z=1&a=2&z=3", "z=1&a=2&z=3"),
        ("flag&empty=&&=x&", "flag&empty=&&=x&"),
        ("to=http://h:1/?q@x&list[]=1|2;3", "to=http://h:1/?q@x&list[]=1|2;3"),
        ('json={"a":"b"}^`\\<>', 'json={"a":"b"}^`\\<>'),
        ("broken=%&also=%zz", "broken=%&also=%zz"),
        ("name=é", "name=%C3%A9"),
        ("TLS=none&stls=1&x=tls", "TLS=none&stls=1&x=tls"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("order", ["{ours}&{theirs}", "{theirs}&{ours}"])
def test_hands_the_query_over_byte_for_byte(http_server, query, sent, order):
    address, server = http_server()
    given = order.format(ours="tls=none", theirs=query) if query else "tls=none"
    WebhookSender.from_url(f"webhook://{SECRET}@{address}/a/b?{given}").send(make_message())
    assert server.requests[0].path == "/a/b" + (f"?{sent}" if sent else "")


def test_does_not_show_a_key_in_its_query(http_server):
    address, _ = http_server(status=401)
    sender = WebhookSender.from_url(f"webhook://{SECRET}@{address}/?code=hunter22&tls=none")
    assert "hunter22" not in repr(sender)
    assert "hunter22" not in str(failure_of(sender))


def test_reads_a_secret_with_slashes():
    key = b"\xff" * 32
    encoded = base64.b64encode(key).decode().replace("/", "%2F")
    assert WebhookSender.from_url(f"webhook://whsec_{encoded}@gateway").key == key


@pytest.mark.parametrize(
    "url",
    [
        "webhook://gateway.example.com/",
        f"webhook://{SECRET}@/",
        f"webhook://{SECRET}:more@gateway/",
        f"webhook://{SECRET}@gateway/?tls=no",
        f"webhook://{SECRET}@gateway/?tls=none&tls=none",
        f"webhook://{SECRET}@gateway/?a=1#b",
        f"webhook://{SECRET}@ü..example/",
        "webhook://whsec_c2hvcnQ=@gateway/",
        "webhook://whsec_no*base64no*base64no*base64no@gateway/",
    ],
)
def test_refuses_a_malformed_url(url):
    with pytest.raises(
        ValueError, match=r"expected|use only these options|does not accept|not a valid"
    ):
        WebhookSender.from_url(url)


def test_the_gateway_gets_what_the_route_of_the_country_says(http_server):
    address, server = http_server()
    sender_for(address).send(
        make_message(from_number="EXMPLE", dlt_entity="1101", dlt_template="1107")
    )
    told = json.loads(server.requests[0].body)
    assert (told["from"], told["dlt_entity"], told["dlt_template"]) == ("EXMPLE", "1101", "1107")
