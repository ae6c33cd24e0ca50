"""Fixtures for every test: a Redis (fake, or a real server), and the service on it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from redis import Redis
from werkzeug.test import TestResponse

from api import create_app
from shared.codes import Codes
from shared.delivery.ledger import Ledger
from shared.delivery.webhooks import Webhooks
from shared.policy import CHANNELS
from shared.settings import Settings
from shared.storage.scripts import Scripts
from shared.verification.model import Terms
from shared.verification.service import VerificationService
from shared.verification.store import Store
from shared.verification.workflow import Steps
from tests import compiled
from tests.clock import Clock, clock_of
from tests.commands import run_command
from tests.fake_redis import fake_redis
from tests.fakes import DirectDeliverer, FakeSender, outlets
from tests.machine import pytest_runtest_protocol
from tests.redis_servers import REAL_REDIS, redis_server
from tests.running import (
    figure,
    pytest_addoption,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_ignore_collect,
    pytest_runtest_makereport,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.user import PHONE, User, wrong
from worker.rq_worker import OtpWorker

__all__ = [
    "figure",
    "pytest_addoption",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_ignore_collect",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "run_command",
]

compiled.share()

KEY = "k1:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture
def real_redis(redis_url) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        yield redis


@pytest.fixture(scope="session")
def redis_6_2_url(tmp_path_factory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis"), program=REAL_REDIS["6.2"]) as server:
        yield server.url


@pytest.fixture
def redis_6_2(redis_6_2_url) -> Iterator[Redis]:
    with Redis.from_url(redis_6_2_url) as redis:
        redis.flushall()
        yield redis


def redis_of(*kinds: str):
    """A fixture `redis` that runs each test on each of these kinds."""

    @pytest.fixture(params=kinds, name="redis")
    def redis(request) -> Iterator[Redis]:
        if request.param == "fake":
            with fake_redis() as fake:
                yield fake
        else:
            name = "real_redis" if request.param == "real" else "redis_6_2"
            yield request.getfixturevalue(name)

    return redis


redis = redis_of("fake", "real")
# For the modules about scripts: redis = redis_of(*EVERY_REDIS)
EVERY_REDIS = ("fake", *REAL_REDIS)


@pytest.fixture
def everything_in_redis(redis):
    """All keys and values, as one text to look for what must not be there."""
    read = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        b"set": redis.smembers,
    }
    return lambda: b"\n".join(
        key + b" " + repr(read[redis.type(key)](key)).encode() for key in redis.keys()
    )


@pytest.fixture
def env() -> dict[str, str]:
    """The environment that the settings are read from; a test may override the fixture."""
    return {}


@pytest.fixture
def settings(env) -> Settings:
    return _loaded(tuple(env.items()))


@cache
def _loaded(env: tuple[tuple[str, str], ...]) -> Settings:
    """Settings that tests share. They can't be changed."""
    return Settings.load({"OTP_SECRET_KEYS": KEY, **dict(env)}, env_file=None)


@pytest.fixture
def codes(settings) -> Codes:
    return Codes(settings.secret_keys())


@pytest.fixture
def scripts(redis) -> Scripts:
    return Scripts(redis)


@pytest.fixture
def store(scripts, settings) -> Store:
    return Store(scripts, keep_seconds=settings.otp_keep)


@pytest.fixture
def ledger(scripts) -> Ledger:
    return Ledger(scripts)


@pytest.fixture
def webhooks(scripts) -> Webhooks:
    return Webhooks(scripts)


@pytest.fixture
def verifications(store, codes, settings) -> VerificationService:
    return VerificationService(
        store,
        codes,
        cache(lambda app: settings.app(app).policy()),
    )


@pytest.fixture
def service(verifications) -> VerificationService:
    """In some folders, a Service or a running API."""
    return verifications


@pytest.fixture
def steps(store, verifications) -> Steps:
    return Steps(store, verifications.start)


@pytest.fixture
def user(service, codes) -> User:
    return User(service, codes)


@pytest.fixture
def terms_of(settings):
    """The terms of the Services of an account."""
    return lambda account: Terms(
        policy=settings.app(account).policy(), account=account, app_name="My Shop"
    )


@pytest.fixture
def clock(redis) -> Iterator[Clock]:
    with clock_of(redis) as clock:
        yield clock


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def deliverer(ledger, codes, sender) -> DirectDeliverer:
    named = {"fake": sender}
    return DirectDeliverer(ledger, codes, outlets(dict.fromkeys(CHANNELS, named)))


@pytest.fixture
def concurrency() -> int:
    """How many sends run_worker() delivers at a time. One keeps the order of messages certain."""
    return 1


@pytest.fixture
def run_worker(redis, ledger, deliverer, concurrency, steps):
    """Let a worker do everything that is queued or overdue."""

    def run() -> None:
        OtpWorker(redis, ledger, deliverer, concurrency, steps.start_next).run(burst=True)

    return run


@pytest.fixture
def client(settings, redis):
    return create_app(settings, redis).test_client()


class Caller:
    """What a client of the API does, with the usual values filled in."""

    def __init__(self, client, codes) -> None:
        self.client = client
        self._codes = codes

    def generate(self, phone: str = PHONE, headers=None, **body) -> TestResponse:
        body = body if "email" in body else {"phone": phone, **body}
        return self.client.post("/generate-otp", json=body, headers=headers)

    def verify(self, otp: str, headers=None, **to) -> TestResponse:
        return self.client.post(
            "/verify-otp", json={**(to or {"phone": PHONE}), "otp": otp}, headers=headers
        )

    def code(self, started: TestResponse) -> str:
        return self._codes.derive(self._codes.kid, started.json["verification_id"], 0, 6)

    def mistype(self, started: TestResponse) -> TestResponse:
        return self.verify(wrong(self.code(started)))


@pytest.fixture
def caller(client, codes) -> Caller:
    return Caller(client, codes)


@pytest.fixture
def problem():
    """Check that an answer is a problem+json document of a kind, and return its body."""

    def problem(answer: TestResponse, status: int, code: str) -> Any:
        assert (answer.status_code, (answer.json or {}).get("code")) == (status, code)
        assert answer.content_type == "application/problem+json"
        body = answer.json
        assert body["status"] == status
        assert body["type"].endswith(f"#{code}")
        for member in ("title", "detail"):
            assert body[member]
            assert isinstance(body[member], str)
        assert answer.headers["Cache-Control"] == "no-store"
        return body

    return problem
