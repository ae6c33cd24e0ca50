"""The rate limits of a Service: which there can be, and what they let through."""

from collections import Counter as Tally
from dataclasses import replace

import pytest

from shared.errors import RateLimited, RateLimitNotFound, RateLimitRefused, StorageUnavailable
from shared.verification.model import Started
from shared.verify_v2.rate_limits import MOST_BUCKETS, MOST_LIMITS, RateLimits
from tests.conftest import EVERY_REDIS, redis_of
from tests.counts import counts
from tests.shared.verification.test_races import at_once

redis = redis_of(*EVERY_REDIS)

SERVICE = "VA" + 32 * "a"
OTHER_SERVICE = "VA" + 32 * "b"
IP = "198.51.100.7"


@pytest.fixture
def env() -> dict[str, str]:
    free = ("OTP_LIMIT_TO", "OTP_LIMIT_IP")
    return {"OTP_RESEND_SECONDS": "0", **dict.fromkeys(free, "none")}


@pytest.fixture
def limits(scripts) -> RateLimits:
    return RateLimits(scripts)


@pytest.fixture
def per_ip(limits):
    """Make a limit with these buckets of (max, interval)."""

    def make(*buckets: tuple[int, int], name: str = "end_user_ip", service: str = SERVICE):
        sid = limits.add(service, name, "").sid
        for most, interval in buckets:
            limits.add_bucket(service, sid, most, interval)
        return limits.find(service, sid)

    return make


@pytest.fixture
def ask(user, terms_of):
    """Ask for a code for the nth number, which counts for these values of limits."""

    def ask(n: int, *counted, service: str = SERVICE) -> Started:
        values = [limit.counting(value) for limit, value in counted]
        terms = replace(terms_of("shop"), extra_limits=values)
        return user.ask(f"+1415555{n:04}", app=service, terms=terms)

    return ask


def reason(call, *args) -> str:
    with pytest.raises(RateLimitRefused) as refused:
        call(*args)
    return refused.value.reason


def test_what_is_added_is_there_in_its_order(limits):
    first = limits.add(SERVICE, "end_user_ip", "By the address")
    second = limits.add(SERVICE, "session.id", "")
    assert [limit.unique_name for limit in limits.of(SERVICE)] == ["end_user_ip", "session.id"]
    assert limits.find(SERVICE, first.sid) == first
    assert first.sid[:2] == "RK"
    assert (len(first.sid), first.description, first.buckets) == (34, "By the address", ())
    minute = limits.add_bucket(SERVICE, first.sid, 5, 60)
    hour = limits.add_bucket(SERVICE, first.sid, 20, 3600)
    assert limits.find(SERVICE, first.sid).buckets == (minute, hour)
    assert (minute.sid[:2], len(minute.sid), minute.max, minute.interval) == ("BL", 34, 5, 60)
    assert limits.find(SERVICE, second.sid).buckets == ()


def test_what_is_changed_keeps_the_rest(limits, per_ip):
    limit = per_ip((5, 60), (20, 3600))
    minute, hour = limit.buckets
    described = limits.describe(SERVICE, limit.sid, "new")
    assert replace(described, description="", updated_at=limit.updated_at) == limit
    changed = limits.change_bucket(SERVICE, limit.sid, minute.sid, 7, None)
    assert (changed.sid, changed.max, changed.interval) == (minute.sid, 7, 60)
    changed = limits.change_bucket(SERVICE, limit.sid, minute.sid, None, 30)
    assert (changed.sid, changed.max, changed.interval) == (minute.sid, 7, 30)
    assert limits.find(SERVICE, limit.sid).buckets == (changed, hour)


def test_what_is_removed_is_gone(limits, per_ip):
    limit, other = per_ip((5, 60), (20, 3600)), per_ip(name="session")
    minute, hour = limit.buckets
    limits.remove_bucket(SERVICE, limit.sid, minute.sid)
    assert limits.find(SERVICE, limit.sid).buckets == (hour,)
    limits.remove(SERVICE, limit.sid)
    assert limits.of(SERVICE) == [other]


def test_nothing_is_found_where_it_does_not_belong(limits, per_ip):
    limit, other = per_ip((5, 60)), per_ip((5, 60), name="session")
    bucket, others = limit.buckets[0], other.buckets[0]
    for call in (
        lambda: limits.find(OTHER_SERVICE, limit.sid),
        lambda: limits.describe(OTHER_SERVICE, limit.sid, ""),
        lambda: limits.remove(OTHER_SERVICE, limit.sid),
        lambda: limits.add_bucket(OTHER_SERVICE, limit.sid, 1, 1),
        lambda: limits.change_bucket(OTHER_SERVICE, limit.sid, bucket.sid, 1, 1),
        lambda: limits.remove_bucket(OTHER_SERVICE, limit.sid, bucket.sid),
        lambda: limits.change_bucket(SERVICE, limit.sid, others.sid, 1, 1),
        lambda: limits.remove_bucket(SERVICE, limit.sid, others.sid),
    ):
        with pytest.raises(RateLimitNotFound):
            call()
    assert limits.of(SERVICE) == [limit, other]
    assert limits.of(OTHER_SERVICE) == []


def test_no_two_have_the_same_name_or_interval(limits, per_ip):
    limit = per_ip((5, 60), (20, 3600))
    minute, hour = limit.buckets
    assert reason(limits.add, SERVICE, "end_user_ip", "") == "name_taken"
    assert reason(limits.add_bucket, SERVICE, limit.sid, 9, 60) == "interval_taken"
    assert reason(limits.change_bucket, SERVICE, limit.sid, hour.sid, 9, 60) == "interval_taken"
    assert limits.of(SERVICE) == [limit]
    assert limits.change_bucket(SERVICE, limit.sid, minute.sid, 9, 60).max == 9
    assert limits.add(OTHER_SERVICE, "end_user_ip", "").unique_name == "end_user_ip"


def test_there_are_only_so_many(limits, per_ip):
    made = [limits.add(SERVICE, f"limit{n}", "") for n in range(MOST_LIMITS)]
    assert reason(limits.add, SERVICE, "one.more", "") == "too_many_limits"
    assert reason(limits.add, SERVICE, "limit0", "") == "name_taken"
    for n in range(1, MOST_BUCKETS + 1):
        limits.add_bucket(SERVICE, made[0].sid, 1, n)
    assert reason(limits.add_bucket, SERVICE, made[0].sid, 1, 99) == "too_many_buckets"
    limits.remove(SERVICE, made[1].sid)
    limits.add(SERVICE, "one.more", "")


@pytest.mark.parametrize("redis", ["real"], indirect=True)
def test_one_of_twenty_that_add_the_same_name_does(limits):
    answers = at_once([lambda: limits.add(SERVICE, "end_user_ip", "")] * 20)
    refused = [answer for answer in answers if isinstance(answer, RateLimitRefused)]
    assert [error.reason for error in refused] == ["name_taken"] * 19
    assert len(limits.of(SERVICE)) == 1


@pytest.mark.parametrize("redis", ["real"], indirect=True)
def test_nothing_that_is_added_at_once_gets_lost(limits):
    at_once([lambda n=n: limits.add(SERVICE, f"limit{n}", "") for n in range(MOST_LIMITS)])
    assert len(limits.of(SERVICE)) == MOST_LIMITS


def test_they_live_as_long_as_their_service_does(limits, per_ip, redis):
    limit = per_ip((5, 60))
    key = f"otp:rate_limits:{SERVICE}"
    days = 86400
    assert 399 * days < redis.ttl(key) <= 400 * days
    redis.expire(key, 5)
    assert limits.find(SERVICE, limit.sid) == limit
    assert 399 * days < redis.ttl(key) <= 400 * days


def test_a_value_is_let_through_as_often_as_a_bucket_says(ask, per_ip, clock):
    limit = per_ip((3, 60))
    for n in range(100, 103):
        ask(n, (limit, IP))
        clock.shift(10)
    with pytest.raises(RateLimited) as limited:
        ask(103, (limit, IP))
    assert (limited.value.scope, limited.value.name) == ("rate_limit", "end_user_ip")
    assert str(limited.value.limit) == "3/1m"
    assert limited.value.retry_after == clock.left(30)
    # The window slides: one at a time is free again.
    clock.shift(30)
    ask(103, (limit, IP))
    with pytest.raises(RateLimited):
        ask(104, (limit, IP))


def test_the_strictest_bucket_counts(ask, per_ip, clock):
    limit = per_ip((2, 10), (3, 3600))
    for n in range(100, 102):
        ask(n, (limit, IP))
    with pytest.raises(RateLimited) as limited:
        ask(102, (limit, IP))
    assert str(limited.value.limit) == "2/10s"
    clock.shift(11)
    ask(102, (limit, IP))
    with pytest.raises(RateLimited) as limited:
        ask(103, (limit, IP))
    assert str(limited.value.limit) == "3/1h"


def test_other_values_limits_and_services_are_counted_by_themselves(ask, per_ip, limits):
    limit, other = per_ip((1, 60)), per_ip((1, 60), name="session")
    elsewhere = per_ip((1, 60), service=OTHER_SERVICE)
    ask(100, (limit, IP))
    ask(101, (limit, "198.51.100.8"))
    ask(102, (other, IP))
    ask(103, (elsewhere, IP), service=OTHER_SERVICE)
    with pytest.raises(RateLimited):
        ask(104, (limit, "198.51.100.9"), (other, IP))
    # Of what was refused nothing was counted.
    ask(104, (limit, "198.51.100.9"))


def test_what_is_sent_again_counts_too(ask, per_ip):
    limit = per_ip((2, 60))
    ask(100, (limit, IP))
    ask(100, (limit, IP))
    with pytest.raises(RateLimited) as limited:
        ask(100, (limit, IP))
    assert limited.value.scope == "rate_limit"


def test_without_a_bucket_nothing_is_limited(ask, per_ip, redis):
    limit = per_ip()
    for n in range(100, 105):
        ask(n, (limit, IP))
    assert redis.keys("otp:limit:rate_limit:*") == []


def test_no_value_is_kept_in_clear_or_longer_than_its_window(
    ask, per_ip, redis, everything_in_redis
):
    ask(100, (per_ip((5, 60), (5, 600)), IP))
    (key,) = redis.keys("otp:limit:rate_limit:*")
    assert 590 < redis.ttl(key) <= 600
    assert IP.encode() not in everything_in_redis()


def test_the_owner_sees_which_limit_refused(ask, per_ip, redis, everything_in_redis):
    limit = per_ip((1, 60))
    ask(100, (limit, IP))
    with pytest.raises(RateLimited):
        ask(101, (limit, IP))
    refusal = redis.lindex("otp:refusals", 0)
    assert b'"rule":"rate_limit"' in refusal
    assert b'"subject":"end_user_ip"' in refusal
    assert counts(redis)["refused:rate_limit"] == 1


@pytest.mark.parametrize("redis", ["real"], indirect=True)
def test_of_two_hundred_at_once_exactly_as_many_pass_as_may(ask, per_ip):
    limit = per_ip((37, 60), (100, 3600))

    def until_answered(n: int) -> Started:
        while True:
            try:
                return ask(n, (limit, IP))
            except StorageUnavailable:
                # So many threads have it wait for longer than a caller does.
                continue

    answers = at_once([lambda n=n: until_answered(n) for n in range(1000, 1200)])
    assert Tally(map(type, answers)) == {Started: 37, RateLimited: 163}
    assert {error.name for error in answers if isinstance(error, RateLimited)} == {"end_user_ip"}
