"""Senders that the owner has paused."""

import pytest

from shared.owner.state import SystemState
from tests.fakes import DirectDeliverer, outlets
from tests.user import OTHER_PHONE
from worker.senders.base import DeliveryError


@pytest.fixture
def deliverer(ledger, codes, first, second) -> DirectDeliverer:
    return DirectDeliverer(ledger, codes, outlets({"sms": {"first": first, "second": second}}))


@pytest.fixture
def state(scripts) -> SystemState:
    return SystemState(scripts, [("sms", "first")])


@pytest.mark.parametrize("ends", ["resumed", "over"])
def test_a_paused_sender_is_passed_over_until_it_is_not(
    user, deliverer, first, second, state, clock, ends
):
    state.pause("sms", "first", 60)
    deliverer.deliver(user.ask().verification_id, 1)
    if ends == "resumed":
        state.resume("sms", "first")
    else:
        clock.shift(59)
        deliverer.deliver(user.ask("+14155550001").verification_id, 1)
        assert [len(sender.messages) for sender in (first, second)] == [0, 2]
        clock.shift(1)
    deliverer.deliver(user.ask(OTHER_PHONE).verification_id, 1)
    assert len(first.messages) == 1


def test_a_pause_of_the_previous_version_still_counts(user, deliverer, first, second, state, redis):
    redis.set("otp:paused:sms:first", 1, ex=60)
    deliverer.deliver(user.ask().verification_id, 1)
    assert [len(sender.messages) for sender in (first, second)] == [0, 1]
    assert state.read().senders[0].status == "paused"


def test_while_every_sender_is_paused_a_send_waits(deliverer, state, user, service, clock):
    id_ = user.ask().verification_id

    def seen():
        (found,) = service.view(id_, app="default").sends
        return found.status, found.reason, [(a.sender, a.status, a.error) for a in found.attempts]

    for name in ("first", "second"):
        state.pause("sms", name, 60)
    deliverer.deliver(id_, 1)
    assert seen() == ("queued", None, [])
    state.resume("sms", "second")
    clock.shift(1)
    deliverer.deliver(id_, 1)
    assert seen() == ("sent", None, [("second", "accepted", None)])


def test_a_test_message_goes_through_its_sender_alone_also_while_it_is_paused(
    user, deliverer, first, second, state
):
    state.pause("sms", "second", 60)
    second.failures = [DeliveryError("refused", "smtp_535")]
    deliverer.deliver(user.ask(sender="second").verification_id, 1)
    deliverer.deliver(user.ask(OTHER_PHONE, sender="second").verification_id, 1)
    assert [len(sender.messages) for sender in (first, second)] == [0, 1]
