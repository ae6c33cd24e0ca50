"""Many sends at the same time: one that is broken keeps no other one from its way."""

import pytest

from shared.delivery.ledger import (
    LEASE_SECONDS,
    Claim,
    Ended,
    Outcome,
)
from tests.conftest import EVERY_REDIS, redis_of
from tests.counts import counts
from tests.fakes import SENDER_NAMES, claim_one

redis = redis_of(*EVERY_REDIS)


def test_many_sends_are_claimed_at_once_each_for_itself(user, ledger, sends, service):
    taken, canceled, free = sends
    claim_one(ledger, *taken)
    service.cancel(canceled[0], app="default")
    none, ended, claim, again = ledger.claim([*sends, free], SENDER_NAMES)
    assert none is None
    assert ended == Ended(status="dropped", reason="canceled")
    assert (claim.verification_id, claim.attempt, claim.to) == (free[0], 1, "+14155550102")
    assert again is None


def test_many_outcomes_are_recorded_at_once_each_for_itself(ledger, sends, seen, clock, redis):
    first, second, third = ledger.claim(sends, SENDER_NAMES)
    clock.shift(LEASE_SECONDS)
    claim_one(ledger, *sends[1])
    answers = ledger.done(
        [
            Outcome(claim=first, result="accepted", provider_id="id-1"),
            Outcome(claim=second, result="accepted"),
            Outcome(claim=third, result="transient", error="smtp_451", retry_in_seconds=4),
        ]
    )
    assert answers == ["sent", "lost", "queued"]
    assert [seen(send) for send in sends] == [
        ("sent", None),
        ("sending", None),
        ("queued", "smtp_451"),
    ]
    assert redis.zrange("otp:due", 0, -1)


def test_what_happens_together_is_counted_each(ledger, sends, redis):
    claims = ledger.claim(sends, SENDER_NAMES)
    ledger.done([Outcome(claim=claim, result="accepted") for claim in claims])
    counted = counts(redis)
    assert counted["attempts:sms:smtp:accepted"] == counted["sends:sms:sent"] == 3
    assert [redis.get(key) for key in redis.keys("otp:drained:*")] == [b"3"]


def test_of_many_one_tries_whether_a_sender_is_back(ledger, sends, redis):
    redis.hset("otp:breaker:sms:smtp", mapping={"failures": 5, "open_until": 1})
    assert [bool(claim) for claim in ledger.claim(sends, SENDER_NAMES)] == [True, False, False]


# What somebody who can write to Redis does to what belongs to a send.
SPOILT = {
    "another type": lambda redis, id_: (
        redis.delete(f"otp:code:{id_}") and redis.rpush(f"otp:code:{id_}", "x")
    ),
    "attempts that are no number": lambda redis, id_: redis.hset(
        f"otp:send:{id_}:1", "attempts", "many"
    ),
    "an attempt that cannot be read": lambda redis, id_: redis.hset(
        f"otp:send:{id_}:1", mapping={"attempts": 1, "attempt:1": "{"}
    ),
    "an address that is no text": lambda redis, id_: redis.hset(
        f"otp:code:{id_}", "to", b"\xff\xfe"
    ),
    "a length that is no number": lambda redis, id_: redis.hset(f"otp:code:{id_}", "length", "x"),
    "an end that is no number": lambda redis, id_: redis.hset(
        f"otp:verification:{id_}", "expires", "never"
    ),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_record_that_is_broken_keeps_no_other_one_from_being_claimed(ledger, sends, redis, spoil):
    spoil(redis, sends[1][0])
    first, broken, third = ledger.claim(sends, SENDER_NAMES)
    assert isinstance(first, Claim)
    assert isinstance(third, Claim)
    assert broken.status == "broken"
    assert broken.reason


@pytest.mark.parametrize(
    "spoil",
    [
        lambda redis, key: redis.delete(key) and redis.rpush(key, "x"),
        lambda redis, key: redis.hset(key, "status", b"\xff"),
        lambda redis, key: redis.hset(key, "asked", "x"),
    ],
    ids=["another type", "a status that is no text", "a time that is no number"],
)
def test_a_record_that_is_broken_keeps_no_other_one_from_being_recorded(
    ledger, sends, seen, redis, spoil
):
    claims = ledger.claim(sends, SENDER_NAMES)
    spoil(redis, f"otp:send:{sends[1][0]}:1")
    first, broken, third = ledger.done(
        [Outcome(claim=claim, result="accepted") for claim in claims]
    )
    assert (first, third) == ("sent", "sent")
    assert broken != "sent"
    assert [seen(send) for send in (sends[0], sends[2])] == [("sent", None)] * 2


def test_a_record_that_is_broken_keeps_no_other_lease_from_being_renewed(
    ledger, sends, redis, clock
):
    claims = ledger.claim(sends, SENDER_NAMES)
    clock.shift(LEASE_SECONDS - 1)
    broken = f"otp:send:{sends[1][0]}:1"
    redis.delete(broken)
    redis.rpush(broken, "x")
    ledger.renew(claims)
    redis.delete(broken)
    clock.shift(1)
    assert [claim_one(ledger, *send) for send in (sends[0], sends[2])] == [None, None]


@pytest.mark.parametrize(
    "provider_id",
    [b"\xff", "\ud800", {"a": object()}],
    ids=["bytes", "surrogate", "object"],
)
def test_a_strange_answer_of_a_sender_keeps_no_other_one_from_being_recorded(
    ledger, sends, provider_id
):
    claims = ledger.claim(sends, SENDER_NAMES)
    outcomes = [Outcome(claim=claim, result="accepted") for claim in claims]
    outcomes[1] = Outcome(claim=claims[1], result="accepted", provider_id=provider_id)
    first, _, third = ledger.done(outcomes)
    assert (first, third) == ("sent", "sent")
