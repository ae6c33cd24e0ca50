"""Forgetting somebody: nothing of them is left, and nobody else's is touched."""

import pytest

from shared.errors import RateLimited, TooManyChecks, VerificationNotFound
from shared.ledger import Claim
from tests.fakes import claim_one, done_one
from tests.user import OTHER_PHONE, PHONE

FREE = {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "1/1h", "OTP_MAX_FAILED_CHECKS": "1/24h"}
# What a recipient leaves that says nothing of whose it is.
NOBODYS = (
    *(b"otp:counts", b"otp:stats:", b"otp:due", b"otp:drained", b"otp:guard", b"otp:apps"),
    *(b"otp:decoy", b"otp:limit:ip", b"otp:limit:failed_ip", b"rq:"),
)


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_RESEND_SECONDS": "0"}


@pytest.fixture
def tag(codes):
    return lambda to=PHONE, app="default": codes.tag(app, to)


def test_nothing_is_left_of_a_recipient(user, store, tag, redis, everything_in_redis):
    used = user.ask()
    user.type(user.code(used))
    pending = user.ask()
    user.ask()
    user.mistype(pending)
    removed = store.erase([tag()])
    assert removed == {"verifications": 2, "sends": 3, "counters": 3}
    assert [key for key in redis.keys() if not key.startswith(NOBODYS)] == []
    assert redis.zcard("otp:due") == 0
    kept = everything_in_redis()
    for trace in (PHONE, "+1415*****23", tag()):
        assert trace.encode() not in kept
    assert store.erase([tag()]) == {"verifications": 0, "sends": 0, "counters": 0}


@pytest.mark.parametrize("env", [{"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "none"}])
def test_no_verification_is_too_many(user, store, tag, redis, clock):
    for _ in range(25):
        user.type(user.code(user.ask()))
        clock.shift(1)
    others = user.ask(OTHER_PHONE)
    assert store.erase([tag(), tag(app="shop")])["verifications"] == 25
    assert redis.keys("otp:verification:*") == [
        f"otp:verification:{others.verification_id}".encode()
    ]


def test_it_is_forgotten_in_all_apps_and_nobody_else_is(user, service, store, tag):
    mine = [user.ask(app=app) for app in ("default", "shop")]
    others = user.ask(OTHER_PHONE), user.ask(app="bank")
    removed = store.erase([tag(app="default"), tag(app="shop"), tag(app="nobody")])
    assert removed["verifications"] == 2
    for started, app in zip(mine, ("default", "shop"), strict=True):
        with pytest.raises(VerificationNotFound):
            service.view(started.verification_id, app=app)
    assert user.type(user.code(others[0]), OTHER_PHONE)
    assert user.type(user.code(others[1]), app="bank")


def test_no_message_goes_out_afterwards(user, store, tag, run_worker, sender, clock):
    user.ask()
    user.ask()
    user.ask(OTHER_PHONE)
    store.erase([tag()])
    run_worker()
    clock.shift(10)
    run_worker()
    assert [message.to for message in sender.messages] == [OTHER_PHONE]


def test_what_a_worker_has_in_hand_leaves_nothing_behind(user, store, ledger, tag, redis):
    started = user.ask()
    claim = claim_one(ledger, started.verification_id, 1)
    assert isinstance(claim, Claim)
    store.erase([tag()])
    ledger.renew([claim])
    assert done_one(ledger, claim, "accepted") == "lost"
    assert ledger.receipt(started.verification_id, 1, 1, outcome="delivered") is None
    assert [key for key in redis.keys() if not key.startswith(NOBODYS)] == []


def test_a_code_of_somebody_forgotten_is_unknown(user, store, tag):
    started = user.ask()
    store.erase([tag()])
    with pytest.raises(VerificationNotFound):
        user.type(user.code(started))
    with pytest.raises(VerificationNotFound):
        user.type_by_id(user.code(started), started.verification_id)


@pytest.mark.parametrize("env", [FREE])
@pytest.mark.parametrize("lift", ["unblock", "erase"])
def test_somebody_who_is_locked_out_can_start_again(user, store, tag, lift):
    started = user.ask()
    with pytest.raises(RateLimited):
        user.ask()
    user.mistype(started)
    with pytest.raises(TooManyChecks):
        user.ask()
    assert store.unblock(tag()) if lift == "unblock" else store.erase([tag()])
    user.type(user.code(user.ask()))


@pytest.mark.parametrize("env", [FREE])
def test_unblocking_keeps_the_pending_code_and_touches_nobody_else(user, store, tag):
    mine, others = user.ask(), user.ask(OTHER_PHONE)
    user.mistype(mine)
    user.mistype(others, OTHER_PHONE)
    assert store.unblock(tag())
    assert not store.unblock(tag())
    user.type(user.code(mine))
    with pytest.raises(TooManyChecks):
        user.type(user.code(others), OTHER_PHONE)
