"""One search finds all lines about a code, in the API's log and in the workers'."""

import pytest

from tests.fakes import DirectDeliverer, FakeSender, outlets
from tests.user import OTHER_PHONE, PHONE
from worker.senders.base import DeliveryError

TRACE, OTHER = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
OTHER_PARENT = f"00-{OTHER}-b7ad6b7169203331-00"
TRACED, OTHER_TRACED = {"traceparent": PARENT}, {"traceparent": OTHER_PARENT}
FREE = {"OTP_RESEND_SECONDS": "0"}
SENDERS = [("sms", "fake")]


@pytest.fixture
def lines(written):
    """(event, trace, the request's own trace if that is another one) of each line about a code."""

    def lines():
        ids = ("trace_id", "request_trace_id")
        return [
            (line["event"], *(line[name] for name in ids if name in line))
            for line in written
            if line["event"] != "request" and not line["event"].startswith("worker_")
        ]

    return lines


def kept(redis, started) -> bytes | None:
    return redis.hget(f"otp:verification:{started.json['verification_id']}", "trace")


def test_one_search_shows_the_whole_way_of_a_code(caller, run_worker, ledger, lines, redis):
    started = caller.generate(headers=TRACED)
    assert kept(redis, started) == PARENT.encode()
    run_worker()
    id_ = started.json["verification_id"]
    ledger.receipt(id_, 1, 1, senders=SENDERS, outcome="delivered")
    caller.mistype(started)
    caller.verify(caller.code(started), headers=OTHER_TRACED)
    assert lines() == [
        ("code_requested", TRACE),
        ("delivery_attempt", TRACE),
        ("receipt", TRACE),
        ("check_refused", TRACE),
        ("verification_approved", TRACE, OTHER),
    ]


@pytest.mark.parametrize("env", [FREE])
def test_a_verification_keeps_its_first_trace(caller, run_worker, lines, redis):
    started = caller.generate()
    assert kept(redis, started) is None
    for headers in (OTHER_TRACED, TRACED):
        assert (
            caller.generate(headers=headers).json["verification_id"]
            == (started.json["verification_id"])
        )
    assert kept(redis, started) == OTHER_PARENT.encode()
    run_worker()
    assert lines() == [
        ("code_requested",),
        ("code_requested", OTHER),
        ("code_requested", OTHER, TRACE),
        *[("delivery_attempt", OTHER)] * 3,
    ]


def test_later_steps_of_a_workflow_have_its_trace(caller, clock, run_worker, lines):
    workflow = [{"channel": "sms", "wait": 40}, {"channel": "call"}]
    caller.generate(workflow=workflow, headers=TRACED)
    clock.shift(40)
    run_worker()
    events = ["code_requested", "delivery_attempt"] * 2
    assert sorted(lines()) == sorted((event, TRACE) for event in events)


@pytest.mark.parametrize("env", [{**FREE, "OTP_MAX_SENDS": "1"}])
def test_refusals_have_the_trace_of_the_verification_or_else_their_own(caller, client, lines):
    id_ = caller.generate(headers=TRACED).json["verification_id"]
    client.post(f"/verify/{id_}/resend", json={"channel": "sms"}, headers=OTHER_TRACED)
    caller.generate(OTHER_PHONE, channel="email", headers=OTHER_TRACED)
    caller.verify("12345", headers=OTHER_TRACED)
    caller.verify("123456", phone=OTHER_PHONE, headers=OTHER_TRACED)
    assert lines()[1:] == [
        ("start_refused", TRACE, OTHER),
        ("request_refused", OTHER),
        ("check_refused", TRACE, OTHER),
        ("request_refused", OTHER),
        ("check_refused", OTHER),
    ]


@pytest.mark.parametrize("env", [{"OTP_MAX_CHECKS": "1"}])
def test_checks_of_a_code_that_is_used_up_have_its_trace(caller, lines):
    started = caller.generate(headers=TRACED)
    for _ in range(2):
        caller.mistype(started)
    assert lines()[1:] == [("check_refused", TRACE)] * 2


def test_sends_that_are_dropped_have_the_trace(caller, client, run_worker, lines):
    started = caller.generate(headers=TRACED)
    client.delete(f"/verifications/{started.json['verification_id']}")
    run_worker()
    assert lines()[1:] == [("verification_canceled", TRACE), ("delivery_ended", TRACE)]


def test_a_fault_of_a_sender_has_the_trace(caller, run_worker, sender, lines):
    sender.failures = [ZeroDivisionError()]
    caller.generate(headers=TRACED)
    run_worker()
    assert lines()[1:] == [("sender_raised", TRACE), ("delivery_attempt", TRACE)]


def test_a_send_that_is_left_to_other_workers_has_the_trace(caller, ledger, codes, lines):
    started = caller.generate(headers=TRACED)
    DirectDeliverer(ledger, codes, outlets({})).deliver(started.json["verification_id"], 1)
    assert lines()[1:] == [("delivery_left", TRACE)]


class Telegram(FakeSender):
    def conclude(self, provider_id: str, code: str | None) -> None:
        raise DeliveryError("transient", "busy")


@pytest.mark.parametrize("env", [{"OTP_TELEGRAM_SENDERS": "console://"}])
def test_a_provider_that_does_not_hear_of_the_end_has_the_trace(caller, ledger, codes, lines):
    telegram = {"telegram": {"console": Telegram()}}
    deliverer = DirectDeliverer(ledger, codes, outlets(telegram))
    started = caller.generate(channel="telegram", headers=TRACED)
    for _ in range(2):
        deliverer.deliver(started.json["verification_id"], 1)
        caller.verify(caller.code(started))
    assert ("conclusion_lost", TRACE) in lines()


def test_a_repeated_request_gets_the_trace_of_the_first_one(caller, lines):
    for headers in (TRACED, OTHER_TRACED):
        caller.generate(headers={"Idempotency-Key": "k", **headers})
    assert lines() == [("code_requested", TRACE), ("code_requested", TRACE, OTHER)]


def test_the_senders_message_has_the_traceparent(caller, run_worker, sender):
    caller.generate(headers=TRACED)
    caller.generate(OTHER_PHONE)
    run_worker()
    found = {message.to: message.traceparent for message in sender.messages}
    assert found == {PHONE: PARENT, OTHER_PHONE: None}


@pytest.mark.parametrize("header", [PARENT.upper(), f"{PARENT},{PARENT}", "x" * 8000, ""])
def test_an_invalid_traceparent_is_ignored(caller, lines, redis, header):
    started = caller.generate(headers={"traceparent": header})
    assert started.status_code == 202
    assert kept(redis, started) is None
    assert lines() == [("code_requested",)]


def test_what_others_write_in_its_place_hurts_nothing(caller, run_worker, lines, redis, sender):
    started = caller.generate(headers=TRACED)
    key = f"otp:verification:{started.json['verification_id']}"
    redis.hset(key, "trace", '"\n{"forged')
    run_worker()
    assert caller.verify(caller.code(started)).status_code == 200
    assert [message.traceparent for message in sender.messages] == [None]
    assert lines()[1:] == [("delivery_attempt",), ("verification_approved",)]
