"""Tests of several processes share the machine, until one wants it alone."""

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.machine import machine


def is_taken(lock: Path) -> bool:
    with lock.open() as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def is_waited_for(lock: Path) -> bool:
    locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return any("->" in line and f":{lock.stat().st_ino} " in line for line in locks)


def test_one_that_runs_alone_waits_for_all_others_and_also_for_those_that_overtake_it(tmp_path):
    def run_alone() -> list[str]:
        with machine(alone=True, folder=str(tmp_path)):
            assert is_taken(lock)
            return running[:]

    running = ["two others"]
    with ThreadPoolExecutor() as threads:
        with machine(alone=False, folder=str(tmp_path)):
            (lock,) = tmp_path.iterdir()
            alone = threads.submit(run_alone)
            while not is_waited_for(lock):
                assert not alone.done()
            with machine(alone=False, folder=str(tmp_path)):
                assert not is_taken(lock)
            running.clear()
        assert alone.result() == []
    assert not is_taken(lock)
