"""Jobs: what RQ is told to enqueue, and which of them are ours to read."""

import hmac
import json
import os
import pickle
import re
import tracemalloc
import zlib

import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from shared.delivery.queue import QUEUE_NAME, TASK, ForeignJob, SignedJson, WakeUps, enqueue_in_lua

VERIFICATION = "VE" + "0" * 32
KEYS = (b"new" * 11, b"old" * 11)


@pytest.fixture
def wake_ups(redis) -> WakeUps:
    return WakeUps(redis, KEYS)


def signed(body: bytes, key: bytes = KEYS[0]) -> bytes:
    """The `data` of a job with this body, as whoever holds the key would write it."""
    return zlib.compress(hmac.digest(key, body, "sha256").hex().encode() + b"." + body)


def job_data(redis, wake_ups) -> bytes:
    """Of a job that the start script would have enqueued."""
    redis.eval(f"{enqueue_in_lua()} enqueue(unpack(ARGV))", 0, *wake_ups.job(VERIFICATION, 2, 300))
    return redis.hget(f"rq:job:{VERIFICATION}-2", "data")


def jobs_in(redis) -> dict[bytes, tuple[object, int]]:
    """All that RQ has in Redis, and how long. A job's times are told by their form."""
    read = {
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
    }
    found = {key: (read[redis.type(key)](key), redis.ttl(key)) for key in redis.keys("rq:*")}
    for value, _ in found.values():
        if isinstance(value, dict):
            for time in (b"created_at", b"enqueued_at"):
                value[time] = re.sub(rb"\d", b"0", value[time])
    return found


def test_a_start_enqueues_byte_for_byte_what_rq_itself_would(redis, user, codes):
    verification_id = user.ask().verification_id
    ours = jobs_in(redis)
    redis.flushall()
    queue = Queue(QUEUE_NAME, connection=redis, serializer=SignedJson(codes.job_keys))
    queue.enqueue_call(
        TASK,
        args=(verification_id, 1),
        job_id=f"{verification_id}-1",
        description="deliver",
        ttl=300,
        result_ttl=0,
        failure_ttl=300,
    )
    # These two it would keep for ever.
    redis.expire("rq:queues", 86400)
    redis.expire(queue.key, 86400)
    assert ours == jobs_in(redis)


def test_an_rq_that_enqueues_in_another_way_is_noticed(monkeypatch):
    to_dict = Job.to_dict
    monkeypatch.setattr(
        Job, "to_dict", lambda job, **options: {**to_dict(job, **options), "nonce": os.urandom(8)}
    )
    with pytest.raises(RuntimeError, match="unknown way"):
        enqueue_in_lua()


def test_the_script_enqueues_one_job_that_is_read_again(redis, wake_ups):
    data = job_data(redis, wake_ups)
    assert redis.lrange(f"rq:queue:{QUEUE_NAME}", 0, -1) == [f"{VERIFICATION}-2".encode()]
    assert wake_ups.read(data) == (VERIFICATION, 2)


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
