"""Asked again while pending: the same verification, another send."""

import pytest

from shared.delivery.ledger import Ledger, ReceiptOutcome
from shared.errors import (
    ChannelNotEnabled,
    IncorrectCode,
    InvalidRequest,
    RateLimited,
    VerificationNotFound,
)
from shared.policy import CHANNELS, Policy
from shared.verification.model import Started
from shared.verification.service import VerificationService
from tests.conftest import EVERY_REDIS, redis_of
from tests.user import OTHER_PHONE, PHONE, User
from worker.senders.base import DeliveryError

redis = redis_of(*EVERY_REDIS)

NO_WAIT = {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "1000/1h"}


def refusal(ask, *args, **kwargs) -> tuple[str, int]:
    with pytest.raises(RateLimited) as refused:
        ask(*args, **kwargs)
    return refused.value.scope, refused.value.retry_after


def test_asked_again_after_the_wait_it_is_the_same_verification(user, clock):
    first = user.ask()
    clock.shift(30)
    again = user.ask()
    assert again.verification_id == first.verification_id
    assert (again.send, again.sends_left, again.checks_left) == (2, 3, 5)
    assert (again.expires_in, again.resend_in) == (clock.left(270), clock.left(30))
    user.type(user.code(first))


def test_asked_again_too_early_it_says_how_long_to_wait(user, clock):
    user.ask()
    assert refusal(user.ask) == ("resend", clock.left(30))
    clock.shift(20)
    assert refusal(user.ask) == ("resend", clock.left(10))


@pytest.mark.parametrize("redis", ["fake"], indirect=True)
def test_the_wait_ends_in_its_millisecond(user, clock):
    user.ask()
    clock.shift(29.999)
    assert refusal(user.ask) == ("resend", clock.left(1))
    clock.shift(0.001)
    user.ask()


def test_others_do_not_wait(user):
    user.ask()
    user.ask(OTHER_PHONE)
    user.ask(app="other")
    user.ask("a@example.com", "email")


def test_a_resend_takes_checks_that_are_gone_for_gone(user, clock):
    started = user.ask()
    assert user.mistype(started) == 4
    clock.shift(30)
    assert user.ask().checks_left == 4
    assert user.mistype(started) == 3


@pytest.mark.parametrize("env", [{**NO_WAIT, "OTP_MAX_SENDS": "3"}])
def test_after_the_last_send_it_waits_for_the_end_of_the_verification(user, clock):
    assert [user.ask().sends_left for _ in range(3)] == [2, 1, 0]
    clock.shift(100)
    assert refusal(user.ask) == ("sends", clock.left(200))
    clock.shift(200)
    assert user.ask().send == 1


@pytest.mark.parametrize("env", [{**NO_WAIT, "OTP_MAX_SENDS": "10", "OTP_MAX_CHECKS": "10"}])
def test_limits_of_policy_reach_ten(user):
    asked = [user.ask() for _ in range(10)]
    assert asked[0].checks_left == 10
    assert [started.send for started in asked] == list(range(1, 11))


@pytest.mark.parametrize("env", [NO_WAIT])
def test_a_resend_repeats_the_code_by_default(user, deliverer, sender):
    for started in (user.ask(), user.ask()):
        deliverer.deliver(started.verification_id, started.send)
    first, second = sender.messages
    assert first.code == second.code
    user.type(first.code)


@pytest.mark.parametrize("env", [{**NO_WAIT, "OTP_RESEND_CODE": "new"}])
class TestWithANewCode:
    def test_the_old_code_dies_with_the_new_one(self, user, deliverer, sender):
        for _ in range(2):
            started = user.ask()
            deliverer.deliver(started.verification_id, started.send)
        old, new = (message.code for message in sender.messages)
        assert old != new
        with pytest.raises(IncorrectCode):
            user.type(old)
        with pytest.raises(IncorrectCode):
            user.type_by_id(old, started.verification_id)
        user.type(new)

    def test_a_queued_send_of_the_old_code_is_dropped(self, user, service, deliverer, sender):
        started = user.ask()
        user.ask()
        deliverer.deliver(started.verification_id, 1)
        deliverer.deliver(started.verification_id, 2)
        assert [m.code for m in sender.messages] == [user.code(started, generation=1)]
        sends = service.view(started.verification_id, app="default").sends
        assert [(send.status, send.reason) for send in sends] == [
            ("dropped", "superseded"),
            ("sent", None),
        ]

    def test_a_resend_that_is_refused_leaves_the_code_alone(self, user):
        for _ in range(5):
            started = user.ask()
        assert refusal(user.ask)[0] == "sends"
        user.type(user.code(started, generation=4))


@pytest.mark.parametrize("env", [NO_WAIT])
def test_each_send_goes_by_the_channel_that_was_asked_for(user, service):
    started = user.ask(channel="sms")
    user.ask(channel="call")
    seen = service.view(started.verification_id, app="default")
    assert seen.channel == "call"
    assert [send.channel for send in seen.sends] == ["sms", "call"]


def test_a_verification_keeps_the_policy_that_it_was_started_with(user, store, codes, redis, clock):
    """The next process may be started with other settings."""
    started = user.ask()
    other = Policy(
        code_length=8,
        ttl_seconds=60,
        max_checks=1,
        max_sends=1,
        resend_seconds=5,
        resend_code="new",
    )
    later = User(VerificationService(store, codes, lambda app: other), codes)
    assert refusal(later.ask) == ("resend", clock.left(30))
    clock.shift(100)
    again = later.ask()
    assert again.expires_in == clock.left(200)
    assert (again.sends_left, again.checks_left) == (3, 5)
    assert later.mistype(started) == 4
    with pytest.raises(InvalidRequest, match="enter all 6 digits"):
        later.type("12345678")
    assert later.status(started) == "pending"
    later.type(later.code(again))
    with pytest.raises(InvalidRequest, match="enter all 8 digits"):
        later.type("123456")


def test_when_redis_has_evicted_the_code_a_resend_starts_anew(user, redis, clock):
    started = user.ask()
    redis.delete(f"otp:code:{started.verification_id}")
    clock.shift(30)
    again = user.ask()
    assert (again.verification_id != started.verification_id, again.send) == (True, 1)
    user.type(user.code(again))


def test_sends_of_one_recipient_do_not_count_for_another(user, clock):
    user.ask(PHONE)
    clock.shift(30)
    assert user.ask(OTHER_PHONE).send == 1
    assert user.ask(PHONE).send == 2


def test_it_is_sent_again_without_the_address(user, clock):
    first = user.ask()
    clock.shift(30)
    again = user.ask_again(first, "call")
    assert (again.verification_id, again.send) == (first.verification_id, 2)
    assert (again.channel, again.to) == ("call", first.to)
    clock.shift(30)
    assert user.ask_again(first).send == 3
    user.type(user.code(first))


def test_an_email_is_sent_again_without_the_address(user, clock):
    first = user.ask("a@example.com", "email")
    clock.shift(30)
    assert user.ask_again(first, "email").to == "a***@example.com"


def test_without_the_address_the_same_limits_hold(user, clock):
    first = user.ask()
    assert refusal(user.ask_again, first) == ("resend", clock.left(30))
    for _ in range(4):
        clock.shift(30)
        user.ask_again(first)
    clock.shift(30)
    assert refusal(user.ask_again, first) == ("sends", clock.left(150))


@pytest.mark.parametrize("end", ["approved", "canceled", "used up", "expired"])
def test_without_the_address_nothing_is_sent_after_the_end(user, service, clock, end):
    first = user.ask()
    clock.shift(30)
    if end == "approved":
        user.type(user.code(first))
    elif end == "canceled":
        service.cancel(first.verification_id, app="default")
    elif end == "used up":
        for _ in range(5):
            user.mistype(first)
    else:
        clock.shift(300)
    with pytest.raises(VerificationNotFound):
        user.ask_again(first)
    if end in ("approved", "canceled"):
        assert user.ask().verification_id != first.verification_id


def test_without_the_address_another_app_sends_nothing(user, clock):
    first = user.ask()
    clock.shift(30)
    with pytest.raises(VerificationNotFound):
        user.ask_again(first, app="other")


def test_without_the_address_a_channel_has_to_fit_it(user, clock):
    first, by_email = user.ask(), user.ask("a@example.com", "email")
    clock.shift(30)
    for started, channel in (first, "email"), (by_email, "sms"):
        with pytest.raises(ChannelNotEnabled):
            user.ask_again(started, channel)


def test_the_app_of_a_verification_is_known_by_its_id(user, service):
    assert service.app_of(user.ask(app="shop").verification_id) == "shop"
    for unknown in "VE" + "0" * 32, "nothing":
        with pytest.raises(VerificationNotFound):
            service.app_of(unknown)


def report(ledger: Ledger, started: Started, outcome: ReceiptOutcome) -> None:
    """What the sender says later of its attempt."""
    senders = [(channel, "fake") for channel in CHANNELS]
    ledger.receipt(started.verification_id, started.send, 1, senders=senders, outcome=outcome)


class TestAfterAFailure:
    """A failed send makes a person wait for the same channel only."""

    @pytest.fixture(params=["failed", "undelivered"])
    def fail(self, request, ledger, deliverer, sender):
        """Let the newest send fail at the sender, or later by a receipt."""

        def fail(started) -> None:
            if request.param == "failed":
                sender.failures = [DeliveryError("invalid_recipient", "test")]
            deliverer.deliver(started.verification_id, started.send)
            if request.param == "undelivered":
                report(ledger, started, "undelivered")

        return fail

    @pytest.mark.parametrize("channel", ["call", "whatsapp"])
    def test_another_channel_goes_out_immediately(self, user, fail, channel):
        first = user.ask()
        fail(first)
        again = user.ask_again(first, channel)
        assert (again.verification_id, again.send, again.sends_left) == (
            first.verification_id,
            2,
            3,
        )
        assert again.channel == channel
        user.type(user.code(first))

    def test_the_caller_who_knows_the_address_need_not_wait_either(self, user, fail):
        first = user.ask()
        fail(first)
        assert user.ask(channel="call").verification_id == first.verification_id

    def test_the_same_channel_waits(self, user, fail, clock):
        first = user.ask()
        fail(first)
        clock.shift(10)
        assert refusal(user.ask_again, first) == ("resend", clock.left(20))

    def test_each_channel_waits_for_its_own_last_send(self, user, fail, clock):
        first = user.ask()
        fail(first)
        clock.shift(10)
        fail(user.ask_again(first, "call"))
        clock.shift(10)
        assert refusal(user.ask_again, first, "sms") == ("resend", clock.left(10))
        assert refusal(user.ask_again, first, "call") == ("resend", clock.left(20))
        clock.shift(10)
        user.ask_again(first, "sms")

    def test_after_the_next_send_every_channel_waits_again(self, user, fail, clock):
        first = user.ask()
        fail(first)
        user.ask_again(first, "call")
        for channel in "sms", "whatsapp", "call":
            assert refusal(user.ask_again, first, channel) == ("resend", clock.left(30))

    @pytest.mark.parametrize("env", [{"OTP_MAX_SENDS": "2"}, {"OTP_LIMIT_TO": "2/10m"}])
    def test_every_send_still_counts(self, user, fail):
        first = user.ask()
        fail(first)
        fail(user.ask_again(first, "call"))
        assert refusal(user.ask_again, first, "whatsapp")[0] in ("sends", "to")

    @pytest.mark.parametrize("status", ["queued", "sent", "delivered"])
    def test_a_message_that_may_arrive_makes_every_channel_wait(
        self,
        user,
        ledger,
        deliverer,
        status,
        clock,
    ):
        first = user.ask()
        if status != "queued":
            deliverer.deliver(first.verification_id, 1)
        if status == "delivered":
            report(ledger, first, "delivered")
        assert refusal(user.ask_again, first, "call") == ("resend", clock.left(30))

    def test_a_lost_record_of_a_send_shortens_no_wait(self, user, redis, clock):
        first = user.ask()
        redis.delete(f"otp:send:{first.verification_id}:1")
        assert refusal(user.ask, channel="call") == ("resend", clock.left(30))
