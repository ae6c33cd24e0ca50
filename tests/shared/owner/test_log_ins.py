"""The owner's log-ins: few guesses are looked at, the owner is not kept out, sessions end."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared.errors import TooManyLogIns
from shared.owner.log_ins import LogIns
from shared.storage.scripts import Scripts
from tests.conftest import EVERY_REDIS, redis_of

redis = redis_of(*EVERY_REDIS)

HERE, ELSEWHERE = "here", "elsewhere"


@pytest.fixture
def log_ins(scripts) -> LogIns:
    return LogIns(scripts)


def guess(log_ins: LogIns, *addresses: str) -> int:
    """How many of as many wrong passwords were looked at."""
    looked_at = 0
    for address in addresses:
        try:
            assert not log_ins.log_in(address, right=False)
            looked_at += 1
        except TooManyLogIns:
            pass
    return looked_at


def test_ten_wrong_passwords_a_minute_are_looked_at_per_address(log_ins, clock):
    assert guess(log_ins, *[HERE] * 100) == 10
    # The guesses themselves take a while on a busy machine.
    clock.shift(40)
    assert guess(log_ins, HERE) == 0
    clock.shift(20)
    assert guess(log_ins, *[HERE] * 100) == 10


def test_twenty_are_looked_at_in_all(log_ins, clock):
    addresses = [f"address-{n}" for n in range(100)]
    assert guess(log_ins, *addresses) == 20
    clock.shift(60)
    assert guess(log_ins, *addresses) == 20


def test_guesses_that_come_at_once_are_no_more_than_others(real_redis):
    log_ins, together = LogIns(Scripts(real_redis)), Barrier(50)

    def one(number: int) -> int:
        together.wait()
        return guess(log_ins, f"address-{number % 10}")

    with ThreadPoolExecutor(50) as threads:
        assert sum(threads.map(one, range(50))) == 20


def test_the_right_password_is_not_told_from_a_wrong_one_then(log_ins, clock):
    guess(log_ins, *[HERE] * 4)
    clock.shift(20)
    guess(log_ins, *[HERE] * 6)
    for right in (False, True):
        with pytest.raises(TooManyLogIns) as refused:
            log_ins.log_in(HERE, right=right, session="s")
        assert refused.value.retry_after == clock.left(40)
    assert not log_ins.use_session("s")


def test_a_flood_from_elsewhere_does_not_keep_the_owner_out(log_ins):
    assert log_ins.log_in(HERE, right=True)
    guess(log_ins, *(f"address-{n}" for n in range(100)))
    assert log_ins.log_in(HERE, right=True)
    with pytest.raises(TooManyLogIns):
        log_ins.log_in(ELSEWHERE, right=True)


def test_an_address_of_the_owner_may_not_guess_more_than_any_other(log_ins):
    log_ins.log_in(HERE, right=True)
    assert guess(log_ins, *[HERE] * 100) == 10


def test_right_ones_are_not_counted(log_ins):
    for _ in range(50):
        assert log_ins.log_in(HERE, right=True)


def test_a_session_is_open_from_the_log_in_to_its_end(log_ins):
    assert not log_ins.use_session("s")
    log_ins.log_in(HERE, right=True, session="s")
    assert log_ins.use_session("s")
    assert not log_ins.use_session("another")
    log_ins.end_session("s")
    assert not log_ins.use_session("s")


def test_a_wrong_password_opens_none(log_ins):
    log_ins.log_in(HERE, right=False, session="s")
    assert not log_ins.use_session("s")


def test_a_session_ends_an_hour_after_its_last_use(log_ins, clock):
    log_ins.log_in(HERE, right=True, session="s")
    for _ in range(3):
        clock.shift(3599)
        assert log_ins.use_session("s")
    clock.shift(3601)
    assert not log_ins.use_session("s")


def test_a_session_ends_after_twelve_hours_whatever_its_use(log_ins, clock):
    log_ins.log_in(HERE, right=True, session="s")
    for _ in range(23):
        clock.shift(1800)
        assert log_ins.use_session("s")
    clock.shift(1700)
    assert log_ins.use_session("s")
    clock.shift(100)
    assert not log_ins.use_session("s")


def test_open_sessions_are_listed_with_whose_they_are(log_ins, clock):
    assert log_ins.sessions() == []
    log_ins.log_in(HERE, right=True, session="a", actor="admin", ip="192.0.2.1")
    clock.shift(1800)
    log_ins.log_in(HERE, right=True, session="b", actor="viewer", ip="192.0.2.2")
    newest, oldest = log_ins.sessions()
    assert (newest.name, newest.actor, newest.ip) == ("b", "viewer", "192.0.2.2")
    assert (oldest.name, oldest.actor, oldest.ip) == ("a", "admin", "192.0.2.1")
    assert 1800 <= newest.began - oldest.began < 1860
    clock.shift(1801)
    assert [one.name for one in log_ins.sessions()] == ["b"]


def test_all_sessions_but_one_end(log_ins, redis):
    for name in "abcd":
        log_ins.log_in(HERE, right=True, session=name)
    log_ins.end_session("d")
    assert log_ins.end_other_sessions("b") == 2
    assert [name for name in "abcd" if log_ins.use_session(name)] == ["b"]
    assert redis.hkeys("otp:admin:sessions") == [b"otp:admin:session:b"]
    assert log_ins.end_other_sessions("b") == 0


def test_every_key_has_an_end(log_ins, redis):
    log_ins.log_in(HERE, right=False)
    log_ins.log_in(HERE, right=True, session="s")
    assert len(redis.keys("otp:admin:*")) == 5
    assert all(redis.ttl(key) > 0 for key in redis.keys())
