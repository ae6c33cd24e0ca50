"""What the dashboard says of the queue, the workers and the senders right now."""

import json

import pytest

from shared.delivery.ledger import BREAKER_FAILURES
from shared.owner.state import SystemState
from tests.fakes import FakeSender
from tests.shared.delivery.jobs import UNREADABLE_JOBS, now_ms, put_in_front
from worker.senders.base import DeliveryError

SENDERS = [("sms", "fake"), ("email", "fake")]


@pytest.fixture
def state(scripts, codes):
    return SystemState(scripts, SENDERS)


def test_a_service_at_rest(state):
    seen = state.read()
    assert (seen.queue.waiting, seen.queue.oldest_seconds, seen.queue.unfinished) == (0, None, 0)
    assert seen.workers == []
    assert [(s.channel, s.name, s.status) for s in seen.senders] == [
        ("sms", "fake", "in_use"),
        ("email", "fake", "in_use"),
    ]


def test_says_how_many_sends_wait_and_since_when_the_first(redis, state, user):
    first = user.ask()
    user.ask("a@example.com", "email")
    redis.hset(f"otp:send:{first.verification_id}:1", "asked", now_ms(redis) - 3000)
    queue = state.read().queue
    assert (queue.waiting, queue.unfinished) == (2, 2)
    assert 3 <= queue.oldest_seconds < 5


def test_a_job_that_is_none_of_ours_has_no_age(redis, state):
    redis.rpush("rq:queue:otp", b"\xff")
    queue = state.read().queue
    assert (queue.waiting, queue.oldest_seconds) == (1, None)


@pytest.mark.parametrize("job", UNREADABLE_JOBS)
@pytest.mark.parametrize("jobs", [1, 99])
def test_jobs_that_cannot_be_read_do_not_hide_how_long_the_others_wait(
    redis, state, user, job, jobs
):
    started = user.ask()
    redis.hset(f"otp:send:{started.verification_id}:1", "asked", now_ms(redis) - 3000)
    put_in_front(redis, job, jobs)
    queue = state.read().queue
    assert queue.waiting == 1 + jobs
    assert 3 <= queue.oldest_seconds < 5


def test_says_what_a_worker_that_is_alive_does(redis, state, user, sender, run_worker, concurrency):
    seen = []
    sender.during = lambda _: seen.extend(state.read().workers)
    user.ask()
    run_worker()
    (worker,) = seen
    assert worker.concurrency == concurrency
    assert worker.heard_seconds < 5
    assert worker.host
    assert worker.name
    assert state.read().workers == []


def test_says_through_which_senders_a_worker_delivers(redis, state, user, run_worker):
    user.ask()
    run_worker()
    redis.sadd("rq:workers", "rq:worker:w1", "rq:worker:died")
    redis.hset(
        "rq:worker:w1",
        mapping={
            "name": "w1",
            "hostname": "host",
            "birth": "2026-11-24T08:00:00.000000Z",
            "last_heartbeat": "2026-11-24T08:01:00.000000Z",
            "concurrency": 32,
            "under_way": json.dumps({"sms:twilio": 3}),
        },
    )
    (worker,) = state.read().workers
    assert worker.under_way == {"sms:twilio": 3}
    assert worker.started_at == 1795507200


def test_shows_a_sender_that_fails_and_is_left_alone(redis, state, user, deliverer, sender):
    def fail(*recipients):
        for n in recipients:
            sender.failures = [DeliveryError("transient", "ConnectionRefusedError")]
            started = user.ask(f"+1415555{1000 + n:04d}", ip=f"192.0.2.{n}")
            deliverer.deliver(started.verification_id, 1)

    fail(1)
    assert (state.read().senders[0].status, state.read().senders[0].failures) == ("failing", 1)
    fail(*range(2, BREAKER_FAILURES + 1))
    seen = state.read().senders[0]
    assert seen.status == "left_alone"
    assert 0 < seen.seconds <= 5
    assert state.read().senders[1].status == "in_use"
    state.pause("sms", "fake", 900)
    seen = state.read().senders[0]
    assert (seen.status, seen.is_skipped) == ("paused", True)


def test_shows_a_sender_that_is_paused(state):
    state.pause("email", "fake", 900)
    seen = state.read().senders[1]
    assert seen.status == "paused"
    assert 890 < seen.seconds <= 900
    assert state.read().senders[0].status == "in_use"
    state.resume("email", "fake")
    assert state.read().senders[1].status == "in_use"


def test_deliveries_under_way_are_told_by_channel_and_sender(user, deliverer, sender: FakeSender):
    seen = []
    sender.during = lambda _: seen.append(deliverer.under_way_by)
    deliverer.deliver(user.ask().verification_id, 1)
    assert seen == [{"sms:fake": 1}]
    assert not deliverer.under_way_by
