"""How many events an endpoint gets, by how it has answered."""

import pytest

from shared.delivery.webhooks import LEASE_SECONDS
from tests.conftest import EVERY_REDIS, redis_of
from tests.shared.delivery.events import ENV, ask_many, delivered, failed
from tests.user import OTHER_PHONE

redis = redis_of(*EVERY_REDIS)


@pytest.fixture
def env():
    return ENV


def test_an_endpoint_that_has_not_answered_is_tried_with_one_event(user, webhooks, clock):
    ask_many(user, 3)
    taken = webhooks.take(10)
    (first,), next_in = taken.events, taken.next_in_seconds
    assert first.is_probe
    assert next_in > LEASE_SECONDS - 5
    assert webhooks.take(10).events == []
    webhooks.settle([delivered(first)])
    others = webhooks.take(10).events
    assert [other.is_probe for other in others] == [False, False]


def test_an_endpoint_gets_one_more_at_a_time_for_each_that_it_took(user, webhooks):
    ask_many(user, 40)
    sizes = []
    while events := webhooks.take(100).events:
        sizes.append(len(events))
        webhooks.settle(map(delivered, events))
    assert sizes == [1, 2, 4, 8, 16, 9]


def test_an_endpoint_gets_no_more_than_32_at_a_time(user, webhooks, redis):
    ask_many(user, 40)
    redis.hset("otp:webhooks:endpoint:default", "successes", 1000)
    redis.rename("otp:webhooks:unproven", "otp:webhooks")
    taken = webhooks.take(100)
    events, next_in = taken.events, taken.next_in_seconds
    assert len(events) == 32
    assert next_in == 0
    under_way = {"default": 32}
    taken = webhooks.take(100, under_way=under_way)
    others, next_in = taken.events, taken.next_in_seconds
    assert others == []
    assert next_in > 0
    assert len(webhooks.take(100, under_way={"default": 30}).events) == 2


def test_apps_take_turns(user, webhooks, redis):
    ask_many(user, 5, app="busy")
    user.ask(app="quiet")
    for app in ("busy", "quiet"):
        redis.hset(f"otp:webhooks:endpoint:{app}", "successes", 2)
    redis.rename("otp:webhooks:unproven", "otp:webhooks")
    redis.zadd("otp:webhooks", {"busy": 0, "quiet": 1})
    assert [event.app for event in webhooks.take(2).events] == ["busy", "busy"]
    assert [event.app for event in webhooks.take(2).events] == ["quiet", "busy"]


def test_only_so_many_unproven_endpoints_are_tried(user, webhooks):
    for n in range(5):
        user.ask(app=f"app-{n}")
    taken = webhooks.take(10, most_probes=2)
    events, next_in = taken.events, taken.next_in_seconds
    assert [event.app for event in events] == ["app-0", "app-1"]
    # They wait for a place, and not for a time.
    assert (next_in > 5, taken.left) == (True, 3)
    assert len(webhooks.take(10, most_probes=4).events) == 3


@pytest.mark.parametrize("env", [{**ENV, "OTP_TTL_SECONDS": "3600"}])
def test_an_endpoint_rests_twice_as_long_after_each_failure(user, webhooks, clock):
    user.ask()
    rests = []
    for _ in range(8):
        (event,) = webhooks.take(10).events
        webhooks.settle([failed(event)])
        next_in = webhooks.take(10).next_in_seconds
        rests.append(next_in)
        clock.shift(next_in + 0.01)
    assert rests == pytest.approx([5, 10, 20, 40, 80, 160, 300, 300], abs=2)


def test_of_events_that_fail_together_one_counts(user, webhooks, told, clock):
    ask_many(user, 8)
    told()
    ask_many(user, 8, first=100)
    events = webhooks.take(10).events
    assert len(events) == 8
    webhooks.settle(map(failed, events))
    next_in = webhooks.take(10).next_in_seconds
    assert next_in == pytest.approx(5, abs=2)


def test_an_endpoint_that_recovers_gets_what_waits(user, webhooks, told, clock):
    ask_many(user, 8)
    (event,) = webhooks.take(10).events
    webhooks.settle([failed(event)])
    assert told() == []
    clock.shift(6)
    assert len(told()) == 8


def test_a_new_event_waits_while_the_endpoint_rests(user, webhooks, told, clock):
    user.ask()
    (event,) = webhooks.take(10).events
    webhooks.settle([failed(event, retry_in_seconds=60)])
    user.ask(OTHER_PHONE)
    assert told() == []
    clock.shift(6)
    assert [one.data["to"] for one in told()] == ["+1415*****99"]


def test_an_event_that_is_sent_again_does_not_wait_for_the_endpoint(user, webhooks, clock):
    ask_many(user, 3)
    (event,) = webhooks.take(10).events
    webhooks.settle([failed(event, retry_in_seconds=60)])
    webhooks.resend(event.id)
    (again,) = webhooks.take(10).events
    assert again.id == event.id


def test_an_event_that_was_put_back_frees_its_endpoint(user, webhooks, clock):
    ask_many(user, 2)
    (event,) = webhooks.take(10).events
    webhooks.put(event.id, 60)
    (other,) = webhooks.take(10).events
    assert other.id != event.id
