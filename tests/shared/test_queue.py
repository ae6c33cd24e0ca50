"""Jobs: what RQ is told to enqueue, and which of them are ours to read."""

import hmac
import json
import os
import pickle
import tracemalloc
import zlib

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from shared.queue import QUEUE_NAME, TASK, ForeignJob, WakeUps

VERIFICATION = "VE" + "0" * 32
KEYS = (b"new" * 11, b"old" * 11)


@pytest.fixture
def wake_ups(redis) -> WakeUps:
    return WakeUps(redis, KEYS)


def signed(body: bytes, key: bytes = KEYS[0]) -> bytes:
    """The `data` of a job with this body, as whoever holds the key would write it."""
    return zlib.compress(hmac.digest(key, body, "sha256").hex().encode() + b"." + body)


def job_data(redis, wake_ups) -> bytes:
    for command in wake_ups.commands(VERIFICATION, 2, 300):
        redis.execute_command(*command)
    return redis.hget(f"rq:job:{VERIFICATION}-2", "data")


def test_the_commands_enqueue_one_job_that_is_read_again(redis, wake_ups):
    data = job_data(redis, wake_ups)
    assert redis.lrange(f"rq:queue:{QUEUE_NAME}", 0, -1) == [f"{VERIFICATION}-2".encode()]
    assert wake_ups.read(data) == (VERIFICATION, 2)


def test_making_the_commands_writes_nothing(redis, wake_ups):
    wake_ups.commands(VERIFICATION, 1, 300)
    assert redis.keys() == []


def test_a_job_and_its_queue_have_an_end(redis, wake_ups):
    job_data(redis, wake_ups)
    assert 299 <= redis.ttl(f"rq:job:{VERIFICATION}-2") <= 300
    assert all(redis.ttl(key) > 0 for key in redis.keys())


def test_a_job_tells_nothing_in_its_description(redis, wake_ups):
    job_data(redis, wake_ups)
    assert redis.hget(f"rq:job:{VERIFICATION}-2", "description") == b"deliver"


def test_a_job_of_every_key_of_the_ring_is_read(redis):
    data = job_data(redis, WakeUps(redis, KEYS[1:]))
    assert WakeUps(redis, KEYS).read(data) == (VERIFICATION, 2)
    with pytest.raises(ForeignJob):
        WakeUps(redis, KEYS[:1]).read(data)


def test_our_own_task_that_we_signed_is_read(wake_ups):
    body = json.dumps([TASK, None, [VERIFICATION, 1], {}]).encode()
    assert wake_ups.read(signed(body)) == (VERIFICATION, 1)


OURS = json.dumps([TASK, None, [VERIFICATION, 1], {}]).encode()


@pytest.mark.parametrize(
    "data",
    [
        zlib.compress(pickle.dumps((os.system, None, ("true",), {}))),
        zlib.compress(JSONSerializer.dumps(("os.system", None, ("true",), {}))),
        zlib.compress(OURS),
        zlib.compress(b"." + OURS),
        zlib.compress(b"0" * 64 + b"." + OURS),
        zlib.compress("é".encode() * 64 + b"." + OURS),
        signed(OURS, b"stranger" * 4),
        signed(json.dumps(["os.system", None, ["true", 1], {}]).encode()),
        signed(json.dumps([TASK, "os", [VERIFICATION], {}]).encode()),
        signed(json.dumps([TASK]).encode()),
        signed(b"null"),
        signed(b"not JSON"),
        signed(b"\xff"),
        OURS,
        b"",
        b"\x00\xff",
        None,
        ["a list"],
        ValueError("as redis-py hands over a WRONGTYPE"),
    ],
    ids=lambda data: repr(data)[:30],
)
def test_what_this_service_did_not_make_is_refused(wake_ups, data):
    with pytest.raises(ForeignJob):
        wake_ups.read(data)


def test_a_job_that_would_unpack_to_gigabytes_is_not_unpacked(wake_ups):
    bomb = zlib.compress(b"0" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(ForeignJob):
            wake_ups.read(bomb)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_pickle_is_not_even_opened(wake_ups, tmp_path):
    class Opened:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "opened"),))

    with pytest.raises(ForeignJob):
        wake_ups.read(zlib.compress(pickle.dumps(Opened())))
    assert not (tmp_path / "opened").exists()


def test_rq_itself_counts_the_jobs(redis, wake_ups):
    job_data(redis, wake_ups)
    assert Queue(QUEUE_NAME, connection=redis).count == 1
