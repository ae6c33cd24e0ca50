"""The pumping guard, and the other rules that keep an owner's bill small."""

import json
from itertools import count

import pytest

from shared.errors import RateLimited, RecipientBlocked
from shared.verification.store import GuardCount
from tests.conftest import EVERY_REDIS, redis_of
from tests.counts import counts

redis = redis_of(*EVERY_REDIS)

FREE = {"OTP_LIMIT_IP": "100000/1h", "OTP_RESEND_SECONDS": "0"}
BLOCK = {**FREE, "OTP_GUARD": "block"}


@pytest.fixture
def ask(user):
    """Ask for the next number of a range; whether it was sent, and verified if it is to be."""
    numbers = count()

    def ask(prefix="+14155550", *, verify=False, **who) -> bool:
        to = f"{prefix}{next(numbers) % 1000:03}"
        try:
            started = user.ask(to, **who)
        except RecipientBlocked:
            return False
        if verify:
            user.type(user.code(started), to, app=who.get("app", "default"))
        return True

    return ask


def refusals(redis):
    return [json.loads(line) for line in redis.lrange("otp:refusals", 0, -1)]


@pytest.mark.parametrize("env", [BLOCK])
class TestARange:
    def test_is_held_when_nobody_in_it_verifies(self, ask):
        assert [ask() for _ in range(30)] == [True] * 20 + [False] * 10

    def test_others_are_not(self, ask):
        while ask():
            pass
        assert ask("+14155560")
        assert ask("+4915112345")

    def test_of_another_app_is_not(self, ask):
        while ask():
            pass
        assert ask(app="other")

    def test_is_not_held_while_enough_verify(self, ask):
        assert all(ask(verify=number % 10 == 0) for number in range(100))

    def test_is_held_as_soon_as_too_few_verify(self, ask):
        for number in range(20):
            ask(verify=number < 3)
        # Of 30 sent, 3 are a tenth; of 31 they are not.
        assert [ask() for _ in range(13)] == [True] * 11 + [False] * 2

    def test_lets_pass_who_has_verified_before(self, ask, user):
        first = user.ask("+14155550999")
        user.type(user.code(first), "+14155550999")
        while ask():
            pass
        assert user.ask("+14155550999").send == 1

    def test_says_why_it_is_held(self, ask, redis):
        while ask():
            pass
        (why,) = refusals(redis)
        assert why.pop("at") > 0
        assert why == {
            "rule": "guard_range",
            "app": "default",
            "subject": "+1415555",
            "value": 0,
            "threshold": 2,
            "window_ms": 86400000,
        }
        assert counts(redis)["refused:guard_range"] == 1

    @pytest.mark.parametrize("redis", ["fake"], indirect=True)
    def test_is_held_for_a_day_however_slow_the_pumping(self, ask, clock):
        sent = 0
        for _ in range(100):
            sent += ask()
            clock.shift(86400 / 100)
        assert sent == 20

    @pytest.mark.parametrize("redis", ["fake"], indirect=True)
    def test_is_let_go_when_the_messages_have_left_the_window(self, ask, clock):
        while ask():
            pass
        clock.shift(86400 - 3600)
        assert not ask()
        clock.shift(2 * 3600)
        assert ask()

    @pytest.mark.parametrize("redis", ["fake"], indirect=True)
    def test_keeps_no_more_counts_than_the_window_has_parts(self, ask, clock, redis):
        for _ in range(60):
            ask(verify=True)
            clock.shift(3600)
        assert redis.hlen("otp:guard:default:range:+1415555") <= 2 * 25 + 1


COUNTRY = {**BLOCK, "OTP_GUARD_RANGE": "1000/1d", "OTP_GUARD_COUNTRY": "20/1d"}
RANGE_NAME, COUNTRY_NAME = "default:range:+1415555", "default:country:US"


@pytest.mark.parametrize(
    ("env", "name"), [(BLOCK, RANGE_NAME), (COUNTRY, COUNTRY_NAME)], ids=["range", "country"]
)
class TestTheOwnerDecides:
    def test_that_what_is_held_is_released_at_once_and_watched_from_zero(self, ask, store, name):
        while ask():
            pass
        store.release_guard(name)
        assert [ask() for _ in range(25)] == [True] * 20 + [False] * 5

    def test_that_it_is_exempt_until_the_exemption_ends(self, ask, store, clock, name):
        while ask():
            pass
        store.exempt_guard(name, 3600)
        assert all(ask() for _ in range(50))
        clock.shift(3601)
        assert not ask()

    def test_that_an_exemption_ends_early(self, ask, store, name):
        store.exempt_guard(name, 3600)
        assert all(ask() for _ in range(50))
        store.exempt_guard(name, 0)
        # What went out meanwhile was not counted.
        assert [ask() for _ in range(25)] == [True] * 20 + [False] * 5

    def test_nothing_about_the_same_subject_of_another_app(self, ask, store, name):
        while ask(app="other"):
            pass
        store.release_guard(name)
        store.exempt_guard(name, 3600)
        assert not ask(app="other")

    def test_and_no_decision_stays_in_redis_for_ever(self, ask, store, redis, clock, name):
        ask()
        store.release_guard(name)
        store.exempt_guard(name, 30 * 86400)
        store.exempt_guard("default:country:DE", 3600)
        kept = redis.keys("otp:guard*")
        assert kept
        assert all(redis.ttl(key) > 0 for key in kept)
        clock.shift(30 * 86400 + 1)
        assert not redis.keys("otp:guard*")


@pytest.mark.parametrize("env", [COUNTRY])
def test_numbers_of_an_exempt_range_are_not_watched_for_their_country(ask, store):
    store.exempt_guard(RANGE_NAME, 3600)
    assert all(ask(verify=number % 2 == 0) for number in range(50))
    assert store.guards(COUNTRY_NAME) == [GuardCount(sent=0, verified=0)]
    while ask("+14155560"):
        pass
    assert ask()


@pytest.mark.parametrize("env", [{**BLOCK, "OTP_GUARD_COUNTRY": "10000/1d"}])
def test_a_range_of_an_exempt_country_is_watched_all_the_same(ask, store):
    store.exempt_guard(COUNTRY_NAME, 3600)
    assert [ask() for _ in range(25)] == [True] * 20 + [False] * 5


def test_what_the_guard_has_counted_can_be_seen(ask, store):
    ask(verify=True)
    ask()
    ask("+4915112345")
    assert set(store.guarded(most=10)) == {
        "default:range:+1415555",
        "default:country:US",
        "default:range:+491511234",
        "default:country:DE",
    }
    assert store.guards("default:range:+1415555", "default:country:US", "default:range:+1") == [
        GuardCount(sent=2, verified=1),
        GuardCount(sent=2, verified=1),
        GuardCount(sent=0, verified=0),
    ]
    assert store.guards() == []


@pytest.mark.parametrize("env", [{**BLOCK, "OTP_GUARD_COUNTRY": "30/1d"}])
def test_a_country_is_held_when_hardly_anybody_in_it_verifies(ask, redis):
    sent = [ask(f"+1415{number}0") for number in range(560, 600)]
    assert sent == [True] * 30 + [False] * 10
    assert {(r["rule"], r["subject"]) for r in refusals(redis)} == {("guard_country", "US")}
    assert ask("+4915112345")


@pytest.mark.parametrize(
    "env", [{**FREE, "OTP_GUARD": "monitor"}, {**FREE, "OTP_GUARD": "off"}, FREE]
)
def test_unless_it_blocks_the_guard_holds_nobody(ask):
    assert all(ask() for _ in range(50))


@pytest.mark.parametrize("env", [{**FREE, "OTP_GUARD": "off"}])
def test_a_guard_that_is_off_counts_nothing(ask, redis):
    ask()
    assert not redis.keys("otp:guard*")


@pytest.mark.parametrize("env", [BLOCK])
def test_e_mail_is_not_guarded(user, redis):
    for number in range(30):
        user.ask(f"a{number}@example.com")
    assert not redis.keys("otp:guard*")


@pytest.mark.parametrize("env", [{**FREE, "OTP_BUDGET": "sms:3 call:1"}])
class TestABudget:
    def test_is_per_channel_and_app(self, user, ask):
        assert all(ask() for _ in range(3))
        for channel in ("sms", "call"):
            if channel == "call":
                ask(channel="call")
            with pytest.raises(RateLimited) as refused:
                ask(channel=channel)
            assert refused.value.scope == "budget"
        assert ask(channel="whatsapp")
        assert ask(app="other")
        user.ask("a@example.com")

    @pytest.mark.parametrize("redis", ["fake"], indirect=True)
    def test_is_there_again_at_midnight_utc(self, ask, clock, redis):
        seconds, _ = redis.time()
        clock.shift(86400 - seconds % 86400 + 3600)
        for _ in range(3):
            ask()
        with pytest.raises(RateLimited) as refused:
            ask()
        assert refused.value.retry_after == 23 * 3600
        clock.shift(23 * 3600)
        assert ask()

    def test_a_refused_start_costs_nothing_of_it(self, ask, user):
        user.ask("+14155550999")
        for _ in range(2):
            ask()
        with pytest.raises(RateLimited):
            ask()
        assert ask(app="other")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+19002345678", "premium_rate"),
        ("+499001234567", "premium_rate"),
        ("+443331234567", None),
        ("+491801234567", "shared_cost"),
        ("+870773111632", "no_country"),
        ("+80012345678", "no_country"),
        ("+18765550123", None),
    ],
)
def test_numbers_that_cost_their_owner_or_belong_to_no_country_are_refused(
    user, redis, number, kind
):
    if kind is None:
        user.ask(number)
        return
    with pytest.raises(RecipientBlocked):
        user.ask(number)
    (why,) = refusals(redis)
    assert (why["rule"], why["subject"]) == ("number_type", kind)


@pytest.mark.parametrize("env", [{"OTP_BLOCKED_PREFIXES": "+141555501"}])
def test_no_masked_number_is_kept_beside_a_prefix_of_it(user, redis):
    with pytest.raises(RecipientBlocked):
        user.ask("+14155550123")
    (why,) = refusals(redis)
    assert (why["rule"], why["subject"]) == ("blocked_prefix", "+141555501")
    assert "to" not in why


@pytest.mark.parametrize("env", [{"OTP_BLOCKED_TYPES": "personal_number"}])
def test_an_owner_chooses_the_kinds_of_numbers(user):
    user.ask("+19002345678")
    with pytest.raises(RecipientBlocked):
        user.ask("+447011234567")
