"""What may be used for one start only: an idempotency key, a proof of work."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import IdempotencyConflict, ProofSpent, RateLimited
from shared.verification.model import Idempotency, Proof
from tests.user import OTHER_PHONE, PHONE

KEY = Idempotency(keys=("a-1",), request="one")
PROOF = Proof(id="5f", ends_in_seconds=300)


def test_the_same_request_gets_the_same_answer_and_sends_nothing(user, run_worker, sender, clock):
    first = user.ask(idempotency=KEY)
    clock.shift(100)
    assert user.ask(idempotency=KEY) == first
    run_worker()
    assert len(sender.messages) == 1


def test_at_once_it_is_sent_once(user, run_worker, sender):
    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(lambda _: user.ask(idempotency=KEY), range(50)))
    assert len(answers) == 1
    run_worker()
    assert len(sender.messages) == 1


def test_another_request_with_the_same_key_is_a_conflict(user):
    user.ask(idempotency=KEY)
    with pytest.raises(IdempotencyConflict):
        user.ask(OTHER_PHONE, idempotency=Idempotency(keys=("a-1",), request="two"))


def test_another_app_may_use_the_same_key(user):
    first = user.ask(idempotency=KEY)
    assert user.ask(idempotency=KEY, app="other").verification_id != first.verification_id


def test_a_refused_request_does_not_use_its_key_up(user, clock):
    user.ask()
    with pytest.raises(RateLimited):
        user.ask(idempotency=KEY)
    clock.shift(30)
    assert user.ask(idempotency=KEY).send == 2
    assert user.ask(idempotency=KEY).send == 2


def test_a_key_is_good_for_a_day(user, clock):
    first = user.ask(idempotency=KEY)
    clock.shift(86395)
    assert user.ask(idempotency=KEY) == first
    clock.shift(6)
    assert user.ask(idempotency=KEY).verification_id != first.verification_id


def test_redis_knows_neither_the_key_nor_what_was_asked_for(user, everything_in_redis):
    user.ask(idempotency=Idempotency(keys=("order-4711",), request=f"for {PHONE}"))
    assert b"order-4711" not in everything_in_redis()
    assert f"for {PHONE}".encode() not in everything_in_redis()


def test_a_proof_is_good_for_one_start(user, clock):
    user.ask(proof=PROOF)
    with pytest.raises(ProofSpent):
        user.ask(OTHER_PHONE, proof=PROOF)
    user.ask(OTHER_PHONE, proof=Proof(id="60", ends_in_seconds=300))


def test_at_once_a_proof_is_good_for_one_start(user):
    def ask(line: int) -> bool:
        try:
            return bool(user.ask(f"+1415555{line:04}", proof=PROOF, ip=f"192.0.2.{line}"))
        except ProofSpent:
            return False

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(ask, range(50))) == 1


def test_a_refused_start_does_not_spend_the_proof(user, clock):
    user.ask()
    with pytest.raises(RateLimited):
        user.ask(proof=PROOF)
    clock.shift(30)
    assert user.ask(proof=PROOF).send == 2
