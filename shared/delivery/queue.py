"""The RQ queue that wakes workers up, and which of its jobs are ours."""

import re

# A stock RQ worker imports the task. Nothing else does.
TASK = "worker.delivery.deliver"
# As start.lua writes the data of a job: the task, no object, its arguments.
_DATA = re.compile(
    rb'\["%s", null, \["(VE[0-9a-f]{32})", ([1-9][0-9]{0,2})\], \{\}\]' % re.escape(TASK.encode())
)


class ForeignJob(Exception):
    """A job that this service does not write."""


def read_job(data: bytes) -> tuple[str, int]:
    """(verification id, send) of a job's `data`, which is compared and never unpacked, parsed or
    imported: anyone who can write to Redis can put anything there. Raises ForeignJob."""
    found = _DATA.fullmatch(data)
    if not found:
        raise ForeignJob("not our task")
    return found[1].decode(), int(found[2])
