"""Steps of workflows that are refused."""

import pytest

from shared.errors import ChannelNotEnabled
from tests.conftest import EVERY_REDIS, redis_of
from tests.user import OTHER_PHONE

redis = redis_of(*EVERY_REDIS)


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_LIMIT_TO": "100/1h"}


@pytest.mark.parametrize("env", [{"OTP_SMS_SENDERS": "none"}])
def test_a_step_without_a_sender_is_skipped(ask, clock, due, seen, skipped):
    started = ask()
    clock.shift(30)
    due()
    assert seen(started) == (["whatsapp", "call"], 3, False)
    assert skipped(started) == [None, "channel_not_enabled", None]


@pytest.mark.parametrize("env", [{"OTP_WHATSAPP_SENDERS": "none"}])
def test_a_first_step_without_a_sender_is_skipped_immediately(ask, seen, skipped, redis):
    started = ask()
    assert (started.channel, seen(started)) == ("sms", (["sms"], 2, True))
    assert skipped(started) == ["channel_not_enabled", None, None]
    assert not redis.exists("otp:refusals")


@pytest.mark.parametrize("env", [{"OTP_BUDGET": "whatsapp:1 call:1"}])
def test_a_step_beyond_its_budget_is_skipped(ask, clock, due, seen, skipped):
    ask(OTHER_PHONE)
    started = ask()
    assert skipped(started) == ["budget", None, None]
    clock.shift(45)
    due()
    assert seen(started)[0] == ["sms", "call"]


@pytest.mark.parametrize(
    "env", [{"OTP_WHATSAPP_SENDERS": "none", "OTP_SMS_SENDERS": "none", "OTP_BUDGET": "call:1"}]
)
def test_if_every_step_is_refused_the_first_refusal_is_the_answer(ask):
    ask(OTHER_PHONE)
    with pytest.raises(ChannelNotEnabled):
        ask()


@pytest.mark.parametrize("env", [{"OTP_LIMIT_TO": "2/1h"}, {"OTP_LIMIT_IP": "2/1h"}])
def test_steps_spend_limits(ask, clock, due, seen, skipped, env):
    started = ask()
    clock.shift(30)
    due()
    clock.shift(45)
    due()
    scope = "to" if "OTP_LIMIT_TO" in env else "ip"
    assert seen(started) == (["whatsapp", "sms"], 3, False)
    assert skipped(started) == [None, None, scope]


@pytest.mark.parametrize("env", [{"OTP_MAX_SENDS": "2", "OTP_LIMIT_TO": "100/1h"}])
def test_steps_spend_sends(ask, clock, due, seen, skipped):
    started = ask()
    clock.shift(30)
    due()
    clock.shift(45)
    due()
    assert skipped(started) == [None, None, "sends"]
