"""Jobs: RQ reads those of a start like its own, and ours are the only ones that are read."""

import json
import pickle
import re
import zlib

import pytest
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from shared.delivery.queue import TASK, ForeignJob, read_job
from shared.storage.keys import QUEUE_NAME

VERIFICATION = "VE" + "0" * 32
OURS = JSONSerializer.dumps((TASK, None, (VERIFICATION, 2), {}))


def rq_in(redis) -> dict[bytes, tuple[object, int]]:
    """All that RQ reads in Redis, and how long it stays. A job is as RQ would write it again. Times
    are told by their form."""
    read = {
        b"hash": lambda key: read_by_rq(redis, key),
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
    }
    return {key: (read[redis.type(key)](key), redis.ttl(key)) for key in redis.keys("rq:*")}


def read_by_rq(redis, key: bytes) -> dict[str, object]:
    job_id = key.decode().removeprefix(Job.redis_job_namespace_prefix)
    job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer).to_dict()
    for time in ("created_at", "enqueued_at"):
        job[time] = re.sub(r"\d", "0", job[time])
    return {**job, "data": zlib.decompress(job["data"])}


def test_rq_reads_the_job_of_a_start_like_its_own(redis, user):
    verification_id = user.ask().verification_id
    ours = rq_in(redis)
    redis.flushall()
    queue = Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)
    queue.enqueue_call(
        TASK,
        args=(verification_id, 1),
        job_id=f"{verification_id}-1",
        description="deliver",
        ttl=300,
        result_ttl=0,
        failure_ttl=300,
    )
    # RQ would keep these two forever.
    redis.expire("rq:queues", 86400)
    redis.expire(queue.key, 86400)
    assert ours == rq_in(redis)


def test_rq_reads_the_job_of_a_start(redis, user):
    verification_id = user.ask().verification_id
    queue = Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)
    (job,) = queue.jobs
    assert (job.func_name, job.args, job.kwargs) == (TASK, [verification_id, 1], {})
    assert queue.count == 1


def test_we_read_the_job_of_a_start(redis, user):
    verification_id = user.ask().verification_id
    data = redis.hget(f"{Job.redis_job_namespace_prefix}{verification_id}-1", "data")
    assert read_job(data) == (verification_id, 1)


def test_a_job_and_its_queue_have_an_end(redis, user):
    user.ask()
    keys = redis.keys("rq:*")
    assert len(keys) == 3
    assert all(redis.ttl(key) > 0 for key in keys)


def test_a_job_tells_nothing_in_its_description(redis, user):
    user.ask()
    (job,) = redis.keys(f"{Job.redis_job_namespace_prefix}*")
    # RQ's default would spell out the arguments, in Redis and in logs.
    assert redis.hget(job, "description") == b"deliver"


def test_a_job_in_the_form_of_rq_is_read():
    assert read_job(OURS) == (VERIFICATION, 2)


FOREIGN = {
    "pickled": pickle.dumps((TASK, None, (VERIFICATION, 2), {})),
    "compressed": zlib.compress(OURS),
    "another function": JSONSerializer.dumps(("os.system", None, ("true", 1), {})),
    "an object": JSONSerializer.dumps((TASK, "os", (VERIFICATION, 2), {})),
    "an argument less": JSONSerializer.dumps((TASK, None, (VERIFICATION,), {})),
    "an argument more": JSONSerializer.dumps((TASK, None, (VERIFICATION, 2), {"timeout": 1})),
    "no verification id": JSONSerializer.dumps((TASK, None, ("VE*", 2), {})),
    "no send": JSONSerializer.dumps((TASK, None, (VERIFICATION, 0), {})),
    "a giant send": JSONSerializer.dumps((TASK, None, (VERIFICATION, 10**30), {})),
    "the name only": json.dumps([TASK]).encode(),
    "more behind": OURS + b"\n",
    "more before": b" " + OURS,
    "nearly the name": OURS.replace(b".", b"x"),
    "deeply nested": b"[" * 100_000,
    "null": b"null",
    "no text": b"\x00\xff",
    "nothing": b"",
}


@pytest.mark.parametrize("data", FOREIGN.values(), ids=FOREIGN)
def test_what_no_start_writes_is_refused(data):
    with pytest.raises(ForeignJob):
        read_job(data)
