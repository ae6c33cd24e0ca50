"""Which tests share the machine: all of them, except those of files that are marked `alone`."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    """Run a test with its fixtures. Without pytest-xdist, no other test runs at the same time."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with machine(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@contextmanager
def machine(*, alone: bool, folder: str = tempfile.gettempdir()) -> Iterator[None]:
    """Share the machine with the tests of this user's other processes, or wait until none runs.

    A test holds the turn while it waits for the run lock. No test can overtake a waiting one, so
    a test that runs alone starts as soon as the running tests have ended.
    """
    turn, run = (_opened(Path(folder, f"sixpost-tests-{os.getuid()}.{n}")) for n in ("turn", "run"))
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(run, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(turn, fcntl.LOCK_UN)
        yield
    finally:
        # Closing is not enough: a process that a test has forked holds the same locks.
        for lock in (run, turn):
            fcntl.flock(lock, fcntl.LOCK_UN)
            os.close(lock)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
