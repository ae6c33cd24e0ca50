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

    Tests that share it overtake one that waits: it comes when they are all over, and keeps no
    process waiting before that.
    """
    lock = os.open(Path(folder, f"sixpost-tests-{os.getuid()}"), os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        # Closing is not enough: a process that a test has forked holds the same lock.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)
