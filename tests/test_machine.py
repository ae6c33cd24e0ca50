"""Tests of several processes share the machine, until one wants it alone."""

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.machine import machine


def is_taken(path: Path) -> bool:
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_two_tests_run_at_the_same_time(tmp_path):
    with machine(alone=False, folder=str(tmp_path)), machine(alone=False, folder=str(tmp_path)):
        assert not any(map(is_taken, tmp_path.iterdir()))


def test_one_that_runs_alone_waits_for_the_running_ones_and_lets_none_overtake(tmp_path):
    def run_alone() -> list[str]:
        with machine(alone=True, folder=str(tmp_path)):
            (run,) = tmp_path.glob("*.run")
            assert is_taken(run)
            return running[:]

    running = ["another"]
    with ThreadPoolExecutor() as threads:
        with machine(alone=False, folder=str(tmp_path)):
            alone = threads.submit(run_alone)
            (turn,) = tmp_path.glob("*.turn")
            while not is_taken(turn):
                assert not alone.done()
            running.clear()
        assert alone.result() == []
    assert not any(map(is_taken, tmp_path.iterdir()))
