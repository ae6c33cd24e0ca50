"""The Deliverer: which sender is asked, when again, and what a failure means."""

import http.client
import logging
import time
from contextlib import closing

import pytest

from shared.delivery.ledger import LEASE_SECONDS, MAX_ATTEMPTS
from shared.errors import StorageUnavailable
from shared.logs import JsonLines
from shared.policy import CHANNELS
from tests.fakes import DirectDeliverer, FlakyLedger, claim_one, outlets
from tests.user import PHONE
from worker.deliverer import UNKNOWN_FENCE_SECONDS
from worker.senders.base import LONGEST_SEND_SECONDS, DeliveryError
from worker.senders.conformance.servers import DripServer, serving
from worker.senders.sockets import bounded

REFUSED = DeliveryError("refused", "smtp_535")
TRANSIENT = DeliveryError("transient", "smtp_451")
UNKNOWN = DeliveryError("unknown", "timeout")
INVALID = DeliveryError("invalid_recipient", "smtp_550")
UNREACHABLE = DeliveryError("unreachable", "whatsapp_131026")


@pytest.fixture
def deliverer(ledger, codes, first, second) -> DirectDeliverer:
    """With two senders for each channel."""
    named = {"first": first, "second": second}
    return DirectDeliverer(ledger, codes, outlets(dict.fromkeys(CHANNELS, named)))


@pytest.fixture
def send(user) -> tuple[str, int]:
    return user.ask().verification_id, 1


@pytest.fixture
def seen(service, send):
    """(status, reason) of the send, and (sender, result, error) of each attempt."""

    def seen():
        (found,) = service.view(send[0], app="default").sends
        attempts = [(a.sender, a.status, a.error) for a in found.attempts]
        return (found.status, found.reason), attempts

    return seen


def test_the_first_sender_is_asked_and_told_the_code(user, deliverer, first, second):
    started = user.ask(locale="de-AT")
    deliverer.deliver(started.verification_id, 1)
    (message,) = first.messages
    assert (message.to, message.channel, message.code) == (PHONE, "sms", user.code(started))
    assert message.text.startswith(f"{message.code} ist Ihr Code für Test.")
    assert message.idempotency_key == f"{started.verification_id}-1"
    assert 299 <= message.expires_in <= 300
    assert second.messages == []


def test_a_send_is_delivered_once_however_often_it_is_asked_for(deliverer, send, first, seen):
    for _ in range(3):
        deliverer.deliver(*send)
    assert len(first.messages) == 1
    assert seen() == (("sent", None), [("first", "accepted", None)])


def test_a_send_that_does_not_exist_is_left_alone(deliverer, first):
    deliverer.deliver("VE" + "0" * 32, 1)
    assert first.messages == []


@pytest.mark.parametrize("failure", [REFUSED, TRANSIENT], ids=lambda f: f.failure)
def test_what_one_sender_does_not_take_the_next_one_gets_at_once(
    deliverer, send, first, second, seen, failure
):
    first.failures = [failure]
    deliverer.deliver(*send)
    assert len(second.messages) == 1
    assert seen() == (
        ("sent", None),
        [("first", failure.failure, failure.error), ("second", "accepted", None)],
    )


def test_what_every_sender_refuses_has_failed(deliverer, send, first, second, seen, clock):
    first.failures = second.failures = [REFUSED, REFUSED]
    deliverer.deliver(*send)
    assert seen() == (
        ("failed", "smtp_535"),
        [("first", "refused", "smtp_535"), ("second", "refused", "smtp_535")],
    )
    clock.shift(60)
    deliverer.deliver(*send)
    assert first.messages == second.messages == []


def test_an_address_that_nobody_can_reach_is_tried_nowhere_else(
    deliverer, send, first, second, seen
):
    first.failures = [INVALID]
    deliverer.deliver(*send)
    assert seen() == (("failed", "smtp_550"), [("first", "invalid_recipient", "smtp_550")])
    assert second.messages == []


def test_a_person_who_is_not_on_the_channel_is_tried_nowhere_else_on_it(
    deliverer, send, first, second, seen, redis, clock
):
    first.failures = [UNREACHABLE]
    deliverer.deliver(*send)
    assert seen() == (("failed", "unreachable"), [("first", "unreachable", "whatsapp_131026")])
    clock.shift(60)
    deliverer.deliver(*send)
    assert first.messages == second.messages == []
    assert not redis.keys("otp:breaker:*")


def test_a_sender_that_refused_is_not_asked_again(deliverer, send, first, second, clock):
    first.failures = [REFUSED]
    second.failures = [TRANSIENT]
    deliverer.deliver(*send)
    clock.shift(30)
    deliverer.deliver(*send)
    assert (len(first.messages), len(second.messages)) == (0, 1)


def test_when_all_have_failed_it_backs_off_and_starts_with_the_first_again(
    deliverer, send, first, second, seen, clock
):
    first.failures = [TRANSIENT]
    second.failures = [TRANSIENT]
    deliverer.deliver(*send)
    assert seen()[0] == ("queued", "smtp_451")
    deliverer.deliver(*send)
    clock.shift(1)
    deliverer.deliver(*send)
    assert first.messages == second.messages == []
    clock.shift(1)
    deliverer.deliver(*send)
    assert len(first.messages) == 1


@pytest.mark.parametrize("redis", ["fake"], indirect=True)
def test_the_back_off_doubles_up_to_half_a_minute_within_the_codes_life(
    deliverer, send, first, second, seen, clock
):
    first.failures, second.failures = [TRANSIENT] * 4, [TRANSIENT] * 4
    tried_at = []
    first.during = second.during = lambda _: tried_at.append(time.time() - began)
    began = time.time()
    for _ in range(121):
        deliverer.deliver(*send)
        clock.shift(1)
    assert tried_at == [0, 0, 2, 6, 14, 30, 60, 90]
    assert len(tried_at) == MAX_ATTEMPTS
    assert seen()[0] == ("failed", "out_of_attempts")


@pytest.mark.parametrize("env", [{"OTP_TTL_SECONDS": "30"}])
def test_it_is_not_tried_again_after_the_codes_life(deliverer, send, first, second, seen, clock):
    first.failures, second.failures = [TRANSIENT] * 9, [TRANSIENT] * 9
    for _ in range(30):
        deliverer.deliver(*send)
        clock.shift(1)
    assert seen()[0] in [("failed", "smtp_451"), ("dropped", "expired")]
    assert len(first.failures) + len(second.failures) > 18 - MAX_ATTEMPTS


def test_after_an_unknown_outcome_it_waits_for_the_message_to_arrive(
    deliverer, send, first, second, seen, clock
):
    first.failures = [UNKNOWN]
    deliverer.deliver(*send)
    assert seen() == (("queued", "timeout"), [("first", "unknown", "timeout")])
    clock.shift(UNKNOWN_FENCE_SECONDS - 1)
    deliverer.deliver(*send)
    assert second.messages == []
    clock.shift(1)
    deliverer.deliver(*send)
    assert len(second.messages) == 1


def test_a_send_whose_code_was_used_meanwhile_is_not_tried_again(
    user, deliverer, first, second, service, clock
):
    started = user.ask()
    first.failures = [UNKNOWN]
    deliverer.deliver(started.verification_id, 1)
    user.type(user.code(started))
    clock.shift(UNKNOWN_FENCE_SECONDS)
    deliverer.deliver(started.verification_id, 1)
    assert second.messages == []
    (send,) = service.view(started.verification_id, app="default").sends
    assert (send.status, send.reason) == ("dropped", "approved")


def test_the_last_look_is_between_two_senders(user, deliverer, first, second):
    started = user.ask()
    first.failures = [TRANSIENT]
    first.during = lambda message: user.type(message.code)
    deliverer.deliver(started.verification_id, 1)
    assert second.messages == []


@pytest.fixture
def written(everything_in_redis, caplog):
    """What is in the log and in Redis by now."""
    caplog.set_level(logging.DEBUG)
    return lambda: (
        "\n".join(JsonLines().format(record) for record in caplog.records),
        everything_in_redis().decode(),
    )


@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "10"}])
def test_a_sender_that_raises_leaks_nothing_and_does_not_lose_the_send(
    deliverer, first, second, seen, send, clock, written
):
    def crash(message):
        raise RuntimeError(f"cannot send {message.code} to {message.to}: {message.text}")

    first.during = crash
    deliverer.deliver(*send)
    clock.shift(UNKNOWN_FENCE_SECONDS)
    deliverer.deliver(*send)
    (message,) = second.messages
    assert seen()[1] == [("first", "unknown", "RuntimeError"), ("second", "accepted", None)]
    lines, stored = written()
    assert "sender_raised" in lines
    assert "test_deliverer.py" in lines
    for place in (lines, stored):
        assert message.code not in place
        assert "cannot send" not in place
    assert PHONE not in lines
    assert "+1415*****23" in lines


def test_what_goes_wrong_before_the_sender_is_called_is_not_its_fault(
    user, deliverer, first, second, redis, clock, caplog
):
    """As where somebody has tampered with a code that is kept encrypted."""
    started = user.ask()
    redis.hset(f"otp:code:{started.verification_id}", "sealed", "bm9uc2Vuc2U=")
    deliverer.deliver(started.verification_id, 1)
    assert "delivery_raised" in caplog.messages
    assert deliverer.under_way == 0
    redis.hdel(f"otp:code:{started.verification_id}", "sealed")
    clock.shift(LEASE_SECONDS)
    deliverer.deliver(started.verification_id, 1)
    assert [len(sender.messages) for sender in (first, second)] == [1, 0]
    assert not redis.keys("otp:breaker:*")


def test_while_it_sends_the_lease_is_renewed(deliverer, send, first, ledger, clock):
    claims = []

    def be_slow(_):
        assert deliverer.under_way == 1
        for _ in range(4):
            clock.shift(LEASE_SECONDS - 1)
            deliverer.renew_leases()
            claims.append(claim_one(ledger, *send))

    first.during = be_slow
    deliverer.deliver(*send)
    assert claims == [None] * 4
    assert len(first.messages) == 1
    assert deliverer.under_way == 0
    deliverer.renew_leases()


def test_every_sender_keeps_the_deadline_also_one_that_does_not_know_of_it(
    user, ledger, codes, redis, seen, send
):
    class Plugin:
        channels = CHANNELS

        def send(self, _):
            connection = http.client.HTTPConnection(address, timeout=5)
            with closing(connection):
                connection.request("POST", "/")
                connection.getresponse()

    deliverer = DirectDeliverer(ledger, codes, outlets({"sms": {"plugin": Plugin()}}))
    with serving(DripServer(b"X-Name: value\r\n", head=b"HTTP/1.1 200 OK\r\n")) as address:
        begun = time.monotonic()
        with bounded(0.5):
            deliverer.deliver(*send)
        assert time.monotonic() - begun < 2
    assert seen() == (("queued", "TimeoutError"), [("plugin", "unknown", "TimeoutError")])
    assert redis.hget("otp:breaker:sms:plugin", "failures") == b"1"


def test_a_send_whose_sender_hangs_goes_to_another_worker(
    deliverer, send, first, ledger, clock, monkeypatch
):
    begun = time.monotonic()
    given = []

    def hang(_):
        for waited in (2 * LONGEST_SEND_SECONDS - 1, 2 * LONGEST_SEND_SECONDS + 1):
            monkeypatch.setattr(time, "monotonic", lambda waited=waited: begun + waited)
            deliverer.renew_leases()
            clock.shift(LEASE_SECONDS - 1)
            given.append(claim_one(ledger, *send))

    first.during = hang
    deliverer.deliver(*send)
    assert [bool(claim) for claim in given] == [False, True]


def test_without_redis_nothing_is_sent(scripts, codes, first, send):
    ledger = FlakyLedger(scripts, claim=1)
    named = {"first": first}
    with pytest.raises(StorageUnavailable):
        DirectDeliverer(ledger, codes, outlets({"sms": named})).deliver(*send)
    assert first.messages == []
