"""Somebody can write to Redis: their jobs run nothing, and stop nothing. And what a provider says
comes to nobody's eyes."""

import json
import logging
import os
import pickle
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from shared.logs import JsonLines
from shared.storage.keys import QUEUE_NAME
from tests.user import PHONE
from worker.senders.base import DeliveryError

QUEUE, JOB = f"rq:queue:{QUEUE_NAME}", "rq:job:"


class MakesAFolder:
    """When it is unpickled."""

    def __init__(self, path) -> None:
        self._path = path

    def __reduce__(self):
        return os.mkdir, (str(self._path),)


@pytest.fixture
def survives(user, run_worker, sender, redis, tmp_path, caplog):
    """Put a job on the queue in front of a good one. It does nothing, and the good one is done."""

    def survives(**fields: object) -> None:
        redis.hset(f"{JOB}evil", mapping={"created_at": "2026-01-01T00:00:00Z", **fields})
        for place in (QUEUE, f"{QUEUE}:intermediate"):
            redis.rpush(place, "evil")
        user.ask()
        with caplog.at_level(logging.WARNING):
            run_worker()
            run_worker()
        assert not list(tmp_path.iterdir())
        assert [message.to for message in sender.messages] == [PHONE]
        assert "job_refused" in caplog.messages

    return survives


class Sink(HTTPServer):
    """Counts who calls."""

    requests = 0

    def process_request(self, *connection) -> None:
        self.requests += 1
        super().process_request(*connection)


@pytest.fixture
def sink():
    with Sink(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


def test_a24_a_pickle_is_not_read(survives, tmp_path):
    survives(data=zlib.compress(pickle.dumps(MakesAFolder(tmp_path / "owned"))))


@pytest.mark.parametrize("write", [bytes, zlib.compress])
def test_a25_a_job_that_names_another_function_is_not_run(survives, tmp_path, write):
    job = JSONSerializer.dumps(("os.mkdir", None, [str(tmp_path / "owned")], {}))
    survives(data=write(job))


def test_a25_a_job_of_rq_itself_is_not_run(user, run_worker, sender, redis, tmp_path):
    Queue(QUEUE_NAME, connection=redis).enqueue(os.mkdir, str(tmp_path / "owned"))
    user.ask()
    run_worker()
    assert not (tmp_path / "owned").exists()
    assert len(sender.messages) == 1


def test_a26_callbacks_and_webhooks_of_a_job_are_not_called(
    user, run_worker, sender, redis, tmp_path, sink
):
    """They are added to a good job, which is done all the same."""
    user.ask()
    (key,) = redis.keys(f"{JOB}VE*")
    url = f"http://127.0.0.1:{sink.server_port}/"
    redis.hset(
        key,
        mapping={
            "success_callback_name": "os.mkdir",
            "failure_callback_name": "os.mkdir",
            "stopped_callback_name": "os.mkdir",
            "webhooks": json.dumps([{"url": url, "events": ["finished", "failed"]}]),
        },
    )
    run_worker()
    assert len(sender.messages) == 1
    assert not list(tmp_path.iterdir())
    assert sink.requests == 0


def test_a27_a_pickle_beside_the_data_is_not_read(survives, tmp_path):
    evil = pickle.dumps(MakesAFolder(tmp_path / "owned"))
    survives(data=b"x", meta=evil, result=evil, exc_info=zlib.compress(evil))


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "teleported"},
        {"created_at": "never"},
        {"timeout": "soon", "result_ttl": "x", "failure_ttl": "y"},
        {"origin": b"\xff", "data": b""},
    ],
)
def test_a28_a_malformed_job_ends_no_worker(survives, fields):
    survives(**{"data": b"?", **fields})


SAYINGS = {
    "a refusal": lambda _: DeliveryError("transient", "smtp_451"),
    "an answer's body": lambda text: RuntimeError(f"400 Bad Request. Body: {text}"),
    "a URL": lambda text: ValueError({"url": f"https://provider/?text={text}"}),
    "an encoding": lambda text: UnicodeEncodeError("ascii", text, 0, 1, text),
}


@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "10"}])
@pytest.mark.parametrize("saying", SAYINGS.values(), ids=SAYINGS)
def test_a32_what_a_provider_says_stays_with_it(
    user, run_worker, sender, everything_in_redis, caplog, client, saying
):
    """Errors that repeat the message: neither Redis, logs, metrics nor answers have it."""

    def fail(message) -> None:
        raise saying(f"{message.text} for {message.to}")

    sender.during = fail
    started = user.ask()
    code = user.code(started, length=10)
    with caplog.at_level(logging.DEBUG):
        run_worker()
        seen = client.get(f"/verifications/{started.verification_id}").data
        metrics = client.get("/metrics").data
    logged = "\n".join(map(JsonLines().format, caplog.records)).encode()
    for place in (logged, seen, metrics):
        assert code.encode() not in place
        assert PHONE[1:].encode() not in place
    stored = everything_in_redis()
    assert code.encode() not in stored
    assert b"provider" not in stored


@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "10"}])
def test_a31_no_code_and_no_number_comes_into_rq(user, redis, run_worker, caplog):
    """tests/e2e/test_canary.py searches everything that a running service leaves."""
    started = user.ask()
    code = user.code(started, length=10)

    def in_rq() -> bytes:
        dumped = b""
        for key in redis.keys("rq:*"):
            if redis.type(key) == b"hash":
                dumped += repr(redis.hgetall(key)).encode()
        return dumped

    queued = in_rq()
    assert started.verification_id.encode() in queued
    with caplog.at_level(logging.DEBUG):
        run_worker()
    for needle in (code, PHONE[1:]):
        assert needle.encode() not in queued + in_rq()
        assert needle not in caplog.text
    assert not redis.keys("rq:job:*")
