"""telnyx:// against Telnyx as its documentation describes it."""

import base64
import json

import pytest

from tests.providers import telnyx
from tests.providers.telnyx import KEY, MESSAGE_ID, PROFILE, Telnyx
from tests.worker.senders.conftest import failure_of, make_message, played_by
from worker.senders.conformance.servers import Reply
from worker.senders.telnyx import TelnyxSender

RECEIPT_URL = "https://otp.example.com/receipts/telnyx?send=VE0123-1&attempt=1"
PUBLIC_KEY = base64.b64encode(b"\xfb" * 32).decode()


def sender_for(
    address: str = "127.0.0.1", origin: str = "+15005550006", more: str = ""
) -> TelnyxSender:
    return TelnyxSender.from_url(f"telnyx://{KEY}@{origin}?api=http://{address}{more}")


provider = played_by(Telnyx)


def test_sends_an_sms(provider):
    address, telnyx = provider
    sender = sender_for(address, more=f"&public_key={PUBLIC_KEY}")
    assert sender.send(make_message(receipt_url=RECEIPT_URL)) == MESSAGE_ID
    assert telnyx.taken == [
        {
            "from": "+15005550006",
            "to": "+14155550123",
            "text": "739158 is your Test code.",
            "use_profile_webhooks": False,
            "webhook_url": RECEIPT_URL,
        }
    ]


@pytest.mark.parametrize("origin", ["Example", ""])
def test_sends_from_a_profile(provider, origin):
    address, telnyx = provider
    sender_for(address, origin, f"&profile={PROFILE}").send(make_message())
    [message] = telnyx.taken
    assert message["messaging_profile_id"] == PROFILE
    assert message.get("from", "") == origin


def test_asks_for_a_receipt_only_if_it_could_be_checked(provider):
    address, telnyx = provider
    sender_for(address).send(make_message(receipt_url=RECEIPT_URL))
    assert "webhook_url" not in telnyx.taken[0]


def test_a_repeated_request_is_one_message(provider):
    address, telnyx = provider
    ids = {sender_for(address).send(make_message()) for _ in range(2)}
    assert ids == {MESSAGE_ID}
    assert len(telnyx.taken) == 1


def test_does_not_know_about_a_key_that_telnyx_took_with_another_text(provider):
    """The attempt before may have arrived, so no other provider gets the message at once."""
    address, telnyx = provider
    sender_for(address).send(make_message())
    error = failure_of(sender_for(address), make_message(text="739158, once more."))
    assert error.failure == "unknown"
    assert len(telnyx.taken) == 1


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (400, 10002, "invalid_recipient"),
        (400, 10016, "invalid_recipient"),
        (400, 40001, "invalid_recipient"),
        (400, 40012, "invalid_recipient"),
        (403, 40300, "invalid_recipient"),
        (400, 40310, "invalid_recipient"),
        (429, 10011, "transient"),
        (400, 40002, "transient"),
        (400, 40006, "transient"),
        (400, 40011, "transient"),
        (429, 40318, "transient"),
        (400, 40320, "transient"),
        (401, 10009, "refused"),
        (403, 10010, "refused"),
        (422, 10001, "refused"),
        (422, 10003, "refused"),
        (422, 10004, "refused"),
        (422, 10009, "refused"),
        (422, 10010, "refused"),
        (422, 10015, "refused"),
        (422, 10017, "refused"),
        (422, 10999, "unknown"),
        (400, 40003, "refused"),
        (400, 40004, "refused"),
        (400, 40005, "refused"),
        (400, 40008, "refused"),
        (422, 40009, "refused"),
        (422, 40305, "refused"),
        (500, 10007, "unknown"),
        (408, 10008, "unknown"),
        (502, 99999, "unknown"),
        (503, 99999, "transient"),
    ],
)
def test_says_what_a_documented_error_means(http_server, status, code, failure):
    address, _ = http_server(lambda _: telnyx.refusal(status, code))
    error = failure_of(sender_for(address))
    assert (error.failure, error.error) == (failure, f"telnyx_{code}")


@pytest.mark.parametrize(
    ("reply", "failure", "error"),
    [
        (Reply(status=403, body=b"<html>"), "refused", "telnyx_http_403"),
        (Reply(status=429), "transient", "telnyx_http_429"),
        (Reply(status=502), "unknown", "telnyx_http_502"),
        (Reply(status=200, body=b'{"data": {"id": "739158"}}'), "unknown", "telnyx_http_200"),
        (Reply(status=200, body=b'{"data": []}'), "unknown", "telnyx_http_200"),
        (Reply(status=400, body=b'{"errors": [{"code": "739158"}]}'), "refused", "telnyx_http_400"),
    ],
)
def test_says_what_an_undocumented_answer_means(http_server, reply, failure, error):
    address, _ = http_server(lambda _: reply)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, error)


def test_refuses_a_wrong_key(provider):
    address, _ = provider
    sender = TelnyxSender.from_url(f"telnyx://OTHER@+15005550006?api=http://{address}")
    error = failure_of(sender)
    assert (error.failure, error.error) == ("refused", "telnyx_10009")


def test_reaches_telnyx(provider):
    assert TelnyxSender.from_url(f"telnyx://{KEY}@12345").api == "https://api.telnyx.com"


EXPECTED = "expected telnyx://API_KEY@FROM"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("telnyx://+15005550006", EXPECTED),
        (f"telnyx://{KEY}@", EXPECTED),
        (f"telnyx://{KEY}@Example", EXPECTED),
        (f"telnyx://{KEY}:more@+15005550006", EXPECTED),
        (f"telnyx://{KEY}@+15005550006/path", EXPECTED),
        (f"telnyx://{KEY}@+15005550006:443", EXPECTED),
        (f"telnyx://{KEY}@+15005550006?profile=mine", "profile="),
        (f"telnyx://{KEY}@+15005550006?profile=", "profile="),
        (f"telnyx://{KEY}@+15005550006?public_key=short", "public_key="),
        (f"telnyx://{KEY}@+15005550006?public_key={json.dumps('x')}", "public_key="),
        (f"telnyx://{KEY}@+15005550006?api=ftp://127.0.0.1", "api=https://host"),
        (f"telnyx://{KEY}@+15005550006?ttl=300", "use only these options"),
    ],
)
def test_names_what_is_wrong_in_a_url(url, named):
    with pytest.raises(ValueError, match=named) as error:
        TelnyxSender.from_url(url)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("origin", ["+15005550006", ""])
def test_sends_from_what_the_route_of_the_country_says(provider, origin):
    address, telnyx = provider
    sender = sender_for(address, origin, f"&profile={PROFILE}")
    sender.send(make_message(from_number="EXMPLE"))
    assert telnyx.taken[0]["from"] == "EXMPLE"
