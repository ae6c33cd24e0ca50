"""What Docker asks a worker's container."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from worker.health import HEARTBEAT

ROOT = Path(__file__).parents[2]


@pytest.fixture
def health(tmp_path):
    """Exit status and message of the check, of a worker that beat so many seconds ago."""

    def health(beat_seconds_ago: float | None) -> tuple[int, str]:
        if beat_seconds_ago is not None:
            heartbeat = tmp_path / "otp-worker.heartbeat"
            heartbeat.touch()
            then = time.time() - beat_seconds_ago
            os.utime(heartbeat, (then, then))
        check = subprocess.run(
            [sys.executable, "-m", "worker.health"],
            cwd=ROOT,
            env={"TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return check.returncode, check.stderr

    return health


def test_a_worker_that_has_just_turned_is_healthy(health):
    assert health(beat_seconds_ago=5) == (0, "")


def test_a_worker_that_stands_still_is_not(health):
    status, message = health(beat_seconds_ago=60)
    assert status == 1
    assert re.fullmatch(r"last heartbeat \d+ s ago\n", message)


def test_a_worker_that_has_not_begun_is_not(health):
    assert health(beat_seconds_ago=None) == (1, "no heartbeat yet\n")


def test_a_running_worker_beats(user, run_worker, sender):
    beats = []
    sender.during = lambda _: beats.append(HEARTBEAT.stat().st_mtime)
    began = time.time()
    user.ask()
    run_worker()
    # A file system may keep coarser times.
    assert beats[0] >= began - 1
