"""Workflows: when their steps start, and what ends them."""

import pytest

from shared.errors import RateLimited
from shared.owner.state import SystemState
from shared.policy import Step
from tests.conftest import EVERY_REDIS, redis_of
from tests.fakes import claim_one
from tests.shared.verification.workflows import fail
from tests.user import PHONE

redis = redis_of(*EVERY_REDIS)


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_LIMIT_TO": "100/1h"}


def test_each_step_starts_when_the_wait_before_it_ends(ask, clock, due, seen):
    started = ask()
    assert (started.channel, seen(started)) == ("whatsapp", (["whatsapp"], 1, True))
    clock.shift(29)
    due()
    assert seen(started)[0] == ["whatsapp"]
    clock.shift(1)
    due()
    assert seen(started) == (["whatsapp", "sms"], 2, True)
    clock.shift(44)
    due()
    assert seen(started)[0] == ["whatsapp", "sms"]
    clock.shift(1)
    due()
    assert seen(started) == (["whatsapp", "sms", "call"], 3, False)
    clock.shift(100)
    due()
    assert seen(started)[0] == ["whatsapp", "sms", "call"]


def test_the_time_of_the_next_step_is_shown(ask, service):
    started = ask()
    found = service.view(started.verification_id, app="default")
    assert found.next_step_at == pytest.approx(found.now + 30, abs=1)


def test_all_steps_have_one_code_and_its_checks(ask, clock, due, user):
    started = ask()
    assert user.mistype(started) == 4
    clock.shift(30)
    due()
    assert user.mistype(started) == 3
    user.type(user.code(started))


@pytest.mark.parametrize("env", [{"OTP_RESEND_CODE": "new"}])
def test_a_step_keeps_the_code_although_resends_get_another_one(ask, clock, due, user, seen):
    started = ask()
    clock.shift(30)
    due()
    assert seen(started)[1] == 2
    user.type(user.code(started))


@pytest.mark.parametrize("result", ["refused", "invalid_recipient", "unreachable"])
def test_the_next_step_starts_when_the_message_fails(ask, ledger, due, seen, result):
    started = ask()
    fail(ledger, started, 1, result)
    due()
    assert seen(started) == (["whatsapp", "sms"], 2, True)


@pytest.mark.parametrize("outcome", ["undelivered", "unreachable"])
def test_the_next_step_starts_when_a_receipt_says_so(ask, ledger, due, seen, outcome):
    started = ask()
    fail(ledger, started, 1, "accepted")
    due()
    assert seen(started)[1] == 1
    senders = [("whatsapp", "smtp")]
    ledger.receipt(started.verification_id, 1, None, senders=senders, outcome=outcome)
    due()
    assert seen(started) == (["whatsapp", "sms"], 2, True)


def test_the_next_step_starts_when_the_attempts_are_used_up(ask, ledger, due, seen, clock):
    started = ask(workflow=(Step("whatsapp", 600), Step("sms")))
    for _ in range(8):
        claim_one(ledger, started.verification_id, 1)
        clock.shift(5)
    assert claim_one(ledger, started.verification_id, 1).reason == "out_of_attempts"
    due()
    assert seen(started) == (["whatsapp", "sms"], 2, False)


def test_the_failure_of_an_older_send_starts_nothing(ask, ledger, due, clock, seen):
    started = ask()
    clock.shift(30)
    due()
    fail(ledger, started, 1)
    due()
    assert seen(started)[1] == 2


def test_a_step_waits_for_a_provider_that_did_not_answer(ask, ledger, due, clock, seen):
    started = ask()
    clock.shift(28)
    fail(ledger, started, 1, "unknown", retry_in_seconds=5)
    clock.shift(4)
    due()
    assert seen(started) == (["whatsapp"], 1, True)
    clock.shift(1)
    due()
    assert seen(started) == (["whatsapp", "sms"], 2, True)


def test_a_receipt_ends_the_fence(ask, ledger, due, clock, seen):
    started = ask()
    clock.shift(28)
    fail(ledger, started, 1, "unknown", retry_in_seconds=5)
    senders = [("whatsapp", "smtp")]
    ledger.receipt(started.verification_id, 1, None, senders=senders, outcome="unreachable")
    due()
    assert seen(started) == (["whatsapp", "sms"], 2, True)


def approve(user, service, started):
    user.type(user.code(started))


def cancel(user, service, started):
    service.cancel(started.verification_id, app="default")


def approve_by_app(user, service, started):
    service.end(started.verification_id, "approved", app="default")


def use_up(user, service, started):
    for _ in range(5):
        user.mistype(started)


@pytest.mark.parametrize("end", [approve, cancel, approve_by_app, use_up])
def test_no_step_starts_after_the_end(ask, user, service, steps, clock, seen, end):
    started = ask()
    end(user, service, started)
    clock.shift(30)
    # A sweeper had taken it just before.
    steps.start_next(started.verification_id)
    assert seen(started) == (["whatsapp"], 1, False)


@pytest.mark.parametrize("end", [approve, cancel, approve_by_app, use_up])
def test_the_end_removes_the_timer(ask, user, service, redis, end):
    started = ask()
    end(user, service, started)
    assert redis.zscore("otp:due", f"{started.verification_id}:0") is None


def test_no_step_starts_after_the_expiry(ask, clock, due, seen):
    started = ask(workflow=(Step("whatsapp", 300), Step("sms")))
    assert seen(started) == (["whatsapp"], 1, False)
    clock.shift(300)
    due()
    assert seen(started)[0] == ["whatsapp"]


def test_another_context_ends_the_workflow(ask, clock, user, due, seen):
    started = ask(context="one", workflow=(Step("whatsapp", 45), Step("sms")))
    clock.shift(30)
    other = user.ask(context="two")
    clock.shift(15)
    due()
    assert seen(started) == (["whatsapp"], 1, False)
    assert other.verification_id != started.verification_id


def test_two_workers_start_a_step_once(ask, clock, steps, seen, ledger):
    started = ask()
    clock.shift(30)
    for _ in range(3):
        steps.start_next(started.verification_id)
    assert seen(started)[0] == ["whatsapp", "sms"]
    assert ledger.sweep(0, 10) == []


def test_a_step_whose_worker_died_is_found_again(ask, clock, ledger, due, seen):
    started = ask()
    clock.shift(30)
    assert ledger.sweep(0, 10) == [(started.verification_id, 0)]
    assert ledger.sweep(0, 10) == []
    clock.shift(0.5)
    due()
    assert seen(started) == (["whatsapp", "sms"], 2, True)


def test_a_request_by_the_next_channel_is_the_next_step(ask, user, clock, due, seen):
    started = ask()
    user.ask_again(started, "sms")
    assert seen(started) == (["whatsapp", "sms"], 2, True)
    clock.shift(30)
    due()
    assert seen(started)[1] == 2
    clock.shift(15)
    due()
    assert seen(started) == (["whatsapp", "sms", "call"], 3, False)


def test_an_early_request_waits_for_the_pause_of_its_own_channel(ask, user, clock, due, seen):
    started = ask(workflow=(Step("sms", 40), Step("sms", 40), Step("call", 40), Step("sms")))
    with pytest.raises(RateLimited) as refused:
        user.ask_again(started, "sms")
    assert refused.value.retry_after == clock.left(30)
    clock.shift(30)
    user.ask_again(started, "sms")
    user.ask_again(started, "call")
    with pytest.raises(RateLimited):
        user.ask_again(started, "sms")
    assert seen(started) == (["sms", "sms", "call"], 3, True)
    clock.shift(40)
    due()
    assert seen(started) == (["sms", "sms", "call", "sms"], 4, False)


def test_a_request_by_another_channel_waits_and_leaves_the_timer(ask, user, clock, due, seen):
    started = ask()
    with pytest.raises(RateLimited):
        user.ask_again(started, "call")
    clock.shift(30)
    user.ask_again(started, "call")
    due()
    assert seen(started) == (["whatsapp", "call", "sms"], 2, True)


def test_an_early_request_waits_for_a_provider_that_did_not_answer(ask, user, ledger, clock):
    started = ask()
    fail(ledger, started, 1, "unknown", retry_in_seconds=5)
    with pytest.raises(RateLimited) as refused:
        user.ask_again(started, "sms")
    assert refused.value.retry_after == clock.left(5)


def test_asked_again_with_a_workflow_it_starts_from_the_first_step(ask, clock, due, seen):
    started = ask()
    clock.shift(30)
    due()
    clock.shift(30)
    assert ask().verification_id == started.verification_id
    assert seen(started) == (["whatsapp", "sms", "whatsapp"], 1, True)
    clock.shift(30)
    due()
    assert seen(started) == (["whatsapp", "sms", "whatsapp", "sms"], 2, True)


def test_an_evicted_code_ends_the_workflow(ask, redis, clock, due, seen):
    started = ask()
    redis.delete(f"otp:code:{started.verification_id}")
    clock.shift(30)
    due()
    assert seen(started)[0] == ["whatsapp"]
    assert redis.zscore("otp:due", f"{started.verification_id}:0") is None


def test_erasing_a_recipient_takes_the_timer_too(ask, redis, store, codes):
    ask()
    store.erase([codes.tag("default", PHONE)])
    assert redis.zcard("otp:due") == 0


@pytest.mark.parametrize("score", [0, 10**15])
def test_a_timer_of_nothing_is_removed(redis, ledger, steps, score):
    stray = "VE" + "0" * 32
    redis.zadd("otp:due", {f"{stray}:0": score, "junk": score})
    assert ledger.sweep(10, 10) == [(stray, 0)]
    steps.start_next(stray)
    assert redis.zcard("otp:due") == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"workflow": "{"},
        {"workflow": "[1, 2]"},
        {"workflow": '[["pigeon"], ["owl"]]'},
        {"step": "x"},
    ],
)
def test_what_another_version_wrote_stops_no_worker(ask, redis, clock, ledger, due, user, fields):
    started = ask()
    redis.hset(f"otp:verification:{started.verification_id}", mapping=fields)
    clock.shift(30)
    due()
    fail(ledger, started, 1)
    due()
    user.type(user.code(started))


def test_what_a_verification_without_a_workflow_keeps_is_as_before(user, redis):
    started = user.ask()
    found = redis.hgetall(f"otp:verification:{started.verification_id}")
    assert not {b"workflow", b"step", b"next_step_at", b"ip_tag"} & found.keys()


def test_no_address_is_kept_for_the_limits_of_later_steps(ask, everything_in_redis):
    ask(ip="198.51.100.77")
    assert b"198.51.100" not in everything_in_redis()


def test_sends_that_are_open_are_counted_without_timers(ask, scripts, redis):
    ask()
    assert redis.zcard("otp:due") == 2
    assert SystemState(scripts, []).read().queue.unfinished == 1


def test_a_step_is_taken_although_other_jobs_wait(ask, redis, clock, ledger):
    started = ask()
    fail(ledger, started, 1, "accepted")
    clock.shift(30)
    redis.rpush("rq:queue:otp", "waiting")
    assert ledger.sweep(10, 10) == [(started.verification_id, 0)]
