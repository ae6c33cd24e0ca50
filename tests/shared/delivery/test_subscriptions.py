"""What a worker has to confirm waits for an hour at most."""

import pytest

from shared.delivery.subscriptions import Subscriptions
from shared.storage import keys
from shared.storage.scripts import Scripts

TOPIC, OTHER = (f"arn:aws:sns:eu-west-1:123456789012:{name}" for name in ("sixpost", "other"))


@pytest.fixture
def subscriptions(redis):
    return Subscriptions(Scripts(redis))


def test_waits_until_it_is_settled(subscriptions):
    subscriptions.ask(TOPIC, "0123")
    subscriptions.ask(OTHER, "4567")
    assert subscriptions.waiting() == {TOPIC: "0123", OTHER: "4567"}
    subscriptions.settle(TOPIC)
    assert subscriptions.waiting() == {OTHER: "4567"}


def test_the_newest_token_of_a_topic_counts(subscriptions):
    subscriptions.ask(TOPIC, "0123")
    subscriptions.ask(TOPIC, "4567")
    assert subscriptions.waiting() == {TOPIC: "4567"}


def test_a_token_is_gone_after_an_hour(subscriptions, redis):
    subscriptions.ask(TOPIC, "0123")
    assert 3590 < redis.ttl(keys.SUBSCRIPTIONS) <= 3600
