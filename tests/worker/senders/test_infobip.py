"""infobip:// against Infobip as its documentation describes it."""

import pytest

from shared import signatures
from tests.providers import infobip
from tests.providers.infobip import KEY, Infobip
from tests.worker.senders.conftest import failure_of, make_message, played_by
from worker.senders.conformance.servers import Reply
from worker.senders.infobip import InfobipSender

SEND = "VE0123456789abcdef0123456789abcdef-1"
RECEIPT_URL = f"https://otp.example.com/receipts/infobip?send={SEND}&attempt=1"


def sender_for(address: str, key: str = KEY, origin: str = "+15005550006") -> InfobipSender:
    return InfobipSender.from_url(f"infobip://{key}@xyz12?from={origin}&api=http://{address}")


provider = played_by(Infobip)


def test_sends_an_sms(provider):
    address, infobip = provider
    assert sender_for(address).send(make_message(receipt_url=RECEIPT_URL)) == SEND
    token = signatures.infobip_token(KEY, f"{SEND}-1")
    assert infobip.taken == [
        {
            "sender": "15005550006",
            "destinations": [{"to": "14155550123", "messageId": SEND}],
            "content": {"text": "739158 is your Test code."},
            "options": {"validityPeriod": {"amount": 240, "timeUnit": "SECONDS"}},
            "webhooks": {
                "delivery": {"url": f"{RECEIPT_URL}&token={token}"},
                "contentType": "application/json",
            },
        }
    ]


@pytest.mark.parametrize(("life", "seconds"), [(0, 1), (1, 1), (3600, 3600)])
def test_validity_is_the_remaining_life(provider, life, seconds):
    address, infobip = provider
    sender_for(address).send(make_message(expires_in=life))
    validity = infobip.taken[0]["options"]["validityPeriod"]
    assert validity == {"amount": seconds, "timeUnit": "SECONDS"}


def test_sends_from_a_name_and_without_receipts(provider):
    address, infobip = provider
    sender_for(address, origin="Example").send(make_message())
    [message] = infobip.taken
    assert message["sender"] == "Example"
    assert "webhooks" not in message


def test_the_address_for_receipts_shows_neither_the_key_nor_another_attempts_token(provider):
    address, infobip = provider
    messages = [
        make_message(attempt=f"{SEND}-{n}", idempotency_key=f"{SEND}{n}", receipt_url=RECEIPT_URL)
        for n in (1, 2)
    ]
    for message in messages:
        sender_for(address).send(message)
    urls = {message["webhooks"]["delivery"]["url"] for message in infobip.taken}
    assert len(urls) == 2
    assert KEY not in "".join(urls)


def test_a_repeated_message_is_accepted_once(provider):
    address, infobip = provider
    ids = {sender_for(address).send(make_message()) for _ in range(2)}
    assert ids == {SEND}
    assert len(infobip.taken) == 1


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("REJECTED_PREFIX_MISSING", "invalid_recipient"),
        ("REJECTED_DND", "invalid_recipient"),
        ("REJECTED_DESTINATION_BLOCKLISTED", "invalid_recipient"),
        ("MISSING_TO", "invalid_recipient"),
        ("REJECTED_DESTINATION", "invalid_recipient"),
        ("REJECTED_NETWORK", "refused"),
        ("REJECTED_SOURCE", "refused"),
        ("REJECTED_NOT_ENOUGH_CREDITS", "refused"),
        ("REJECTED_SENDER", "refused"),
        ("REJECTED_PREPAID_PACKAGE_EXPIRED", "refused"),
        ("REJECTED_DESTINATION_NOT_REGISTERED", "refused"),
        ("REJECTED_ROUTE_NOT_AVAILABLE", "refused"),
        ("REJECTED_FLOODING_FILTER", "refused"),
        ("REJECTED_SYSTEM_ERROR", "refused"),
        ("REJECTED_MESSAGE_TOO_LONG", "refused"),
        ("SIGNALS_BLOCKED", "refused"),
        ("UNDELIVERABLE_REJECTED_PLATFORM", "refused"),
    ],
)
def test_says_what_a_documented_status_means(http_server, name, failure):
    address, _ = http_server(lambda _: infobip.rejected(name))
    error = failure_of(sender_for(address))
    assert (error.failure, error.error) == (failure, f"infobip_{name}")


@pytest.mark.parametrize(
    ("group", "permanent", "failure"),
    [
        (1, True, "invalid_recipient"),
        (1, False, "refused"),
        (2, True, "refused"),
        (3, False, "refused"),
        (3, True, "refused"),
    ],
)
def test_a_permanent_error_of_the_handset_is_of_the_recipient(
    http_server, group, permanent, failure
):
    reply = infobip.rejected("REJECTED_NETWORK", groupId=group, permanent=permanent)
    address, _ = http_server(lambda _: reply)
    assert failure_of(sender_for(address)).failure == failure


@pytest.mark.parametrize(
    ("reply", "failure", "error"),
    [
        (infobip.refusal(400, "E400"), "refused", "infobip_E400"),
        (
            infobip.refusal(400, "E400", "messages[0].destinations[0].to"),
            "invalid_recipient",
            "infobip_E400",
        ),
        (infobip.refusal(403, "E403"), "refused", "infobip_E403"),
        (infobip.refusal(429, "E429"), "transient", "infobip_E429"),
        (infobip.refusal(500, "E500"), "unknown", "infobip_E500"),
        (infobip.refusal(503, "E503"), "transient", "infobip_E503"),
        (Reply(status=403, body=b"<html>"), "refused", "infobip_http_403"),
        (Reply(status=429), "transient", "infobip_http_429"),
        (Reply(status=502), "unknown", "infobip_http_502"),
        (Reply(status=200, body=b'{"messages": []}'), "unknown", "infobip_http_200"),
        (infobip.rejected("the code is 739158"), "unknown", "infobip_http_200"),
    ],
)
def test_says_what_another_answer_means(http_server, reply, failure, error):
    address, _ = http_server(lambda _: reply)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, error)


def test_refuses_a_wrong_key(provider):
    address, _ = provider
    error = failure_of(sender_for(address, "other"))
    assert (error.failure, error.error) == ("refused", "infobip_E401")


@pytest.mark.parametrize("base", ["xyz12", "xyz12.api.infobip.com"])
def test_reaches_the_accounts_own_host(base):
    sender = InfobipSender.from_url(f"infobip://{KEY}@{base}?from=Example")
    assert sender.api == "https://xyz12.api.infobip.com"


EXPECTED = "expected infobip://API_KEY@BASE[?]from=FROM"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("infobip://xyz12?from=Example", EXPECTED),
        (f"infobip://{KEY}@?from=Example", EXPECTED),
        (f"infobip://{KEY}@evil.example?from=Example", EXPECTED),
        (f"infobip://{KEY}@xyz12", EXPECTED),
        (f"infobip://{KEY}@xyz12?from=12345678901234567", EXPECTED),
        (f"infobip://{KEY}:more@xyz12?from=Example", EXPECTED),
        (f"infobip://{KEY}@xyz12:443?from=Example", EXPECTED),
        (f"infobip://{KEY}@xyz12/path?from=Example", EXPECTED),
        (f"infobip://{KEY}@xyz12?from=Example&api=ftp://127.0.0.1", "api=https://host"),
        (f"infobip://{KEY}@xyz12?from=Example&validity=5", "use only these options"),
    ],
)
def test_names_what_is_wrong_in_a_url(url, named):
    with pytest.raises(ValueError, match=named) as error:
        InfobipSender.from_url(url)
    assert "hunter22" not in str(error.value)


@pytest.mark.parametrize(
    ("origin", "sent"), [("EXMPLE", "EXMPLE"), ("+15005550001", "15005550001")]
)
def test_sends_as_the_route_of_the_country_says(provider, origin, sent):
    address, infobip = provider
    sender_for(address).send(
        make_message(from_number=origin, dlt_entity="1101", dlt_template="1107")
    )
    [message] = infobip.taken
    assert message["sender"] == sent
    assert message["options"]["regional"] == {
        "indiaDlt": {"principalEntityId": "1101", "contentTemplateId": "1107"}
    }
