"""Whatever a provider or its sender tells, the attempt is recorded, and the message sent once."""

import pytest

from shared.delivery.ledger import Claim
from tests.fakes import claim_one, done_one
from worker.senders.base import DeliveryError

ODD = [
    "id \ud800",
    "\udfff",
    "\x00",
    'a"}\n{"b',
    "\u202e\u2066",
    "x" * 1_000_000,
    "é😀",
    17,
    1.5,
    float("nan"),
    True,
    b"\xff",
    ["\ud800"],
    {"id": "\ud800"},
]


class Telling:
    """Accepts messages, and answers what it is told to."""

    channels = ("sms",)

    def __init__(self) -> None:
        self.sent = 0
        self.answer: object = None

    def send(self, message) -> object:
        self.sent += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Unspeakable:
    def __repr__(self) -> str:
        return "unspeakable"

    def __str__(self) -> str:
        raise RuntimeError


@pytest.fixture
def sender() -> Telling:
    return Telling()


@pytest.mark.parametrize("answer", [*ODD, Unspeakable()], ids=lambda answer: ascii(answer)[:20])
def test_an_odd_id_of_a_message_is_recorded(user, service, run_worker, sender, clock, answer):
    sender.answer = answer
    started = user.ask()
    run_worker()
    clock.shift(30)
    run_worker()
    assert sender.sent == 1
    (send,) = service.view(started.verification_id, app="default").sends
    assert (send.status, len(send.attempts)) == ("sent", 1)
    id_ = send.attempts[0].provider_id
    assert id_ is None or (id_.isprintable() and len(id_) <= 255 and id_.encode())


@pytest.mark.parametrize("error", ODD, ids=lambda error: ascii(error)[:20])
def test_an_odd_error_is_recorded(user, service, run_worker, sender, error):
    sender.answer = DeliveryError("invalid_recipient", error)
    started = user.ask()
    run_worker()
    assert sender.sent == 1
    (send,) = service.view(started.verification_id, app="default").sends
    assert send.status == "failed"
    assert send.reason.isprintable()


@pytest.mark.parametrize("result", ["odd", "\ud800", None, 5], ids=ascii)
def test_a_result_that_nobody_knows_is_unknown(user, service, ledger, result):
    started = user.ask()
    claim = claim_one(ledger, started.verification_id, 1)
    assert isinstance(claim, Claim)
    assert done_one(ledger, claim, result) == "failed"
    (send,) = service.view(started.verification_id, app="default").sends
    assert send.attempts[0].status == "unknown"


@pytest.mark.parametrize("field", ["asked", "locale", "begun"])
def test_a_send_of_another_version_is_recorded(user, service, ledger, redis, field):
    started = user.ask()
    claim = claim_one(ledger, started.verification_id, 1)
    redis.hdel(f"otp:send:{started.verification_id}:1", field)
    assert done_one(ledger, claim, "accepted") == "sent"
    assert service.view(started.verification_id, app="default").sends[0].status == "sent"


@pytest.mark.parametrize("id_", ["\ud800", "x" * 10_000, "\x00"], ids=lambda id_: ascii(id_)[:9])
def test_an_odd_receipt_is_recorded(user, service, ledger, run_worker, id_):
    started = user.ask()
    run_worker()
    status = ledger.receipt(
        started.verification_id,
        1,
        1,
        senders=[("sms", "fake")],
        outcome="undelivered",
        error=id_,
        provider_id=id_,
    )
    assert status == "undelivered"
    (send,) = service.view(started.verification_id, app="default").sends
    assert send.attempts[0].provider_id.isprintable()
