"""The RQ queue that wakes workers up, and who may put what on it."""

import hmac
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.utils import now, utcformat

QUEUE_NAME = "otp"
# The api names the task and never imports it; the worker runs this one and nothing else.
TASK = "worker.delivery.deliver"
_LARGEST_JOB_BYTES = 4096
_DAY_SECONDS = 86400
_JOB_PREFIX = Job.redis_job_namespace_prefix
_TAKE = Path(__file__).parent.parent / "scripts/delivery/take.lua"


class SignedJson:
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
        self._jobs = SignedJson(keys)
        self.queue_key = str(Queue(QUEUE_NAME, connection=redis).key)
        self._take = redis.register_script(_TAKE.read_text(encoding="utf-8"))

    def job(self, verification_id: str, send: int, ttl_seconds: int) -> tuple[str, bytes, str, int]:
        """What enqueue() of enqueue_in_lua() takes, for a delivery; the job is gone after the
        TTL."""
        body = self._jobs.dumps((TASK, None, (verification_id, send), {}))
        return f"{verification_id}-{send}", zlib.compress(body), utcformat(now()), ttl_seconds

    def take(self, most: int, ids: Sequence[bytes] = ()) -> list[bytes]:
        """Take up to `most` jobs off the queue, and those of `ids`, which are off it already. Their
        `data`; they are deleted."""
        # Bytes: an id that somebody else wrote need not be text.
        answer: list[bytes] = self._take([self.queue_key], [most, _JOB_PREFIX, *ids])
        return answer

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


def enqueue_in_lua() -> str:
    """RQ's own commands that enqueue a delivery, as the Lua function enqueue(job_id, data, now,
    ttl), so that the start script runs them together with everything else, or not at all.

    RQ is asked once for the commands of a job, and not at every start, which would cost more than
    all the rest. It is asked for another job as well: what depends on more than these four is not
    what we know of RQ. Raises RuntimeError then.
    """
    commands, those_of_another = _probe("probe-1", 86_311), _probe("another-2", 75_743)
    if commands != those_of_another:
        raise RuntimeError("this version of rq enqueues jobs in an unknown way")
    return "\n".join(("local function enqueue(job_id, data, now, ttl)", *commands, "end\n"))


def _probe(job_id: str, ttl_seconds: int) -> list[str]:
    """The calls in Lua that enqueue such a job. They are collected in a pipeline that is never
    executed, of a client that never connects."""
    queue = Queue(QUEUE_NAME, connection=Redis())
    # The oldest that our scripts run on. RQ would ask Redis.
    queue.redis_server_version = (6, 2, 0)
    pipe = queue.connection.pipeline()
    job = queue.enqueue_call(
        TASK,
        args=(job_id,),
        job_id=job_id,
        # RQ's default description would spell out the arguments, in Redis and in logs.
        description="deliver",
        ttl=ttl_seconds,
        result_ttl=0,
        failure_ttl=ttl_seconds,
        pipeline=pipe,
    )
    # RQ keeps these two for ever.
    pipe.expire(queue.redis_queues_keys, _DAY_SECONDS)
    pipe.expire(queue.key, _DAY_SECONDS)
    fields = job.to_dict()
    arguments = {
        _escaped(fields["data"]): "data",
        _escaped(fields["created_at"]): "now",
        _escaped(fields["enqueued_at"]): "now",
        _escaped(job_id): "job_id",
        _escaped(ttl_seconds): "ttl",
    }
    return [
        f"  redis.call({', '.join(_in_lua(word, arguments) for word in words)})"
        for words, _ in pipe.command_stack
    ]


def _in_lua(word: Any, arguments: Mapping[str, str]) -> str:
    """A word of a command, with the names of the arguments in place of their values."""
    text = _escaped(word)
    for value, name in arguments.items():
        text = text.replace(value, f'" .. {name} .. "')
    # Without the empty text before and behind an argument.
    return f'"{text}"'.replace('"" .. ', "").replace(' .. ""', "")


def _escaped(word: Any) -> str:
    """A word of a command, between quotes in Lua."""
    word = getattr(word, "value", word)
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03}"
        for byte in (word if isinstance(word, bytes) else str(word).encode())
    )
