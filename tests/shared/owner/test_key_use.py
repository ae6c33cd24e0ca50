"""When API keys were last used, without a cost for each request."""

import time_machine
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.owner.key_use import KEPT_SECONDS, KeyUse
from shared.storage.scripts import Scripts


def test_a_use_is_noted_at_most_once_a_minute_for_each_key(scripts):
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        use = KeyUse(scripts)
        use.note("aaaaaaaa")
        clock.shift(59)
        use.note("aaaaaaaa")
        use.note("bbbbbbbb")
        first, second, never = use.last(["aaaaaaaa", "bbbbbbbb", "cccccccc"])
        assert (first.timestamp(), second.timestamp(), never) == (
            1_800_000_000,
            1_800_000_059,
            None,
        )
        clock.shift(1)
        use.note("aaaaaaaa")
        assert use.last(["aaaaaaaa"])[0].timestamp() == 1_800_000_060
    assert use.last([]) == []


def test_a_use_is_forgotten_at_some_time(redis, scripts):
    KeyUse(scripts).note("aaaaaaaa")
    assert 0 < redis.ttl("otp:key_used:aaaaaaaa") <= KEPT_SECONDS


def test_a_request_does_not_fail_because_its_key_cannot_be_noted():
    with Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0)) as nobody:
        KeyUse(Scripts(nobody)).note("aaaaaaaa")
