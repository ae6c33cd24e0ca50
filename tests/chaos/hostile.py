"""What somebody can put into Redis who should not be able to."""

import json
import os
import pickle
import socket
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, cast

from redis import Redis

from tests.chaos.provider import Behaviour
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import Measure, deliveries

_QUEUE = "rq:queue:otp"
_BYTES_OF_A_GIANT = 4 * 2**20


def hostile_jobs(scene: Scene) -> Sequence[Measure]:
    redis = scene.redis()
    provider = scene.provider(behaviour=Behaviour(before_seconds=0.02, after_seconds=0.03))
    service = scene.service(redis.url, provider)
    port, _ = service.start_api()
    with _Sink() as sink, redis.client() as client:
        first = scene.load(port, rate=1, total=1).wait()
        genuine = client.hget(f"rq:job:{first[0].key}", "data")
        workers = service.start_workers(2)
        attacker = _Attacker(client, scene.folder, sink.url, genuine)
        load = scene.load(port, rate=20)
        for number in range(scene.scaled(long=1_000, short=210)):
            attacker.strike(number)
            time.sleep(0.02)
        answers = load.end()
        open_sends = settle(client, 10)
        requests = sink.requests()
    found = deliveries(answers, provider.calls())
    return [
        Measure(name="jobs", value=attacker.strikes),
        Measure(name="executed", value=attacker.executed(), at_most=0),
        Measure(name="requests out", value=requests, at_most=0),
        Measure(name="workers ended", value=sum(not one.is_running for one in workers), at_most=0),
        Measure(name="good ones", value=found.accepted),
        Measure(name="not answered 202", value=len(answers) - found.accepted, at_most=0),
        Measure(name="lost", value=found.lost + open_sends, at_most=0),
        Measure(name="duplicates", value=found.duplicates, at_most=0),
        Measure(name="worst", value=found.worst, at_most=1, unit=" s"),
    ]


class _Sink:
    """An address that nobody should ask for anything."""

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._socket.setblocking(False)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def requests(self) -> int:
        """How many connections there were."""
        count = 0
        while True:
            try:
                connection, _ = self._socket.accept()
            except BlockingIOError:
                return count
            connection.close()
            count += 1


class _Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, (f"touch {self._path}",)


class _Attacker:
    """Writes to Redis whatever may hurt a worker, one kind after the other. What gets executed
    makes a file. `genuine` is the data of a job that the service has made."""

    def __init__(self, redis: Redis, folder: Path, sink_url: str, genuine: Any) -> None:
        self._redis = redis
        self._genuine = genuine
        self._traces = folder / "executed"
        self._traces.mkdir()
        self._sink_url = sink_url
        self._workers = cast(set[bytes], redis.smembers("rq:workers"))
        self._kinds: Sequence[Callable[[str], None]] = (
            self._pickle,
            self._pickled_meta,
            self._shell_command,
            self._compressed_shell_command,
            self._callbacks_and_webhooks,
            self._malformed_hash,
            self._wrong_type,
            self._no_hash,
            self._name_that_is_no_text,
            self._giant,
            self._remote_command,
            self._repeated,
            self._foreign_worker,
            self._foreign_send,
        )
        self.strikes = 0

    def strike(self, number: int) -> None:
        self._kinds[number % len(self._kinds)](f"hostile-{number}")
        self.strikes += 1

    def executed(self) -> int:
        return len(list(self._traces.iterdir()))

    def _queue(self, job_id: str | bytes, **fields: Any) -> None:
        if fields:
            key = b"rq:job:" + (job_id if isinstance(job_id, bytes) else job_id.encode())
            self._redis.hset(key, mapping={"status": "queued", "origin": "otp"} | fields)
        self._redis.rpush(_QUEUE, job_id)

    def _shell(self, job_id: str) -> bytes:
        """RQ's JSON form of a job that runs a command."""
        command = f"touch {self._traces / job_id}"
        return json.dumps(["os.system", None, [command], {}]).encode()

    def _pickle(self, job_id: str) -> None:
        self._queue(job_id, data=zlib.compress(pickle.dumps(_Touch(self._traces / job_id))))

    def _pickled_meta(self, job_id: str) -> None:
        pickled = pickle.dumps(_Touch(self._traces / job_id))
        self._queue(job_id, data=pickled, meta=pickled, result=pickled)

    def _shell_command(self, job_id: str) -> None:
        self._queue(job_id, data=self._shell(job_id))

    def _compressed_shell_command(self, job_id: str) -> None:
        self._queue(job_id, data=zlib.compress(self._shell(job_id)))

    def _callbacks_and_webhooks(self, job_id: str) -> None:
        webhooks = [
            {"url": self._sink_url, "job_status": status, "method": "POST"}
            for status in ("finished", "failed")
        ]
        self._queue(
            job_id,
            data=self._genuine,
            success_callback_name="os.system",
            failure_callback_name="os.system",
            stopped_callback_name="os.system",
            webhooks=json.dumps(webhooks),
        )

    def _malformed_hash(self, job_id: str) -> None:
        self._queue(
            job_id,
            data=b"\x00\xff",
            status="teleported",
            created_at="yesterday",
            timeout="-",
            result_ttl="long",
            dependency_ids="[",
            enqueue_at_front="perhaps",
        )

    def _wrong_type(self, job_id: str) -> None:
        self._redis.rpush(f"rq:job:{job_id}", "no hash")
        self._queue(job_id)

    def _no_hash(self, job_id: str) -> None:
        self._queue(job_id)

    def _name_that_is_no_text(self, job_id: str) -> None:
        self._queue(job_id.encode() + b"\xff\xfe\x00\n", data=b"x")

    def _giant(self, job_id: str) -> None:
        """A little that unpacks to a lot, and a lot."""
        self._queue(job_id, data=zlib.compress(bytes(16 * _BYTES_OF_A_GIANT)))
        self._queue(f"{job_id}-raw", data=bytes(_BYTES_OF_A_GIANT))

    def _remote_command(self, job_id: str) -> None:
        for name in self._workers:
            channel = b"rq:pubsub:" + name.removeprefix(b"rq:worker:")
            for command in ("shutdown", "kill-horse", "stop-job"):
                body = {"command": command, "job_id": job_id}
                self._redis.publish(channel, json.dumps(body))

    def _repeated(self, job_id: str) -> None:
        """The job of a start, once more."""
        self._queue(job_id, data=self._genuine)

    def _foreign_worker(self, job_id: str) -> None:
        name = job_id.encode() + b"\xff"
        self._redis.sadd("rq:workers", name)
        if self.strikes % 2:
            self._redis.sadd("rq:workers:otp", name)
        else:
            self._redis.set("rq:workers:otp", name)

    def _foreign_send(self, job_id: str) -> None:
        members = (job_id, f"VE{job_id}:1:2", "::", f"VE{'0' * 32}:{10**30}")
        self._redis.zadd("otp:due", {b"\xff\xfe": 0})
        self._redis.zadd("otp:due", dict.fromkeys(members, 0))
