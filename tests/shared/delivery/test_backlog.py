"""No code is accepted whose message would come too late: the queue is as old as its oldest send."""

from contextlib import nullcontext

import pytest

from shared.errors import DeliveryBacklog
from tests.shared.delivery.jobs import UNREADABLE_JOBS, now_ms, put_in_front

# A quarter of the code's life, which the first message may take, is 75 s.
TOO_LONG, BEARABLE = 80, 70


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_RESEND_SECONDS": "0"}


@pytest.fixture
def make_older(redis):
    """Let a send have been requested that many seconds ago, and be in the queue since."""

    def make_older(started, seconds, send=1):
        key = f"otp:send:{started.verification_id}:{send}"
        redis.hset(key, "asked", now_ms(redis) - round(seconds * 1000))

    return make_older


def number(n: int) -> str:
    return f"+1415555{n:04d}"


def test_refuses_a_code_when_the_first_in_the_queue_has_waited_too_long(user, make_older):
    first = user.ask()
    make_older(first, BEARABLE)
    user.ask(number(1000))
    make_older(first, TOO_LONG)
    with pytest.raises(DeliveryBacklog) as refused:
        user.ask(number(1001))
    assert TOO_LONG - 75 <= refused.value.retry_after <= TOO_LONG - 74


def test_a_resend_by_the_first_in_the_queue_does_not_make_it_younger(user, make_older):
    first = user.ask()
    for seconds in (10, 20, 30):
        make_older(first, seconds)
        user.ask()
    make_older(first, TOO_LONG)
    with pytest.raises(DeliveryBacklog):
        user.ask(number(1000))
    with pytest.raises(DeliveryBacklog):
        user.ask()


@pytest.mark.parametrize("end", ["canceled", "approved", "asked by another channel"])
def test_the_first_send_counts_whatever_became_of_its_verification(user, service, make_older, end):
    first = user.ask()
    make_older(first, 30)
    match end:
        case "canceled":
            service.cancel(first.verification_id, app="default")
        case "approved":
            user.type(user.code(first))
        case _:
            user.ask_again(first, "call")
    make_older(first, TOO_LONG)
    with pytest.raises(DeliveryBacklog):
        user.ask(number(1000))


@pytest.mark.parametrize("job", UNREADABLE_JOBS)
@pytest.mark.parametrize("jobs", [1, 2, 99])
def test_jobs_that_cannot_be_read_do_not_switch_the_check_off(redis, user, make_older, job, jobs):
    make_older(user.ask(), TOO_LONG)
    put_in_front(redis, job, jobs)
    with pytest.raises(DeliveryBacklog):
        user.ask(number(1000))


def test_people_who_are_erased_do_not_switch_the_check_off(user, store, codes, make_older):
    waiting = [user.ask(number(1000 + n)) for n in range(3)]
    for started in waiting:
        make_older(started, TOO_LONG)
    for n in range(2):
        store.erase([codes.tag("default", number(1000 + n))])
        with pytest.raises(DeliveryBacklog):
            user.ask(number(1003))


def test_only_jobs_that_cannot_be_read_are_no_backlog(redis, user):
    put_in_front(redis, UNREADABLE_JOBS[0], 200)
    assert user.ask().verification_id


def test_a_queue_that_moves_fast_enough_may_be_old(redis, user, make_older):
    make_older(user.ask(), TOO_LONG)
    this_second = now_ms(redis) // 1000
    for ago in range(7):
        redis.set(f"otp:drained:{this_second - ago}", 10)
    assert user.ask(number(1000)).verification_id


@pytest.mark.parametrize("env", [{"OTP_TTL_SECONDS": "30"}])
@pytest.mark.parametrize(("sent", "is_refused"), [(1, True), (20, False)])
def test_the_second_that_has_just_begun_counts(redis, user, make_older, sent, is_refused):
    """In a rush, each further second would let as many codes in as come in a second."""
    waiting = [user.ask(number(1000 + n)) for n in range(20)]
    make_older(waiting[0], 1.5)
    redis.set(f"otp:drained:{now_ms(redis) // 1000}", sent)
    with pytest.raises(DeliveryBacklog) if is_refused else nullcontext():
        user.ask(number(1100))
