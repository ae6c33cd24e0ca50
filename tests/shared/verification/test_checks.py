"""Wrong codes: counted, few, and locked out across verifications."""

import pytest

from shared.errors import IncorrectCode, RateLimited, TooManyChecks, VerificationNotFound
from tests.conftest import EVERY_REDIS, redis_of
from tests.user import OTHER_PHONE, PHONE, wrong

redis = redis_of(*EVERY_REDIS)

FREE = {"OTP_LIMIT_TO": "1000/1h", "OTP_LIMIT_IP": "1000/1h", "OTP_RESEND_SECONDS": "0"}


def locked(call, *args, **kwargs) -> int:
    """The seconds to wait."""
    with pytest.raises(TooManyChecks) as refused:
        call(*args, **kwargs)
    return refused.value.retry_after


def use_up(user, *, to=PHONE) -> None:
    started = user.ask(to)
    for _ in range(5):
        user.mistype(started, to)


def test_locks_after_five_wrong_codes_also_for_the_right_one(user, clock):
    started = user.ask()
    assert [user.mistype(started) for _ in range(5)] == [4, 3, 2, 1, 0]
    assert user.status(started) == "max_attempts_reached"
    clock.shift(10)
    # Until a new code may be asked for.
    assert locked(user.type, user.code(started)) == 20
    assert locked(user.type, wrong(user.code(started))) == 20
    assert locked(user.type_by_id, user.code(started), started.verification_id) == 20
    clock.shift(100)
    assert locked(user.type, user.code(started)) == 1


def test_the_last_check_may_be_the_right_one(user):
    started = user.ask()
    for _ in range(4):
        user.mistype(started)
    user.type(user.code(started))


@pytest.mark.parametrize("env", [{"OTP_MAX_CHECKS": "1"}])
def test_a_single_check_may_be_all_there_is(user):
    started = user.ask()
    assert user.mistype(started) == 0
    locked(user.type, user.code(started))


def test_wrong_codes_by_the_id_count_alike(user):
    started = user.ask()
    for left in (4, 3):
        with pytest.raises(IncorrectCode) as refused:
            user.type_by_id(wrong(user.code(started)), started.verification_id)
        assert refused.value.checks_left == left
    assert user.mistype(started) == 2


def test_the_lock_of_a_verification_ends_with_it(user, clock):
    use_up(user)
    clock.shift(300)
    with pytest.raises(VerificationNotFound):
        user.type("123456")
    again = user.ask()
    user.type(user.code(again))


def test_after_the_wait_a_new_verification_can_be_asked_for(user, clock):
    use_up(user)
    with pytest.raises(RateLimited):
        user.ask()
    clock.shift(30)
    again = user.ask()
    assert (again.send, again.checks_left) == (1, 5)
    user.type(user.code(again))


@pytest.mark.parametrize("env", [FREE])
class TestTheLockAcrossVerifications:
    def test_holds_after_twenty_wrong_codes(self, user, clock):
        for _ in range(4):
            use_up(user)
        assert locked(user.ask) == clock.left(86400)

    def test_holds_for_a_code_that_is_pending(self, user, clock):
        for _ in range(3):
            use_up(user)
        started = user.ask()
        for _ in range(4):
            user.mistype(started)
        user.ask(OTHER_PHONE)
        assert user.mistype(started) == 0
        assert locked(user.type, user.code(started)) == clock.left(86400)

    def test_counts_over_a_sliding_window(self, user, clock):
        use_up(user)
        clock.shift(3600)
        for _ in range(3):
            use_up(user)
        assert locked(user.ask) == clock.left(86400 - 3600)
        clock.shift(86400 - 3600)
        use_up(user)
        assert locked(user.ask) == clock.left(3600)

    def test_is_lifted_by_a_right_code(self, user):
        for _ in range(3):
            use_up(user)
        started = user.ask()
        user.mistype(started)
        user.type(user.code(started))
        for _ in range(4):
            use_up(user)
        locked(user.ask)

    def test_is_for_that_recipient_and_app_alone(self, user):
        for _ in range(4):
            use_up(user)
        user.type(user.code(user.ask(OTHER_PHONE)), OTHER_PHONE)
        user.type(user.code(user.ask(app="other")), app="other")

    @pytest.mark.parametrize(
        "addresses",
        [
            ("ann@example.com", "ann+1@example.com", "ann+2@example.com", "ANN+3@example.com"),
            ("ann@gmail.com", "a.nn@gmail.com", "a.n.n+x@gmail.com", "ann@googlemail.com"),
            ("+5491123456789", "+541123456789", "+54 11 15 2345-6789", "+541123456789"),
        ],
        ids=lambda addresses: addresses[0],
    )
    def test_is_for_a_mailbox_or_phone_and_not_for_its_spellings(self, user, addresses):
        for to in addresses:
            use_up(user, to=to)
        for to in addresses:
            locked(user.ask, to)

    def test_is_lifted_by_the_plain_address_alone(self, user):
        """Elsewhere a plus may be an ordinary letter, and ann+x somebody else."""
        for _ in range(3):
            use_up(user, to="ann@example.com")
        user.type(user.code(user.ask("ann+x@example.com")), "ann+x@example.com")
        use_up(user, to="ann@example.com")
        locked(user.ask, "ann@example.com")

    def test_refuses_a_start_before_anything_is_written(self, user, redis):
        for _ in range(4):
            use_up(user)
        before = set(redis.keys())
        locked(user.ask)
        assert set(redis.keys()) - before == {b"otp:refusals"}


@pytest.mark.parametrize("env", [{**FREE, "OTP_MAX_FAILED_CHECKS": "2/1h"}])
def test_the_lock_may_come_before_the_checks_are_used_up(user, clock):
    started = user.ask()
    assert [user.mistype(started), user.mistype(started)] == [4, 3]
    assert locked(user.type, user.code(started)) == clock.left(3600)
    assert user.status(started) == "pending"
    assert locked(user.ask) == clock.left(3600)


def test_wrong_codes_for_nothing_pending_lock_nobody(user):
    for _ in range(30):
        with pytest.raises(VerificationNotFound):
            user.type("123456")
    user.ask()


SPRAY = {**FREE, "OTP_LIMIT_IP": "10/1h"}


class TestWrongCodesOfOneNetwork:
    """As many as its starts allow: 10 an hour with 5 checks each."""

    @pytest.fixture
    def spray(self, user):
        """Type a wrong code for many; how many were compared."""

        def spray(network: str) -> int:
            for number in range(100, 200):
                to, ip = f"+14155550{number}", network.format(number - 99)
                started = user.ask(to, ip=f"198.51.{number}.1")
                with pytest.raises((IncorrectCode, RateLimited)) as refused:
                    user.type(wrong(user.code(started)), to, ip=ip)
                if isinstance(refused.value, RateLimited):
                    assert (refused.value.scope, refused.value.limit.count) == ("ip", 50)
                    return number - 100
            return 100

        return spray

    @pytest.mark.parametrize(
        ("env", "network", "compared"),
        [
            (SPRAY, "192.0.2.{}", 50),
            (SPRAY, "2001:db8:1:{}::1", 50),
            (SPRAY, "192.0.{}.1", 100),
            ({**FREE, "OTP_LIMIT_IP": "none"}, "192.0.2.{}", 100),
        ],
    )
    def test_are_limited(self, spray, network, compared):
        assert spray(network) == compared

    @pytest.mark.parametrize("env", [SPRAY])
    def test_stop_the_right_one_too_and_nobody_elsewhere(self, spray, user):
        spray("192.0.2.{}")
        started = user.ask(ip="203.0.113.1")
        with pytest.raises(RateLimited):
            user.type(user.code(started), ip="192.0.2.250")
        user.type(user.code(started), ip="203.0.113.1")

    @pytest.mark.parametrize("env", [SPRAY])
    def test_of_nobody_count_nothing(self, user):
        for _ in range(60):
            with pytest.raises(VerificationNotFound):
                user.type("123456")
        started = user.ask()
        assert user.mistype(started) == 4
