"""The task: a stock RQ worker delivers, as RQ's documentation would have it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.delivery.ledger import OVERDUE_SECONDS
from shared.storage.keys import QUEUE_NAME
from tests.conftest import KEY, redis_of
from tests.user import OTHER_PHONE, PHONE

ROOT = Path(__file__).parent.parent.parent

redis = redis_of("real")


@pytest.fixture
def rq(redis_url) -> Callable[..., str]:
    """Run a command of RQ, as somebody types it. Its output."""

    def rq(*words: str, **env: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("rq"), *words, "--url", redis_url],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "REDIS_URL": redis_url, "OTP_SECRET_KEYS": KEY, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout + done.stderr

    return rq


@pytest.fixture
def work(rq) -> Callable[..., str]:
    """Let a stock worker do what is queued. What it printed."""
    stock = ("worker", "--burst", "--worker-class", "rq.SimpleWorker")
    json = ("--serializer", "rq.serializers.JSONSerializer")
    return lambda **env: rq(*stock, *json, QUEUE_NAME, **env)


def test_a_stock_worker_delivers_a_code_and_leaves_nothing(user, work, redis):
    started = user.ask()
    printed = work()
    (code,) = re.findall(
        rf"^console-sender .* to={re.escape(PHONE)} code=(\d+) ", printed, re.MULTILINE
    )
    user.type(code)
    assert user.status(started) == "approved"
    # The worker's own record is there for a minute.
    left = {re.sub(rb"^rq:worker:.*", b"rq:worker:", key) for key in redis.keys("rq:*")}
    assert left <= {b"rq:queues", b"rq:worker:", b"rq:clean_groups"}
    assert all(redis.ttl(key) > 0 for key in redis.keys())


def test_a_stock_worker_delivers_every_code_once(user, work):
    for phone in (PHONE, OTHER_PHONE):
        user.ask(phone)
    printed = work() + work()
    assert sorted(re.findall(r" to=(\S+) code=", printed)) == sorted([PHONE, OTHER_PHONE])


def test_a_stock_worker_and_ours_share_a_queue(user, work, run_worker, sender, clock):
    user.ask()
    work()
    user.ask(OTHER_PHONE)
    clock.shift(OVERDUE_SECONDS)
    run_worker()
    assert [message.to for message in sender.messages] == [OTHER_PHONE]


def test_what_a_stock_worker_cannot_send_is_left_to_ours(
    user, work, redis, run_worker, sender, clock
):
    user.ask()
    assert "console-sender" not in work(OTP_SMS_SENDERS="none")
    assert redis.zcard("rq:failed:otp") == 0
    clock.shift(60)
    run_worker()
    assert [message.to for message in sender.messages] == [PHONE]


def test_rq_info_lists_the_queue_and_its_workers(user, rq, run_worker, sender):
    user.ask()
    assert re.search(rf"^{QUEUE_NAME} .*\b1\b", rq("info", "--only-queues"), re.MULTILINE)
    seen = []
    sender.during = lambda _: seen.append(rq("info"))
    run_worker()
    (info,) = seen
    assert re.search(r"^1 workers, 1 queues", info, re.MULTILINE)
    assert re.search(rf": (busy|idle) {QUEUE_NAME}\.", info)
