"""What Docker asks a worker's container."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import KEY
from worker import health

ROOT = Path(__file__).parents[2]


class Workers:
    """Processes that share a temporary folder, and the check of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seconds_ago: dict[subprocess.Popen[bytes], float] = {}

    def beat(self, seconds_ago: float = 0) -> subprocess.Popen[bytes]:
        """A process that beats once, as a worker does, and lives on."""
        program = "import sys; from worker import health; health.beat(); sys.stdin.read()"
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.PIPE,
        )
        self._seconds_ago[process] = seconds_ago
        while not self.file(process).exists():
            assert process.poll() is None
        return process

    def file(self, process: subprocess.Popen[bytes]) -> Path:
        return self._folder / health.file_of(process.pid).name

    def check(self, *pid: int) -> tuple[int, str]:
        """Exit status and message. No heartbeat is older than the test says, however long it took
        to start the others."""
        for process, seconds_ago in self._seconds_ago.items():
            then = time.time() - seconds_ago
            with suppress(FileNotFoundError):
                os.utime(self.file(process), (then, then))
        check = self.run("-m", "worker.health", *map(str, pid))
        return check.returncode, check.stderr

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )

    def end(self) -> None:
        for process in self._seconds_ago:
            process.kill()
            process.communicate()

    @property
    def _env(self) -> dict[str, str]:
        return {"TMPDIR": str(self._folder)}


@pytest.fixture
def workers(tmp_path) -> Iterator[Workers]:
    workers = Workers(tmp_path)
    yield workers
    workers.end()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def test_a_worker_that_has_just_turned_is_healthy(workers):
    worker = workers.beat(seconds_ago=5)
    assert workers.check() == workers.check(worker.pid) == (0, "")


def test_a_worker_that_stands_still_is_not(workers):
    worker = workers.beat(seconds_ago=60)
    status, message = workers.check()
    assert status == 1
    assert re.fullmatch(rf"worker {worker.pid}: last heartbeat \d+ s ago\n", message)


def test_a_worker_that_has_not_begun_is_not(workers):
    assert workers.check() == workers.check(12345) == (1, "no heartbeat yet\n")


def test_a_worker_that_has_died_is_not(workers):
    worker = workers.beat()
    kill(worker)
    assert workers.check() == (1, f"worker {worker.pid} has died\n")


@pytest.mark.parametrize("how", ["stands still", "has died"])
def test_no_worker_speaks_for_another_one(workers, how):
    well = workers.beat()
    ill = workers.beat(seconds_ago=60 if how == "stands still" else 0)
    if how == "has died":
        kill(ill)
    assert workers.check()[0] == workers.check(ill.pid)[0] == 1
    assert workers.check(well.pid) == (0, "")


@pytest.mark.parametrize("name", ["otp-worker.heartbeat", "otp-worker-1-1.heartbeat"])
def test_a_file_of_another_container_does_not_count(workers, tmp_path, name):
    (tmp_path / name).touch()
    assert workers.check() == (1, "no heartbeat yet\n")
    workers.beat()
    os.utime(tmp_path / name, (0, 0))
    assert workers.check() == (0, "")


def test_files_that_are_named_alike_are_no_harm(workers, tmp_path):
    worker = workers.beat()
    (tmp_path / workers.file(worker).name.replace(f"{worker.pid}", "copy")).touch()
    assert workers.check() == (0, "")


def test_a_new_worker_takes_the_place_of_dead_ones(workers, tmp_path):
    old = tmp_path / "otp-worker-1-1.heartbeat"
    old.touch()
    os.utime(old, (0, 0))
    kill(workers.beat())
    living = workers.beat()
    workers.run("-c", "from worker import health; health.begin()")
    assert workers.check() == (0, "")
    assert list(tmp_path.iterdir()) == [workers.file(living)]


def test_a_running_worker_beats_until_it_stops(user, run_worker, sender):
    file = health.file_of(os.getpid())
    beats = []
    sender.during = lambda _: beats.append(file.stat().st_mtime)
    began = time.time()
    user.ask()
    run_worker()
    # A file system may keep coarser times.
    assert beats[0] >= began - 1
    assert not file.exists()


def test_a_worker_that_is_stopped_leaves_no_file(tmp_path, redis_url):
    env = {"TMPDIR": str(tmp_path), "REDIS_URL": redis_url, "OTP_SECRET_KEYS": KEY}
    worker = subprocess.Popen(
        [sys.executable, "-m", "worker"], cwd=ROOT, env=env, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("otp-worker-*.heartbeat")):
            assert time.monotonic() < deadline
            assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=30)
    finally:
        kill(worker)
    assert not list(tmp_path.iterdir())
