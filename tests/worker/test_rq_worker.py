"""The worker: takes every wake-up, runs nothing but deliveries, and outlives a Redis that does
not."""

import json
import logging
import os
import pickle
import signal
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier

import pytest
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from shared.delivery.ledger import LEASE_SECONDS, OVERDUE_SECONDS, Ledger
from shared.delivery.queue import TASK
from shared.storage.keys import QUEUE_NAME
from tests.fakes import FlakyLedger, claim_one, outlets
from tests.user import OTHER_PHONE, PHONE
from worker.deliverer import Deliverer
from worker.rq_worker import OtpWorker

QUEUE = f"rq:queue:{QUEUE_NAME}"
JOB = "rq:job:"


@pytest.fixture
def concurrency() -> int:
    return 4


@pytest.fixture
def worker_on(redis, codes, sender, concurrency):
    """A worker whose store is another one than the usual."""

    def make(ledger: Ledger) -> OtpWorker:
        named = {"fake": sender}
        deliverer = Deliverer(ledger, codes, outlets({"sms": named}))
        return OtpWorker(redis, ledger, deliverer, concurrency)

    return make


@contextmanager
def handlers_kept() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_a_code_comes_to_its_recipient_and_is_approved(user, run_worker, sender):
    user.ask()
    run_worker()
    user.type(sender.code_for(PHONE))


def test_everything_that_is_queued_is_delivered_in_one_go(user, run_worker, sender, redis):
    numbers = [f"+1415555{n:04}" for n in range(100, 120)]
    for number in numbers:
        user.ask(number)
    run_worker()
    assert sorted(message.to for message in sender.messages) == numbers
    assert not redis.exists(QUEUE)


def test_after_a_delivery_nothing_of_its_job_is_left(user, run_worker, redis):
    user.ask()
    assert len(redis.keys(f"{JOB}*")) == 1
    run_worker()
    assert redis.keys(f"{JOB}*") == []
    assert [key for key in redis.keys("rq:*") if b"otp" in key or b"failed" in key] == []


def test_a_wake_up_that_comes_twice_sends_once(user, run_worker, sender, redis):
    user.ask()
    (job,) = redis.lrange(QUEUE, 0, -1)
    data = redis.hgetall(JOB + job.decode())
    run_worker()
    redis.hset(JOB + job.decode(), mapping=data)
    redis.rpush(QUEUE, job)
    run_worker()
    assert len(sender.messages) == 1


@pytest.mark.parametrize("lost", [QUEUE, f"{JOB}*"])
def test_a_send_whose_job_got_lost_is_delivered_by_the_sweeper(
    user, run_worker, sender, redis, clock, lost
):
    user.ask()
    redis.delete(*redis.keys(lost))
    run_worker()
    assert sender.messages == []
    clock.shift(OVERDUE_SECONDS)
    run_worker()
    assert len(sender.messages) == 1


@pytest.mark.parametrize("redis", ["real"], indirect=True)
def test_a_backlog_without_jobs_is_swept_as_fast_as_it_is_sent(
    user, worker_on, ledger, sender, redis, clock
):
    """Seven sweeps: one each second would take as many seconds."""
    for n in range(100, 128):
        user.ask(f"+1415555{n:04}")
    redis.delete(QUEUE)
    clock.shift(OVERDUE_SECONDS)
    worker = worker_on(ledger)
    sender.during = lambda _: len(sender.messages) == 27 and signal.raise_signal(signal.SIGTERM)
    begun = time.monotonic()
    with handlers_kept():
        worker.stop_at_signals()
        worker.run()
    assert len(sender.messages) == 28
    assert time.monotonic() - begun < 5


def test_a_send_whose_worker_died_is_delivered_by_another_one(
    user, run_worker, sender, ledger, clock
):
    started = user.ask()
    claim_one(ledger, started.verification_id, 1)
    run_worker()
    assert sender.messages == []
    clock.shift(LEASE_SECONDS)
    run_worker()
    assert len(sender.messages) == 1


class Owned:
    """Makes a folder when it is unpickled."""

    def __init__(self, path) -> None:
        self._path = path

    def __reduce__(self):
        return os.mkdir, (str(self._path),)


# What somebody who can write to Redis puts there as the data of a job.
HOSTILE = {
    "a pickle that runs while it is read": lambda path: zlib.compress(pickle.dumps(Owned(path))),
    "RQ's own job for os.mkdir": lambda path: zlib.compress(
        pickle.dumps(("os.mkdir", None, (str(path),), {}))
    ),
    "RQ's own JSON job for os.mkdir": lambda path: zlib.compress(
        JSONSerializer.dumps(("os.mkdir", None, (str(path),), {}))
    ),
    "a JSON job for os.mkdir": lambda path: json.dumps(
        ["os.mkdir", None, [str(path), 0o755], {}]
    ).encode(),
    "our task, of an object": lambda path: json.dumps([TASK, "os", [str(path)], {}]).encode(),
    "our task, with other arguments": lambda path: json.dumps(
        [TASK, None, [str(path), 1], {}]
    ).encode(),
    "a zlib bomb": lambda _: zlib.compress(b"0" * 10_000_000),
    "no JSON": lambda _: b"\xff\x00",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_job_that_is_not_ours_is_not_run_and_the_next_one_is(
    user, run_worker, sender, redis, tmp_path, caplog, data
):
    owned = tmp_path / "owned"
    fields = {"data": data(owned), "created_at": "never", "timeout": "x", "origin": b"\xff"}
    redis.hset(f"{JOB}evil", mapping=fields)
    redis.rpush(QUEUE, "evil")
    user.ask()
    with caplog.at_level(logging.WARNING):
        run_worker()
    assert not owned.exists()
    assert len(sender.messages) == 1
    assert "job_refused" in caplog.messages
    assert not redis.exists(QUEUE, f"{JOB}evil")


@pytest.mark.parametrize(
    "job_id",
    [b"\xff\xfe", b"", b"no-such-job", b"a-list", b"*", b"x" * 10_000],
    ids=lambda i: i[:9],
)
def test_a_strange_job_id_does_not_lose_the_next_job(user, run_worker, sender, redis, job_id):
    redis.rpush(f"{JOB}a-list", "x")
    redis.rpush(QUEUE, job_id)
    user.ask()
    run_worker()
    assert len(sender.messages) == 1
    assert not redis.exists(QUEUE)


def test_many_strange_jobs_do_not_stop_a_worker(user, run_worker, sender, redis):
    redis.rpush(QUEUE, *range(50))
    user.ask()
    run_worker()
    assert len(sender.messages) == 1


def test_a_job_that_rq_itself_enqueued_is_not_run(user, run_worker, sender, redis, tmp_path):
    owned = tmp_path / "owned"
    queue = Queue(QUEUE_NAME, connection=redis)
    queue.enqueue("os.mkdir", str(owned))
    queue.enqueue(os.mkdir, str(owned), job_timeout=10)
    user.ask()
    run_worker()
    assert not owned.exists()
    assert len(sender.messages) == 1


def test_one_failing_delivery_does_not_end_the_worker(user, scripts, worker_on, sender, caplog):
    class BrokenLedger(Ledger):
        def claim(self, *args):
            raise ZeroDivisionError("a code is 123456")

    user.ask()
    worker_on(BrokenLedger(scripts)).run(burst=True)
    assert "delivery_raised" in caplog.messages
    assert "a code is" not in caplog.text
    assert sender.messages == []


def test_a_worker_goes_on_after_redis_was_away(user, scripts, worker_on, sender, caplog):
    user.ask()
    worker_on(FlakyLedger(scripts, sweep=1)).run(burst=True)
    said = [message for message in caplog.messages if message.startswith("redis_")]
    assert said == ["redis_away", "redis_back"]
    assert len(sender.messages) == 1


def test_a_delivery_that_redis_interrupted_is_made_later(
    user, scripts, worker_on, run_worker, sender, clock, caplog
):
    user.ask()
    worker_on(FlakyLedger(scripts, claim=1)).run(burst=True)
    assert "delivery_put_off" in caplog.messages
    assert sender.messages == []
    clock.shift(OVERDUE_SECONDS)
    run_worker()
    assert len(sender.messages) == 1


def test_deliveries_are_made_at_the_same_time(user, run_worker, sender):
    numbers = [PHONE, OTHER_PHONE, "+14155550150", "+14155550151"]
    together = Barrier(len(numbers), timeout=10)
    sender.during = lambda _: together.wait()
    for number in numbers:
        user.ask(number)
    run_worker()
    assert sorted(message.to for message in sender.messages) == sorted(numbers)


def test_no_more_deliveries_are_made_at_a_time_than_there_are_threads(
    user, run_worker, sender, deliverer, concurrency
):
    under_way = []
    sender.during = lambda _: under_way.append(deliverer.under_way)
    for n in range(100, 130):
        user.ask(f"+1415555{n:04}")
    run_worker()
    assert len(sender.messages) == 30
    assert max(under_way) <= concurrency


def test_a_worker_is_registered_while_it_works_and_gone_afterwards(user, redis, run_worker, sender):
    seen = []
    sender.during = lambda _: seen.extend(Worker.all(connection=redis))
    user.ask()
    run_worker()
    assert [worker.queue_names() for worker in seen] == [[QUEUE_NAME]]
    assert Worker.all(connection=redis) == []


@pytest.mark.parametrize("redis", ["real"], indirect=True)
def test_told_to_stop_it_finishes_what_it_has_begun(user, worker_on, ledger, sender):
    worker = worker_on(ledger)
    sender.during = lambda _: signal.raise_signal(signal.SIGTERM)
    user.ask()
    with handlers_kept():
        worker.stop_at_signals()
        worker.run()
    user.type(sender.code_for(PHONE))
