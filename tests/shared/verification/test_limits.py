"""Limits: exact over a sliding window, and a refusal spends nothing."""

import json
from itertools import count

import pytest

from shared.errors import IncorrectCode, RateLimited
from shared.policy import Limit
from tests.counts import counts
from tests.user import PHONE

NO_LIMITS = {"OTP_RESEND_SECONDS": "0", "OTP_MAX_SENDS": "10", "OTP_LIMIT_TO": "1000/1h"}
NO_LIMITS["OTP_LIMIT_IP"] = "1000/1h"


@pytest.fixture
def ask(user):
    """Ask for somebody who was not asked for before, unless `to` is given. (scope, seconds to
    wait) of a refusal, None of a send."""
    numbers = count(100)

    def ask(to=None, **who) -> tuple[str, int] | None:
        try:
            user.ask(to or f"+14155550{next(numbers)}", **who)
        except RateLimited as refused:
            return refused.scope, refused.retry_after
        return None

    return ask


@pytest.mark.parametrize(
    ("env", "scope", "same"),
    [
        ({**NO_LIMITS, "OTP_LIMIT_TO": "3/10m"}, "to", {"to": PHONE}),
        ({**NO_LIMITS, "OTP_LIMIT_IP": "3/10m"}, "ip", {}),
        ({**NO_LIMITS, "OTP_LIMIT_APP": "3/10m"}, "app", {}),
        ({**NO_LIMITS, "OTP_LIMIT_COUNTRY": "3/10m"}, "country", {}),
        ({**NO_LIMITS, "OTP_LIMIT_RANGE": "3/10m"}, "range", {}),
        ({**NO_LIMITS, "OTP_LIMIT_GLOBAL": "3/10m"}, "global", {}),
    ],
)
class TestEveryScope:
    def test_counts_exactly_over_a_sliding_window(self, ask, clock, scope, same):
        for _ in range(3):  # At 0, 100 and 200 s.
            assert ask(**same) is None
            clock.shift(100)
        assert ask(**same) == (scope, clock.left(300))
        clock.shift(295)
        assert ask(**same) == (scope, clock.left(5))
        clock.shift(5)
        assert ask(**same) is None
        assert ask(**same) == (scope, clock.left(100))
        clock.shift(100)
        assert ask(**same) is None

    def test_says_which_limit_was_reached(self, user, same, scope):
        for number in range(100, 103):
            user.ask(same.get("to", f"+14155550{number}"))
        with pytest.raises(RateLimited) as refused:
            user.ask(same.get("to", "+14155550103"))
        assert refused.value.scope == scope
        assert refused.value.limit == Limit(count=3, window_seconds=600)


@pytest.mark.parametrize(
    ("env", "others"),
    [
        ({**NO_LIMITS, "OTP_LIMIT_TO": "1/10m"}, {}),
        ({**NO_LIMITS, "OTP_LIMIT_TO": "1/10m"}, {"to": PHONE, "app": "other"}),
        ({**NO_LIMITS, "OTP_LIMIT_IP": "1/10m"}, {"ip": "192.0.2.2"}),
        ({**NO_LIMITS, "OTP_LIMIT_IP": "1/10m"}, {"app": "other"}),
        ({**NO_LIMITS, "OTP_LIMIT_APP": "1/10m"}, {"app": "other"}),
        ({**NO_LIMITS, "OTP_LIMIT_RANGE": "1/10m"}, {"to": "+14155560123"}),
        ({**NO_LIMITS, "OTP_LIMIT_RANGE": "1/10m"}, {"to": "a@example.com"}),
        ({**NO_LIMITS, "OTP_LIMIT_RANGE": "1/10m"}, {"to": PHONE, "app": "other"}),
        ({**NO_LIMITS, "OTP_LIMIT_COUNTRY": "1/10m"}, {"to": PHONE, "app": "other"}),
        ({**NO_LIMITS, "OTP_LIMIT_COUNTRY": "1/10m"}, {"to": "+4915112345678"}),
    ],
)
def test_others_are_not_limited(ask, others):
    assert ask(PHONE) is None
    assert ask(PHONE) is not None
    assert ask(**others) is None


@pytest.mark.parametrize("env", [{**NO_LIMITS, "OTP_LIMIT_IP": "1/1h"}])
@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("2001:db8::1", "2001:db8::ffff:0:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_an_ipv6_customer_is_a_whole_64(ask, first, second, alike, clock):
    assert ask(ip=first) is None
    assert (ask(ip=second) == ("ip", clock.left(3600))) is alike


@pytest.mark.parametrize("env", [{**NO_LIMITS, "OTP_LIMIT_IP": "2/1m 3/10m"}])
def test_of_several_windows_each_one_holds(ask, clock):
    assert ask() is None
    assert ask() is None
    assert ask() == ("ip", clock.left(60))
    clock.shift(60)
    assert ask() is None
    assert ask() == ("ip", clock.left(540))


@pytest.mark.parametrize("env", [{}])
def test_the_defaults_for_one_recipient(ask, clock):
    """5 in 10 minutes, 10 in an hour."""
    sent = []
    for minute in range(60):
        if ask(PHONE) is None:
            sent.append(minute)
        clock.shift(60)
    assert sent == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]


@pytest.mark.parametrize(
    "env",
    [{**NO_LIMITS, "OTP_LIMIT_TO": "2/1h", "OTP_LIMIT_IP": "3/1h", "OTP_LIMIT_GLOBAL": "4/1h"}],
)
def test_a_refusal_spends_nothing_of_any_limit(ask, clock):
    assert ask(PHONE) is None
    assert ask(PHONE) is None
    for _ in range(10):
        assert ask(PHONE) == ("to", clock.left(3600))
    assert ask() is None
    for _ in range(10):
        assert ask() == ("ip", clock.left(3600))
    assert ask(ip="192.0.2.2") is None
    assert ask(ip="192.0.2.2") == ("global", clock.left(3600))


@pytest.mark.parametrize("env", [{**NO_LIMITS, "OTP_LIMIT_GLOBAL": "1/1h"}])
def test_a_refusal_leaves_nothing_but_its_reason(ask, redis, clock):
    assert ask() is None
    before = {key: redis.dump(key) for key in redis.keys() if not is_a_count(key)}
    assert ask() == ("global", clock.left(3600))
    after = {key: redis.dump(key) for key in redis.keys() if not is_a_count(key)}
    reason = json.loads(redis.lindex("otp:refusals", 0))
    assert after.keys() - before.keys() == {b"otp:refusals"}
    assert {key: after[key] for key in before} == before
    assert reason.pop("at") > 0
    assert reason == {
        "rule": "global",
        "app": "default",
        "to": "+1415*****01",
        "subject": "all",
        "value": 1,
        "threshold": 1,
        "window_ms": 3600000,
    }
    assert counts(redis)["refused:global"] == 1


def is_a_count(key: bytes) -> bool:
    return key.startswith((b"otp:stats:", b"otp:counts", b"otp:events"))


@pytest.mark.parametrize("redis", ["fake"], indirect=True)
@pytest.mark.parametrize("env", [{**NO_LIMITS, "OTP_LIMIT_IP": "1/10m"}])
def test_a_window_ends_in_its_millisecond(ask, clock):
    assert ask() is None
    clock.shift(599.999)
    assert ask() == ("ip", clock.left(1))
    clock.shift(0.001)
    assert ask() is None


@pytest.mark.parametrize("env", [{**NO_LIMITS, "OTP_LIMIT_IP": "2/1h 2/1m"}])
def test_of_several_windows_that_are_full_the_longest_wait_is_told(ask, clock):
    assert ask() is None
    assert ask() is None
    assert ask() == ("ip", clock.left(3600))


@pytest.mark.parametrize("env", [{**NO_LIMITS, "OTP_LIMIT_IP": "2/1m 5/10m"}])
def test_no_more_times_are_kept_than_the_largest_count(ask, clock, redis):
    for _ in range(12):
        assert ask() is None
        clock.shift(125)
    (key,) = redis.keys("otp:limit:ip:*")
    assert redis.llen(key) == 5


def test_the_address_of_the_client_is_not_in_redis(ask, redis):
    ask(ip="192.0.2.77")
    assert not [key for key in redis.keys() if b"192.0.2.77" in key]


@pytest.mark.parametrize(
    "addresses",
    [
        ("ann@example.com", "ann+1@example.com", "ANN+2@example.com", "ann+a+b@example.com"),
        ("ann@gmail.com", "a.nn@gmail.com", "a.n.n+1@gmail.com", "ann@googlemail.com"),
        ("+5491123456789", "+541123456789", "+54 11 15 2345-6789", "+54 (9 11) 2345-6789"),
    ],
    ids=lambda addresses: addresses[0],
)
@pytest.mark.parametrize(
    "env", [{**NO_LIMITS, "OTP_LIMIT_TO": "3/10m", "OTP_LIMIT_RANGE": "3/10m"}]
)
def test_one_mailbox_or_phone_is_one_recipient(ask, addresses, clock):
    for to in addresses[:3]:
        assert ask(to) is None
    assert ask(addresses[3]) == ("to", clock.left(600))
    # A plain address counts as it did.
    assert ask("bob@example.com") is None


@pytest.mark.parametrize("env", [NO_LIMITS])
def test_a_message_goes_to_the_address_as_it_was_typed(user, run_worker, sender):
    for to in ("a.nn+1@gmail.com", "ann@gmail.com", "+5491123456789"):
        started = user.ask(to)
        run_worker()
        assert sender.messages[-1].to == to
        user.type(user.code(started), to)


@pytest.mark.parametrize("env", [NO_LIMITS])
def test_a_code_for_one_address_of_a_mailbox_is_none_for_another(user):
    started = user.ask("ann+1@example.com")
    user.ask("ann@example.com")
    with pytest.raises(IncorrectCode):
        user.type(user.code(started), "ann@example.com")
    user.type(user.code(started), "ann+1@example.com")
