"""Simulated time, on every server that the simulation runs on."""

import time
from datetime import UTC, datetime

import pytest
from redis import Redis

from shared.delivery.ledger import Ledger
from shared.storage import keys
from tests.redis_servers import ALL_REDIS, redis_server
from tests.simulation.clock import BEGIN_MS, OWN_KEYS, SimulatedScripts, simulated_time

SERVERS = {
    name: program
    for name, program in ALL_REDIS.items()
    # It can't tell when a key expires.
    if name != "6.2"
}


@pytest.fixture(scope="module", params=SERVERS)
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with redis_server(folder, program=SERVERS[request.param]) as server:
        yield server


@pytest.fixture
def redis(server):
    with Redis.from_url(server.url) as redis:
        redis.flushall()
        yield redis


@pytest.fixture
def clock(redis):
    with simulated_time(redis) as clock:
        yield clock


@pytest.fixture
def scripts(redis, clock) -> SimulatedScripts:
    return SimulatedScripts(redis)


def kept(redis) -> set[bytes]:
    return {key for key in redis.keys() if not key.startswith(OWN_KEYS.encode())}


def test_scripts_and_python_have_the_same_time(scripts, clock):
    roll_up = scripts.load("owner/roll_up")
    assert roll_up([], []) == clock.now_ms == BEGIN_MS
    began = time.monotonic()
    clock.advance(1234)
    assert roll_up([], []) == time.time() * 1000 == BEGIN_MS + 1234
    assert datetime.now(UTC).year == 2100
    assert time.monotonic() - began == 1.234


def test_a_key_expires_when_its_time_has_come(scripts, redis, clock):
    Ledger(scripts).sweep(1)
    assert kept(redis) == {keys.ROLLED_UP.encode()}
    assert clock.advance(59_999) == []
    assert clock.advance(1) == [keys.ROLLED_UP.encode()]
    assert kept(redis) == set()


def test_a_key_that_is_used_again_stays(redis, clock):
    redis.set("session", 1, pxat=clock.now_ms + 10)
    clock.advance(9)
    redis.pexpireat("session", clock.now_ms + 10)
    assert clock.advance(9) == []
    assert clock.advance(1) == [b"session"]


def test_what_was_replaced_keeps_its_new_time(redis, clock):
    redis.set("code", 1, pxat=clock.now_ms + 10)
    clock.advance(1)
    redis.set("code", 2)
    assert clock.advance(10) == []
    assert redis.get("code") == b"2"


def test_what_is_restored_expires_too(redis, clock):
    redis.set("code", 1, pxat=clock.now_ms + 10)
    copy, expires = redis.dump("code"), redis.pexpiretime("code")
    redis.delete("code")
    clock.advance(5)
    redis.restore("code", expires, copy, absttl=True)
    assert clock.advance(4) == []
    assert clock.advance(1) == [b"code"]


def test_keys_expire_in_the_order_of_their_times(redis, clock):
    for name, ms in (("b", 2), ("a", 2), ("c", 1)):
        redis.set(name, 1, pxat=clock.now_ms + ms)
    assert clock.advance(5) == [b"c", b"a", b"b"]


def test_the_clock_goes_on_while_redis_is_full(redis, clock):
    redis.set("code", 1, pxat=clock.now_ms + 10)
    redis.config_set("maxmemory", 1)
    try:
        assert clock.advance(10) == [b"code"]
    finally:
        redis.config_set("maxmemory", 0)
