"""vonage:// against Vonage as its documentation describes it."""

import base64
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.providers import vonage
from tests.providers.vonage import ACCOUNT, APPLICATION, MESSAGE_ID, PRIVATE_KEY, Vonage
from tests.worker.senders.conftest import failure_of, make_message, played_by
from worker.senders.conformance.servers import Reply
from worker.senders.vonage import VonageSender

RECEIPT_URL = "https://otp.example.com/receipts/vonage?send=VE0123-1&attempt=1"
ATTEMPT = "VE0123456789abcdef0123456789abcdef-1-1"


def sender_for(address: str, login: str = ACCOUNT, more: str = "") -> VonageSender:
    return VonageSender.from_url(f"vonage://{login}@+15005550006?api=http://{address}{more}")


provider = played_by(Vonage)


def test_sends_an_sms_as_the_account(provider):
    address, vonage = provider
    sender = sender_for(address, more="&signature_secret=hunter22")
    assert sender.send(make_message(receipt_url=RECEIPT_URL)) == MESSAGE_ID
    assert vonage.taken == [
        {
            "channel": "sms",
            "message_type": "text",
            "from": "15005550006",
            "to": "14155550123",
            "text": "739158 is your Test code.",
            "ttl": 240,
            "client_ref": ATTEMPT,
            "webhook_url": RECEIPT_URL,
            "webhook_version": "v1",
        }
    ]


def test_sends_as_an_application(provider):
    address, vonage = provider
    sender = sender_for(address, APPLICATION, f"&private_key={PRIVATE_KEY}")
    for _ in range(2):
        assert sender.send(make_message()) == MESSAGE_ID
    first, second = vonage.tokens
    assert first.keys() == {"application_id", "iat", "exp", "jti"}
    assert first["exp"] == first["iat"] + 900
    assert abs(first["iat"] - time.time()) < 30
    assert first["jti"] != second["jti"]


@pytest.mark.parametrize(("life", "ttl"), [(5, 20), (20, 20), (599, 599)])
def test_validity_is_the_remaining_life(provider, life, ttl):
    address, vonage = provider
    sender_for(address).send(make_message(expires_in=life))
    assert vonage.taken[0]["ttl"] == ttl


def test_asks_for_a_receipt_only_if_it_could_be_checked(provider):
    address, vonage = provider
    sender_for(address).send(make_message(receipt_url=RECEIPT_URL))
    assert "webhook_url" not in vonage.taken[0]


def test_sends_from_a_name(provider):
    address, vonage = provider
    url = f"vonage://{ACCOUNT}@Example?api=http://{address}"
    VonageSender.from_url(url).send(make_message())
    assert vonage.taken[0]["from"] == "Example"


@pytest.mark.parametrize("login", ["abcd1234:wrong", "other:hunter22"])
def test_refuses_a_wrong_login(provider, login):
    address, _ = provider
    error = failure_of(sender_for(address, login))
    assert (error.failure, error.error) == ("refused", "vonage_unauthorized")


@pytest.mark.parametrize(
    ("status", "code", "failure", "error"),
    [
        (402, "low-balance", "refused", "vonage_low_balance"),
        (401, "unauthorized", "refused", "vonage_unauthorized"),
        (403, "forbidden", "refused", "vonage_forbidden"),
        (404, "not-found", "refused", "vonage_not_found"),
        (422, "invalid-params", "refused", "vonage_invalid_params"),
        (429, "throttled", "transient", "vonage_throttled"),
        (429, 1000, "transient", "vonage_1000"),
        (422, 1010, "refused", "vonage_1010"),
        (422, 1020, "refused", "vonage_1020"),
        (500, 1030, "transient", "vonage_1030"),
        (422, 1040, "invalid_recipient", "vonage_1040"),
        (422, 1050, "invalid_recipient", "vonage_1050"),
        (403, 1060, "refused", "vonage_1060"),
        (402, 1070, "refused", "vonage_1070"),
        (500, 1100, "transient", "vonage_1100"),
        (422, 1120, "refused", "vonage_1120"),
        (422, 1130, "refused", "vonage_1130"),
        (422, 1160, "refused", "vonage_1160"),
        (422, 1170, "invalid_recipient", "vonage_1170"),
        (429, 1, "transient", "vonage_1"),
        (401, 4, "refused", "vonage_4"),
        (500, 5, "transient", "vonage_5"),
        (422, 6, "invalid_recipient", "vonage_6"),
        (422, 7, "invalid_recipient", "vonage_7"),
        (403, 8, "refused", "vonage_8"),
        (402, 9, "refused", "vonage_9"),
        (422, 34, "invalid_recipient", "vonage_34"),
        (500, "internal-error", "unknown", "vonage_internal_error"),
        (503, "unavailable", "transient", "vonage_unavailable"),
    ],
)
def test_says_what_a_documented_error_means(http_server, status, code, failure, error):
    address, _ = http_server(lambda _: vonage.refusal(status, code))
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, error)


@pytest.mark.parametrize(
    ("reply", "failure", "error"),
    [
        (Reply(status=403, body=b"<html>"), "refused", "vonage_http_403"),
        (Reply(status=429), "transient", "vonage_http_429"),
        (Reply(status=502), "unknown", "vonage_http_502"),
        (Reply(status=202, body=b'{"message_uuid": "739158"}'), "unknown", "vonage_http_202"),
        (Reply(status=422, body=b'{"type": "/x#739158"}'), "refused", "vonage_http_422"),
    ],
)
def test_says_what_an_undocumented_answer_means(http_server, reply, failure, error):
    address, _ = http_server(lambda _: reply)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, error)


def test_reaches_vonage():
    sender = VonageSender.from_url(f"vonage://{ACCOUNT}@+15005550006")
    assert sender.api == "https://api.nexmo.com"


def not_rsa() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(der).decode().replace("/", "%2F")


EXPECTED = "expected vonage://API_KEY:API_SECRET@FROM"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("vonage://+15005550006", EXPECTED),
        ("vonage://abcd1234@+15005550006", EXPECTED),
        (f"vonage://{ACCOUNT}@", EXPECTED),
        (f"vonage://{ACCOUNT}@12345678901234567", EXPECTED),
        (f"vonage://{ACCOUNT}@Example/path", EXPECTED),
        (f"vonage://{ACCOUNT}@Example:443", EXPECTED),
        (f"vonage://{ACCOUNT}@Example?signature_secret=", "signature_secret="),
        (f"vonage://{ACCOUNT}@Example?private_key=RSA_KEY", EXPECTED),
        (f"vonage://{APPLICATION}@Example", EXPECTED),
        (f"vonage://{APPLICATION}@Example?private_key=hunter22", "private_key="),
        (f"vonage://{APPLICATION}@Example?private_key=OTHER_KEY", "private_key="),
        (f"vonage://{APPLICATION}:more@Example?private_key=RSA_KEY", EXPECTED),
        (f"vonage://{ACCOUNT}@Example?api=ftp://127.0.0.1", "api=https://host"),
        (f"vonage://{ACCOUNT}@Example?ttl=300", "use only these options"),
    ],
)
def test_names_what_is_wrong_in_a_url(url, named):
    url = url.replace("RSA_KEY", PRIVATE_KEY).replace("OTHER_KEY", not_rsa())
    with pytest.raises(ValueError, match=named) as error:
        VonageSender.from_url(url)
    assert error.value.__context__ is None
    assert "hunter22" not in str(error.value)


@pytest.mark.parametrize(
    ("origin", "sent"), [("EXMPLE", "EXMPLE"), ("+15005550001", "15005550001")]
)
def test_sends_as_the_route_of_the_country_says(provider, origin, sent):
    address, vonage = provider
    sender_for(address).send(
        make_message(from_number=origin, dlt_entity="1101", dlt_template="1107")
    )
    [message] = vonage.taken
    assert message["from"] == sent
    assert message["sms"] == {"entity_id": "1101", "content_id": "1107"}
