"""What receipts do to a send: it only moves forward, and only the sender of an attempt counts."""

import json

import pytest

from shared.delivery.ledger import Outcome
from tests.fakes import claim_one, done_one

SENDERS = [("sms", "smtp")]


@pytest.fixture
def report(ledger, send):
    """Report of an attempt, of the newest one without a number. Returns the send's status."""

    def report(outcome, attempt=None, senders=SENDERS, **facts):
        return ledger.receipt(*send, attempt, senders=senders, outcome=outcome, **facts)

    return report


def test_a_send_only_moves_forward(ledger, send, report):
    done_one(ledger, claim_one(ledger, *send), "accepted")
    assert report("accepted") == "sent"
    assert report("delivered") == "delivered"
    for replayed in ("accepted", "undelivered", "unreachable"):
        assert report(replayed, error="late") == "delivered"


def test_a_send_that_is_over_is_not_due_again_when_its_attempt_goes_on(ledger, send, report, redis):
    claim = claim_one(ledger, *send)
    assert report("delivered", 1) == "delivered"
    ledger.renew([claim])
    assert not redis.exists("otp:due")
    assert done_one(ledger, claim, "accepted") == "delivered"


def test_a_message_that_was_given_up_too_early_is_delivered_after_all(ledger, send, report):
    done_one(ledger, claim_one(ledger, *send), "accepted")
    assert report("undelivered") == "undelivered"
    assert report("accepted") == "undelivered"
    assert report("delivered") == "delivered"


def test_a_person_who_is_not_on_the_channel_gets_no_other_attempt(
    ledger, send, report, seen, clock
):
    done_one(ledger, claim_one(ledger, *send), "unknown", error="x", retry_in_seconds=5)
    assert report("unreachable", error="whatsapp_131026") == "undelivered"
    assert seen(send) == ("undelivered", "unreachable")
    clock.shift(10)
    assert claim_one(ledger, *send) is None


def test_a_receipt_that_comes_before_the_result_keeps_its_reason(ledger, send, report, seen):
    claim = claim_one(ledger, *send)
    assert report("unreachable") == "undelivered"
    assert done_one(ledger, claim, "accepted") == "undelivered"
    assert seen(send) == ("undelivered", "unreachable")


def test_a_receipt_without_a_number_is_of_the_senders_newest_attempt(ledger, send, report, clock):
    first, second = {"": {"sms": ["one"]}}, {"": {"sms": ["two"]}}
    for senders in (first, first, second):
        (claim,) = ledger.claim([send], senders)
        ledger.done([Outcome(claim=claim, result="unknown", retry_in_seconds=0)])
    assert report("undelivered", senders=[("sms", "one")], error="off") == "queued"
    assert report("delivered", senders=[("sms", "three")]) is None
    assert report("delivered", senders=[("sms", "two")]) == "delivered"


def test_a_receipt_of_a_send_that_nobody_has_claimed_is_not_believed(report):
    assert report("delivered") is None


def test_a_delivered_send_has_no_value_that_doubles_its_memory(ledger, send, report, redis):
    done_one(ledger, claim_one(ledger, *send), "accepted", provider_id=60 * "x")
    assert report("delivered", provider_id=60 * "y") == "delivered"
    record = redis.hgetall("otp:send:{}:{}".format(*send))
    # redis.conf: hash-max-listpack-value.
    assert max(map(len, record.values())) <= 64


def test_an_id_that_only_the_receipt_tells_is_kept(ledger, send, report, service):
    done_one(ledger, claim_one(ledger, *send), "accepted")
    report("delivered", provider_id="m-1")
    report("delivered", provider_id="m-2")
    (attempt,) = service.view(send[0], app="default").sends[0].attempts
    assert attempt.provider_id == "m-1"


def test_an_attempt_in_one_line_as_earlier_versions_wrote_it_is_read(
    ledger, send, report, service, redis, clock
):
    done_one(ledger, claim_one(ledger, *send), "unknown", retry_in_seconds=5)
    line = {"sender": "smtp", "status": "unknown", "at": 1795915403396, "provider_id": "m-1"}
    redis.hset("otp:send:{}:{}".format(*send), "attempt:1", json.dumps(line))
    clock.shift(5)
    assert claim_one(ledger, *send).provider_id == "m-1"
    assert report("delivered", 1, provider_id="m-2") == "delivered"
    (attempt,) = service.view(send[0], app="default").sends[0].attempts
    assert (attempt.status, attempt.provider_id) == ("accepted", "m-1")
