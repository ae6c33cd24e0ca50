"""What the processes of the API measure, in Redis."""

from threading import Thread

import pytest

from shared.errors import StorageUnavailable
from shared.owner.statistics import Statistics
from shared.owner.tally import LATENCY_BOUNDS_MS, Tally
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from tests.e2e.conftest import wait_for
from tests.redis_servers import redis_server


@pytest.fixture
def tally(scripts) -> Tally:
    return Tally(scripts)


@pytest.fixture
def counted(redis):
    """What all processes have brought to Redis, without the calls that bringing it took."""

    def counted() -> dict[str, int]:
        found = Statistics(Scripts(redis)).totals().everything
        return {name: number for name, number in found.items() if "redis_took" not in name}

    return counted


def test_counts_requests_and_their_seconds(tally, counted):
    tally.note("POST", "/generate-otp", "202", 0.012)
    tally.note("POST", "/generate-otp", "429", 0.0005)
    tally.note("POST", "/generate-otp", "202", 11)
    tally.flush()
    assert counted() == {
        "requests:POST:202:/generate-otp": 2,
        "requests:POST:429:/generate-otp": 1,
        "request_took:POST:/generate-otp:0.5": 1,
        "request_took:POST:/generate-otp:20": 1,
        "request_took:POST:/generate-otp:inf": 1,
        "sum:request_took:POST:/generate-otp": 11_012_500,
    }


def test_a_method_that_a_client_made_up_is_another_one(tally, counted):
    for method in ("BREW", "get", "X" * 1000):
        tally.note(method, "none", "405", 0.001)
    tally.flush()
    assert counted()["requests:other:405:none"] == 3
    assert len(counted()) == 3


def test_what_was_flushed_is_not_flushed_again(redis, tally, counted):
    tally.note("GET", "/", "200", 0.001)
    tally.flush()
    assert counted()["requests:GET:200:/"] == 1
    redis.delete("otp:counts:api")
    tally.flush()
    assert not redis.exists("otp:counts:api")


def test_adds_up_what_several_processes_bring(redis, counted):
    for _ in range(3):
        process = Tally(Scripts(redis))
        process.note("GET", "/", "200", 0.001)
        process.flush()
    assert counted()["requests:GET:200:/"] == 3


def test_counts_each_call_of_redis(redis, scripts, tally):
    for _ in range(4):
        scripts.run(lambda redis: redis.ping())
    tally.note("GET", "/health/ready", "200", 0.001)
    tally.flush()
    found = Statistics(Scripts(redis)).totals().everything
    bounds = [f"{ms:g}" for ms in LATENCY_BOUNDS_MS] + ["inf"]
    assert sum(found.get(f"redis_took::{bound}", 0) for bound in bounds) == 4
    assert found["sum:redis_took:"] > 0


def test_ends_a_day_after_the_last_request(redis, tally):
    tally.note("GET", "/", "200", 0.001)
    tally.flush()
    assert 86_000 < redis.ttl("otp:counts:api") <= 86_400


def test_what_cannot_be_added_to_is_left_alone(redis, tally, counted):
    redis.hset("otp:counts:api", "requests:GET:200:/", "many")
    tally.note("GET", "/", "200", 0.001)
    tally.note("GET", "/docs", "200", 0.001)
    tally.flush()
    assert counted()["requests:GET:200:/docs"] == 1
    redis.delete("otp:counts:api")
    redis.set("otp:counts:api", "of another type")
    tally.note("GET", "/", "200", 0.001)
    tally.flush()
    assert redis.get("otp:counts:api") == b"of another type"


@pytest.mark.parametrize("redis", ["real"], indirect=True)
def test_counts_what_threads_note_meanwhile(tally, counted):
    def note() -> None:
        for _ in range(500):
            tally.note("GET", "/", "200", 0.001)
            tally.flush()

    threads = [Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted()["requests:GET:200:/"] == 2000


def test_keeps_one_number_for_each_name_while_redis_is_away(tmp_path):
    with redis_server(tmp_path) as server:
        redis = connect(server.url, timeout_seconds=0.2)
        tally = Tally(Scripts(redis))
        server.kill()
        for _ in range(3):
            for _ in range(1000):
                tally.note("GET", "/", "503", 0.5)
            with pytest.raises(StorageUnavailable):
                tally.flush()
        assert not tally._requests
        # The calls that failed were noted too.
        assert len(tally._counts) <= 3 + 1 + len(LATENCY_BOUNDS_MS)
        server.start()

        def is_flushed() -> bool:
            try:
                tally.flush()
            except StorageUnavailable:
                return False
            return True

        wait_for(is_flushed)
        assert redis.hget("otp:counts:api", "requests:GET:503:/") == b"3000"
        redis.close()
