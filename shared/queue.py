"""The RQ queue that wakes workers up, and who may put what on it."""

import hmac
import json
import zlib
from collections.abc import Sequence
from typing import Any

from redis import Redis
from rq import Queue

QUEUE_NAME = "otp"
# The api names the task and never imports it; the worker runs this one and nothing else.
TASK = "worker.delivery.deliver"
_LARGEST_JOB_BYTES = 4096
_DAY_SECONDS = 86400


class _SignedJson:
    """RQ serializer: JSON behind a keyed hash. Redis is not trusted: whoever can write to it could
    otherwise name any function as a job (RQ's default, pickle, even runs code while it is read).
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys

    def dumps(self, job: Any) -> bytes:
        body = json.dumps(job, separators=(",", ":")).encode()
        return self._signature(self._keys[0], body) + b"." + body

    def loads(self, data: bytes) -> Any:
        """Raises ForeignJob for what none of our keys has signed."""
        signature, _, body = data.partition(b".")
        if not any(hmac.compare_digest(signature, self._signature(k, body)) for k in self._keys):
            raise ForeignJob("not signed by this service")
        return json.loads(body)

    @staticmethod
    def _signature(key: bytes, body: bytes) -> bytes:
        return hmac.digest(key, body, "sha256").hex().encode()


class ForeignJob(Exception):
    """A job that this service has not made."""


class WakeUps:
    """Makes and reads the jobs that wake a worker up for a send. Losing or repeating one is
    harmless."""

    def __init__(self, redis: Redis, keys: Sequence[bytes]) -> None:
        self._redis = redis
        self._jobs = _SignedJson(keys)
        self._queue = Queue(QUEUE_NAME, connection=redis, serializer=self._jobs)
        # The oldest that our scripts run on. RQ would ask Redis, which may be away.
        self._queue.redis_server_version = (6, 2, 0)

    @property
    def queue_key(self) -> str:
        return str(self._queue.key)

    def commands(self, verification_id: str, send: int, ttl_seconds: int) -> list[list[Any]]:
        """The Redis commands with which RQ enqueues a delivery; the job is gone after the TTL.

        They are collected in a pipeline that is never executed, so that the start script can run
        them together with everything else, or not at all.
        """
        pipe = self._redis.pipeline()
        self._queue.enqueue_call(
            TASK,
            args=(verification_id, send),
            job_id=f"{verification_id}-{send}",
            # RQ's default description would spell out the arguments, in Redis and in logs.
            description="deliver",
            ttl=ttl_seconds,
            result_ttl=0,
            failure_ttl=ttl_seconds,
            pipeline=pipe,
        )
        # RQ keeps these two for ever.
        pipe.expire(self._queue.redis_queues_keys, _DAY_SECONDS)
        pipe.expire(self._queue.key, _DAY_SECONDS)
        return [[getattr(w, "value", w) for w in words] for words, _ in pipe.command_stack]

    def read(self, data: object) -> tuple[str, int]:
        """(verification id, send) of a job's `data` field. What it names is compared and never
        imported. Raises ForeignJob."""
        try:
            body = zlib.decompressobj().decompress(data, _LARGEST_JOB_BYTES)  # type: ignore[arg-type]
            task, _, (verification_id, send), _ = self._jobs.loads(body)
        except (TypeError, ValueError, zlib.error) as error:
            raise ForeignJob(type(error).__name__) from None
        if task != TASK:
            raise ForeignJob("not our task")
        return str(verification_id), int(send)
