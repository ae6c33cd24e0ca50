"""The delivery ledger: a send is claimed, tried and recorded; none is lost, and none is sent after
its code is of no use."""

import pytest

from shared.delivery.ledger import (
    LEASE_SECONDS,
    MAX_ATTEMPTS,
    OVERDUE_SECONDS,
    Claim,
    Ended,
)
from tests.conftest import EVERY_REDIS, redis_of
from tests.counts import counts
from tests.fakes import claim_one, done_one
from tests.user import OTHER_PHONE, PHONE

redis = redis_of(*EVERY_REDIS)
QUEUE = "rq:queue:otp"


def test_a_claim_holds_all_that_an_attempt_needs(user, ledger, codes):
    started = user.ask(locale="pt-BR")
    claim = claim_one(ledger, started.verification_id, 1)
    assert (claim.verification_id, claim.send, claim.attempt) == (started.verification_id, 1, 1)
    assert (claim.to, claim.channel, claim.locale) == (PHONE, "sms", "pt-BR")
    assert (claim.sender, claim.untried, claim.others) == ("smtp", 0, 0)
    assert 299 < claim.life_seconds <= 300
    code = codes.derive(claim.kid, claim.verification_id, claim.generation, claim.length)
    assert code == user.code(started)


def test_a_claimed_send_is_not_given_to_a_second_one(ledger, send, seen):
    assert isinstance(claim_one(ledger, *send), Claim)
    assert claim_one(ledger, *send) is None
    assert seen(send) == ("sending", None)


def test_the_lease_ends_and_the_next_one_may_try(ledger, send, clock):
    first = claim_one(ledger, *send)
    clock.shift(LEASE_SECONDS - 1)
    assert claim_one(ledger, *send) is None
    clock.shift(1)
    second = claim_one(ledger, *send)
    assert (second.attempt, second.token != first.token) == (2, True)


def test_a_renewed_lease_goes_on(ledger, send, redis, clock):
    redis.delete(QUEUE)
    claim = claim_one(ledger, *send)
    clock.shift(LEASE_SECONDS - 1)
    ledger.renew([claim])
    clock.shift(LEASE_SECONDS - 1)
    assert claim_one(ledger, *send) is None
    assert ledger.sweep(10) == []
    clock.shift(1)
    assert claim_one(ledger, *send).attempt == 2


def test_a_lease_that_was_lost_is_not_renewed(ledger, send, clock):
    lost = claim_one(ledger, *send)
    clock.shift(LEASE_SECONDS)
    claim_one(ledger, *send)
    clock.shift(LEASE_SECONDS - 1)
    ledger.renew([lost])
    clock.shift(1)
    assert claim_one(ledger, *send).attempt == 3


def test_many_leases_are_renewed_at_once(user, clock, ledger):
    ids = [user.ask(to).verification_id for to in (PHONE, OTHER_PHONE)]
    claims = [claim_one(ledger, id_, 1) for id_ in ids]
    clock.shift(LEASE_SECONDS - 1)
    ledger.renew(claims)
    clock.shift(1)
    assert [claim_one(ledger, id_, 1) for id_ in ids] == [None, None]


def test_an_accepted_attempt_is_sent_and_never_again(ledger, send, service, redis, clock):
    redis.delete(QUEUE)
    claim = claim_one(ledger, *send)
    assert done_one(ledger, claim, "accepted", provider_id="id-1") == "sent"
    clock.shift(LEASE_SECONDS)
    assert ledger.sweep(10) == []
    assert claim_one(ledger, *send) is None
    (seen,) = service.view(send[0], app="default").sends
    (attempt,) = seen.attempts
    assert (seen.status, seen.reason) == ("sent", None)
    assert (attempt.sender, attempt.status, attempt.error, attempt.provider_id) == (
        "smtp",
        "accepted",
        None,
        "id-1",
    )


@pytest.mark.parametrize(
    ("result", "status"), [("accepted", "sent"), ("refused", "failed"), ("transient", "queued")]
)
def test_an_attempt_is_recorded_although_another_worker_left_its_send_meanwhile(
    ledger, send, seen, clock, result, status
):
    claim = claim_one(ledger, *send)
    clock.shift(LEASE_SECONDS)
    (left,) = ledger.claim([send], {"": {"sms": []}})
    assert left.status == "left"
    retry = 1 if result == "transient" else None
    assert done_one(ledger, claim, result, retry_in_seconds=retry) == status
    assert seen(send) == (status, None)
    clock.shift(LEASE_SECONDS)
    again = claim_one(ledger, *send)
    assert (again and again.attempt) == (2 if status == "queued" else None)


def test_a_send_that_another_worker_has_ended_is_counted_once(
    ledger, send, service, seen, clock, redis
):
    claim = claim_one(ledger, *send)
    service.cancel(send[0], app="default")
    clock.shift(LEASE_SECONDS)
    assert claim_one(ledger, *send).reason == "canceled"
    assert done_one(ledger, claim, "accepted") == "dropped"
    assert seen(send) == ("dropped", "canceled")
    counted = counts(redis)
    ends = {name: n for name, n in counted.items() if name.startswith("sends:")}
    assert ends == {"sends:sms:dropped:canceled": 1}
    assert counted["attempts:sms:smtp:accepted"] == 1


def test_a_failed_attempt_is_tried_again_when_it_is_due(ledger, send, seen, clock, redis):
    claim = claim_one(ledger, *send)
    answer = done_one(ledger, claim, "transient", error="smtp_451", retry_in_seconds=4)
    assert (answer, seen(send)) == ("queued", ("queued", "smtp_451"))
    redis.delete(QUEUE)
    clock.shift(3)
    assert claim_one(ledger, *send) is None
    assert ledger.sweep(10) == []
    clock.shift(1)
    assert ledger.sweep(10) == [send]
    again = claim_one(ledger, *send)
    assert again.attempt == 2
    done_one(ledger, again, "accepted")
    assert seen(send) == ("sent", None)


def test_a_failed_attempt_without_another_one_ends_the_send(ledger, send, seen, clock):
    claim = claim_one(ledger, *send)
    assert done_one(ledger, claim, "invalid_recipient", error="smtp_550") == "failed"
    assert seen(send) == ("failed", "smtp_550")
    clock.shift(10)
    assert claim_one(ledger, *send) is None


def test_another_attempt_that_would_come_after_the_end_is_not_planned(ledger, send, seen):
    claim = claim_one(ledger, *send)
    assert done_one(ledger, claim, "transient", error="x", retry_in_seconds=300) == "failed"
    assert seen(send) == ("failed", "x")


def test_the_result_of_a_lost_claim_is_not_recorded(ledger, send, seen, clock):
    lost = claim_one(ledger, *send)
    clock.shift(LEASE_SECONDS)
    holder = claim_one(ledger, *send)
    assert done_one(ledger, lost, "accepted") == "lost"
    assert seen(send) == ("sending", None)
    assert done_one(ledger, holder, "accepted") == "sent"
    assert done_one(ledger, holder, "accepted") == "lost"


def test_a_late_result_still_counts_if_nobody_else_has_claimed_the_send(ledger, send, seen, clock):
    claim = claim_one(ledger, *send)
    clock.shift(10 * LEASE_SECONDS)
    assert done_one(ledger, claim, "accepted") == "sent"
    assert seen(send) == ("sent", None)
    assert claim_one(ledger, *send) is None


def test_a_send_that_kills_its_worker_each_time_comes_to_an_end(ledger, send, seen, clock):
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert claim_one(ledger, *send).attempt == attempt
        clock.shift(LEASE_SECONDS)
    assert claim_one(ledger, *send) == Ended(status="failed", reason="out_of_attempts")
    assert seen(send) == ("failed", "out_of_attempts")
    assert claim_one(ledger, *send) is None


def test_nothing_is_sent_when_the_code_is_of_no_use_any_more(user, service, ledger, clock):
    def approve(started):
        user.type(user.code(started))

    def cancel(started):
        service.cancel(started.verification_id, app="default")

    def use_up(started):
        for _ in range(5):
            user.mistype(started)

    def expire(_):
        clock.shift(300)

    for end, reason in [
        (approve, "approved"),
        (cancel, "canceled"),
        (use_up, "max_attempts_reached"),
        (expire, "expired"),
    ]:
        clock.shift(600)
        started = user.ask()
        end(started)
        dropped = Ended(status="dropped", reason=reason)
        assert claim_one(ledger, started.verification_id, 1) == dropped, reason
        assert claim_one(ledger, started.verification_id, 1) is None
        (seen,) = service.view(started.verification_id, app="default").sends
        assert (seen.status, seen.reason) == ("dropped", reason)


def test_a_code_that_is_about_to_end_is_not_sent(user, ledger, clock):
    started, other = user.ask(), user.ask(OTHER_PHONE)
    clock.shift(294)
    assert isinstance(claim_one(ledger, started.verification_id, 1), Claim)
    clock.shift(2)
    assert claim_one(ledger, other.verification_id, 1) == Ended(status="dropped", reason="expired")


@pytest.mark.parametrize("send", [("VE" + "0" * 32, 1), ("nobody", 7)])
def test_a_send_that_does_not_exist_is_not_claimed(ledger, redis, send):
    assert claim_one(ledger, *send) is None
    assert redis.keys() == []


def test_a_sweeper_finds_a_send_whose_job_got_lost_and_puts_it_off(ledger, send, redis, clock):
    redis.delete(QUEUE)
    assert ledger.sweep(10) == []
    clock.shift(OVERDUE_SECONDS)
    assert ledger.sweep(10) == [send]
    assert ledger.sweep(10) == []
    clock.shift(OVERDUE_SECONDS)
    assert ledger.sweep(10) == [send]


def test_a_sweeper_finds_a_send_whose_worker_died(ledger, send, redis, clock):
    redis.delete(QUEUE)
    claim_one(ledger, *send)
    clock.shift(LEASE_SECONDS - 1)
    assert ledger.sweep(10) == []
    clock.shift(1)
    assert ledger.sweep(10) == [send]


def test_a_sweeper_leaves_a_queued_backlog_alone(ledger, send, clock, redis):
    """While jobs wait, what is a little overdue most likely waits there too."""
    clock.shift(OVERDUE_SECONDS + 1)
    redis.rpush(QUEUE, "another job")
    assert ledger.sweep(10) == []
    clock.shift(2 * OVERDUE_SECONDS)
    redis.rpush(QUEUE, "another job")
    assert ledger.sweep(10) == [send]


def test_a_sweeper_takes_no_more_than_it_can_do(user, ledger, redis, clock):
    sends = {(user.ask(f"+1415555010{n}").verification_id, 1) for n in range(5)}
    redis.delete(QUEUE)
    clock.shift(OVERDUE_SECONDS)
    taken = [ledger.sweep(2) for _ in range(4)]
    assert [len(members) for members in taken] == [2, 2, 1, 0]
    assert {member for members in taken for member in members} == sends
