"""The RQ queue that wakes workers up, and which of its jobs are ours."""

import re
from collections.abc import Sequence
from pathlib import Path

from redis import Redis

from shared.storage import keys

# A stock RQ worker imports the task. Nothing else does.
TASK = "worker.delivery.deliver"
# As start.lua writes the data of a job: the task, no object, its arguments.
_DATA = re.compile(
    rb'\["%s", null, \["(VE[0-9a-f]{32})", ([1-9][0-9]{0,2})\], \{\}\]' % re.escape(TASK.encode())
)
_TAKE = Path(__file__).parent.parent / "scripts/delivery/take.lua"


class ForeignJob(Exception):
    """A job that this service does not write."""


class WakeUps:
    """Takes and reads the jobs that wake a worker up for a send. Losing or repeating one is
    harmless."""

    def __init__(self, redis: Redis) -> None:
        self._take = redis.register_script(_TAKE.read_text(encoding="utf-8"))

    def take(self, most: int, ids: Sequence[bytes] = ()) -> list[bytes]:
        """Take up to `most` jobs off the queue, and those of `ids`, which are off it already. Their
        `data`; they are deleted."""
        # Bytes: an id that somebody else wrote need not be text.
        answer: list[bytes] = self._take([keys.QUEUE], [most, keys.job(""), *ids])
        return answer


def read_job(data: bytes) -> tuple[str, int]:
    """(verification id, send) of a job's `data`, which is compared and never unpacked, parsed or
    imported: anyone who can write to Redis can put anything there. Raises ForeignJob."""
    found = _DATA.fullmatch(data)
    if not found:
        raise ForeignJob("not our task")
    return found[1].decode(), int(found[2])
