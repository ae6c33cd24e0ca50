"""What Redis holds: nothing for ever, no code and no way from a dump to one; and what happens when
Redis is away."""

import time
from contextlib import suppress

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from shared.codes import Codes
from shared.delivery.ledger import Ledger
from shared.errors import StorageUnavailable
from shared.policy import Policy
from shared.settings import Settings
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.verification.service import VerificationService
from shared.verification.store import PATIENCE_SECONDS, Store
from tests.fakes import claim_one, done_one
from tests.redis_servers import free_port, redis_server
from tests.user import OTHER_PHONE, PHONE, User


def of_people(redis) -> set[bytes]:
    """The keys but for those that tell nothing of anybody: what happened how often, and that
    somebody has verified before."""
    nobodys = (b"otp:stats:", b"otp:guard", b"otp:verified:", b"otp:apps")
    return {key for key in redis.keys() if not key.startswith(nobodys)}


def test_every_key_has_an_end_after_every_operation(
    user, service, store, ledger, redis, run_worker, clock
):
    def has_an_end(after: str) -> None:
        for_ever = [key for key in redis.keys() if redis.ttl(key) < 0]
        assert not for_ever, after
        assert all(redis.ttl(key) <= 86400 + 300 for key in of_people(redis)), after

    started = user.ask()
    has_an_end("start")
    run_worker()
    has_an_end("delivery")
    user.mistype(started)
    has_an_end("a wrong code")
    clock.shift(30)
    user.ask()
    has_an_end("resend")
    claim_one(ledger, started.verification_id, 2)
    has_an_end("claim")
    ledger.sweep(10)
    has_an_end("sweep")
    user.type(user.code(started))
    has_an_end("approval")
    service.cancel(user.ask(OTHER_PHONE).verification_id, app="default")
    has_an_end("cancel")
    run_worker()
    has_an_end("dropped sends")
    store.write_something()
    has_an_end("health check")


def test_a_day_after_the_last_request_nothing_is_left_of_anybody(user, redis, run_worker, clock):
    user.mistype(user.ask())
    run_worker()
    user.ask(OTHER_PHONE)
    clock.shift(86400 + 300)
    clock.shift(1)
    assert of_people(redis) == set()


@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "10"}])
def test_the_code_is_nowhere_at_rest(user, everything_in_redis, run_worker, sender):
    started = user.ask()
    code = user.code(started, length=10)
    for _ in range(2):
        stored = everything_in_redis()
        assert code.encode() not in stored
        assert started.verification_id.encode() in stored
        run_worker()
    assert sender.code_for(PHONE) == code


def test_the_address_is_in_the_hash_of_the_code_alone_and_ends_with_it(
    user, redis, everything_in_redis, run_worker
):
    user.ask()
    run_worker()
    assert PHONE.encode() in everything_in_redis()
    for key in redis.keys("otp:code:*"):
        redis.delete(key)
    assert PHONE[1:].encode() not in everything_in_redis()


def service_on(
    redis: Redis, scripts: Scripts, codes: Codes, settings: Settings
) -> VerificationService:
    return VerificationService(
        Store(scripts),
        codes,
        lambda app: settings.app(app).policy(),
    )


class Refusing(Redis):
    """A Redis that answers every command with one error."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self._message = message

    def execute_command(self, *_args: object, **_options: object) -> None:
        raise ResponseError(self._message)


@pytest.mark.parametrize(
    "message",
    [
        "OOM command not allowed when used memory > 'maxmemory'.",
        "READONLY You can't write against a read only replica.",
        "MISCONF Redis is configured to save RDB snapshots",
        "NOREPLICAS Not enough good replicas to write.",
        "MASTERDOWN Link with MASTER is down",
    ],
)
def test_a_redis_that_takes_no_writes_is_unavailable(message):
    with pytest.raises(StorageUnavailable):
        Store(Scripts(Refusing(message))).write_something()


def test_an_error_of_another_kind_is_not_mistaken_for_a_redis_that_is_away():
    with pytest.raises(ResponseError):
        Store(Scripts(Refusing("WRONGTYPE Operation against a key"))).write_something()


def test_a_full_redis_is_unavailable_and_nothing_was_written(tmp_path, codes, settings):
    with redis_server(tmp_path) as server, Redis.from_url(server.url) as redis:
        user = User(service_on(redis, Scripts(redis), codes, settings), codes)
        started = user.ask()
        keys = set(redis.keys())
        redis.config_set("maxmemory", 1)
        with pytest.raises(StorageUnavailable):
            user.ask(OTHER_PHONE)
        with pytest.raises(StorageUnavailable):
            Store(Scripts(redis)).write_something()
        assert user.status(started) == "pending"
        assert set(redis.keys()) == keys


def test_a_full_redis_still_checks_and_delivers(tmp_path, codes, settings):
    with redis_server(tmp_path) as server, Redis.from_url(server.url) as redis:
        ledger = Ledger(Scripts(redis))
        user = User(service_on(redis, Scripts(redis), codes, settings), codes)
        started = user.ask()
        redis.config_set("maxmemory", 1)
        claim = claim_one(ledger, started.verification_id, 1)
        ledger.renew([claim])
        assert done_one(ledger, claim, "accepted") == "sent"
        assert user.mistype(started) == 4
        user.type(user.code(started))
        assert user.status(started) == "approved"


def test_a_replica_is_unavailable(tmp_path, codes, settings):
    with redis_server(tmp_path) as server, Redis.from_url(server.url) as redis:
        redis.replicaof("127.0.0.1", free_port())
        user = User(service_on(redis, Scripts(redis), codes, settings), codes)
        with pytest.raises(StorageUnavailable):
            user.ask()


def test_what_redis_comes_to_too_late_has_no_effect(tmp_path, codes, settings):
    with (
        redis_server(tmp_path) as server,
        connect(server.url, timeout_seconds=PATIENCE_SECONDS) as redis,
        Redis.from_url(server.url) as later,
    ):
        scripts = Scripts(redis)
        store = Store(scripts)
        service = service_on(redis, scripts, codes, settings)
        user = User(service, codes)
        started = user.ask()
        keys = set(redis.keys())
        with server.hanging(), pytest.raises(StorageUnavailable):
            user.ask(OTHER_PHONE)
        assert set(later.keys()) == keys
        assert writes_within(store, seconds=2)
        with server.hanging(), pytest.raises(StorageUnavailable):
            user.mistype(started)
        assert writes_within(store, seconds=2)
        assert service.view(started.verification_id, app="default").checks_left == 5


def test_while_redis_hangs_callers_do_not_wait_for_it_one_after_the_other(tmp_path):
    with redis_server(tmp_path) as server, connect(server.url, timeout_seconds=0.2) as redis:
        store = Store(Scripts(redis))
        store.write_something()
        with server.hanging():
            began = time.monotonic()
            for _ in range(100):
                with pytest.raises(StorageUnavailable) as refused:
                    store.write_something()
            assert refused.value.retry_after == 1
            assert time.monotonic() - began < 1
        assert writes_within(store, seconds=2)


def writes_within(store: Store, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(StorageUnavailable):
            store.write_something()
            return True
    return False


class CountingStore(Store):
    starts = 0

    def start(self, limits, request):
        self.starts += 1
        return super().start(limits, request)


@pytest.mark.parametrize(("resend_code", "calls"), [("same", 1), ("new", 2)])
def test_a_resend_that_keeps_its_code_asks_redis_once(scripts, codes, clock, resend_code, calls):
    """Only a new code has to be made for the send that the script says is due."""
    store, policy = CountingStore(scripts), Policy(resend_code=resend_code)
    user = User(VerificationService(store, codes, lambda app: policy), codes)
    first = user.ask()
    assert store.starts == 1
    for send, again in ((2, user.ask), (3, lambda: user.ask_again(first))):
        clock.shift(30)
        store.starts = 0
        assert again().send == send
        assert store.starts == calls
