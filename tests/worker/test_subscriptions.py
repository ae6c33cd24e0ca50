"""Workers confirm subscriptions to the topics of their senders, at SNS and nowhere else."""

from urllib.parse import parse_qs

import pytest

from shared.delivery.subscriptions import Subscriptions
from shared.storage.scripts import Scripts
from tests.fake_redis import fake_redis
from tests.providers.sns import TOKEN, TOPIC
from worker.senders.conformance.servers import HttpServer, Reply, nobody, serving
from worker.subscriptions import Confirmer, sns_of, topics

OTHER = TOPIC.replace("sixpost", "other")
CONFIRMED = b"<ConfirmSubscriptionResponse/>"


@pytest.fixture
def subscriptions():
    with fake_redis() as redis:
        found = Subscriptions(Scripts(redis))
        found.ask(TOPIC, TOKEN)
        yield found


def confirm(subscriptions, address) -> bool:
    return Confirmer(subscriptions, {TOPIC}, lambda _topic: f"http://{address}/").confirm()


def test_confirms_a_subscription(subscriptions, caplog):
    caplog.set_level("INFO", "otp.worker")
    server = HttpServer(lambda _: Reply(body=CONFIRMED))
    with serving(server) as address:
        assert confirm(subscriptions, address)
        assert confirm(subscriptions, address)
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/")
    assert parse_qs(request.body.decode()) == {
        "Action": ["ConfirmSubscription"],
        "Version": ["2010-03-31"],
        "TopicArn": [TOPIC],
        "Token": [TOKEN],
    }
    assert [record.message for record in caplog.records] == ["subscription_confirmed"]
    assert TOKEN not in caplog.text


def test_confirms_no_topic_that_no_sender_has(subscriptions):
    subscriptions.settle(TOPIC)
    subscriptions.ask(OTHER, TOKEN)
    server = HttpServer(lambda _: Reply(body=CONFIRMED))
    with serving(server) as address:
        confirm(subscriptions, address)
    assert server.requests == []


def test_follows_no_redirect(subscriptions):
    trap = HttpServer(lambda _: Reply(body=CONFIRMED))
    with serving(trap) as trap_address:
        reply = Reply(status=307, headers={"Location": f"http://{trap_address}/"})
        with serving(HttpServer(lambda _: reply)) as address:
            confirm(subscriptions, address)
    assert trap.requests == []
    assert subscriptions.waiting() == {}


@pytest.mark.parametrize(
    ("status", "left"), [(400, {}), (403, {}), (429, {TOPIC: TOKEN}), (500, {TOPIC: TOKEN})]
)
def test_tries_again_if_sns_may_take_it_later(subscriptions, status, left, caplog):
    with serving(HttpServer(lambda _: Reply(status=status))) as address:
        assert confirm(subscriptions, address) is not bool(left)
    assert [record.message for record in caplog.records] == ["subscription_not_confirmed"]
    assert caplog.records[0].error == str(status)
    assert subscriptions.waiting() == left


def test_tries_again_without_a_connection(subscriptions):
    assert not confirm(subscriptions, nobody())
    assert subscriptions.waiting() == {TOPIC: TOKEN}


def test_knows_where_sns_is():
    assert sns_of(TOPIC) == "https://sns.eu-west-1.amazonaws.com/"


URL = "https://otp.example.com"
AWS = "aws://AKIAIOSFODNN7EXAMPLE:secret@eu-west-1?configuration_set=otp"


@pytest.mark.parametrize(
    ("env", "found"),
    [
        ({"OTP_PUBLIC_URL": URL, "OTP_SMS_SENDERS": f"{AWS}&topic={TOPIC}"}, {TOPIC}),
        (
            {
                "OTP_PUBLIC_URL": URL,
                "OTP_SMS_SENDERS": f"{AWS}&topic={TOPIC}",
                "OTP_APPS": f"[shop]\nsms_senders = '{AWS}&topic={OTHER}'",
            },
            {TOPIC, OTHER},
        ),
        ({"OTP_PUBLIC_URL": URL, "OTP_SMS_SENDERS": AWS}, set()),
        ({"OTP_PUBLIC_URL": URL}, set()),
        ({"OTP_SMS_SENDERS": f"{AWS}&topic={TOPIC}"}, set()),
    ],
)
def test_confirms_only_where_receipts_can_arrive(settings, found):
    assert topics(settings) == found
