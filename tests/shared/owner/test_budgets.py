"""How much of the day's budgets is used."""

import pytest

from shared.errors import RateLimited
from shared.owner.budgets import Budget, budgets
from tests.user import OTHER_PHONE


@pytest.fixture
def env() -> dict[str, str]:
    return {
        "OTP_BUDGET": "sms:2 call:5",
        "OTP_APPS": 'bank = {budget = "sms:9"}\nfree = {budget = "none"}',
    }


@pytest.fixture
def read(scripts, settings):
    return lambda *apps: budgets(scripts, list(apps), lambda app: settings.app(app).policy())


def test_shows_what_each_app_has_used(read, user):
    user.ask(app="shop")
    user.ask(OTHER_PHONE, app="shop")
    user.ask(app="bank")
    assert read("bank", "free", "shop") == [
        Budget(app="bank", channel="sms", used=1, limit=9),
        Budget(app="shop", channel="sms", used=2, limit=2),
        Budget(app="shop", channel="call", used=0, limit=5),
    ]


def test_a_budget_that_is_spent_is_used_up(read, user):
    for last in "12":
        user.ask(f"+1415555012{last}", app="shop")
    with pytest.raises(RateLimited, match="budget"):
        user.ask("+14155550123", app="shop")
    assert read("shop")[0] == Budget(app="shop", channel="sms", used=2, limit=2)


def test_the_next_day_has_its_own(read, user, clock):
    user.ask(app="shop")
    clock.shift(86400)
    assert read("shop")[0].used == 0


def test_a_service_uses_the_budget_of_its_account(read):
    assert read("VA" + "0" * 32) == []


def test_a_count_that_cannot_be_read_is_none(read, redis):
    seconds, _ = redis.time()
    redis.hset(f"otp:budget:shop:sms:{seconds // 86400}", "x", 1)
    redis.set(f"otp:budget:shop:call:{seconds // 86400}", "many")
    assert [budget.used for budget in read("shop")] == [0, 0]
