"""Forgetting somebody: nothing of them is left, and nobody else's is touched."""

import pytest

from shared.delivery.ledger import Claim
from shared.errors import RateLimited, TooManyChecks, VerificationNotFound
from shared.verification.service import VerificationService
from shared.verification.store import Store
from tests.conftest import EVERY_REDIS, redis_of
from tests.fakes import claim_one, done_one
from tests.user import OTHER_PHONE, PHONE, User

redis = redis_of(*EVERY_REDIS)

FREE = {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "1/1h", "OTP_MAX_FAILED_CHECKS": "1/24h"}
# What a recipient leaves that says nothing of whose it is.
NOBODYS = (
    *(
        b"otp:events",
        b"otp:counts",
        b"otp:stats:",
        b"otp:due",
        b"otp:drained",
        b"otp:guard",
        b"otp:apps",
    ),
    *(b"otp:apps", b"otp:limit:ip", b"otp:limit:failed_ip", b"rq:"),
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
    senders = [("sms", claim.sender)]
    receipt = ledger.receipt(started.verification_id, 1, 1, senders=senders, outcome="delivered")
    assert receipt is None
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


DAY, HOUR = 86400, 3600


@pytest.fixture
def user_keeping(redis, scripts, codes, settings):
    """A user of a process that was started with another OTP_KEEP."""

    def keeping(seconds: int) -> User:
        service = VerificationService(
            Store(scripts, keep_seconds=seconds),
            codes,
            lambda app: settings.app(app).policy(),
        )
        return User(service, codes)

    return keeping


def tags_known(store, codes) -> list[str]:
    """As DELETE /recipients finds them."""
    return [codes.tag(app, PHONE) for app in store.apps()]


@pytest.mark.parametrize("seconds", [0, 60, HOUR])
@pytest.mark.parametrize("again", ["for another code", "for a resend", "not at all"])
def test_with_a_shorter_otp_keep_what_was_kept_before_is_found(
    user_keeping, store, codes, redis, clock, seconds, again
):
    kept_long = user_keeping(40 * DAY)
    first = kept_long.ask()
    if again == "for another code":
        kept_long.type(kept_long.code(first))
    if again != "not at all":
        user_keeping(seconds).ask()
    user_keeping(seconds).ask(OTHER_PHONE)
    clock.shift(39 * DAY)
    assert redis.exists(f"otp:verification:{first.verification_id}")
    assert store.erase(tags_known(store, codes))["verifications"] == 1
    assert not redis.keys("otp:verification:*")
    assert not redis.keys("otp:send:*")


@pytest.mark.parametrize("seconds", [0, 60, HOUR])
def test_with_a_longer_otp_keep_what_is_kept_now_is_found(
    user_keeping, store, codes, redis, clock, seconds
):
    user_keeping(seconds).ask()
    user_keeping(40 * DAY).ask()
    clock.shift(2 * HOUR)
    user_keeping(40 * DAY).ask()
    clock.shift(39 * DAY)
    assert len(redis.keys("otp:verification:*")) == 2
    assert store.erase(tags_known(store, codes))["verifications"] == 2


def test_what_is_due_stays_until_the_longest_code_ends(redis, user_keeping):
    user_keeping(DAY).ask()
    user_keeping(0).ask(OTHER_PHONE)
    assert redis.ttl("otp:due") > DAY


def test_the_attempts_of_a_service_stay_as_long_as_its_verifications(user_keeping, terms_of, redis):
    terms, service = terms_of("shop"), f"VA{'0' * 32}"
    user_keeping(40 * DAY).ask(app=service, terms=terms)
    user_keeping(60).ask(OTHER_PHONE, app=service, terms=terms)
    assert redis.ttl("otp:attempts:shop") > 39 * DAY
