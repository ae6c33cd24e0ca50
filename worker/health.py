"""`python -m worker.health [PID]`: exit 0 while the workers of this container turn and reach Redis,
or the one with that process id.

Each worker has a heartbeat file, named by its process and its container (the PID namespace). So
workers that share a machine, or only its temporary folder, never speak for each other. A worker
that stops removes its file. One that dies leaves it behind, which shows that it died.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

STALE_SECONDS = 15
# A file this old is of a container that is gone.
_FORGOTTEN_SECONDS = 3600


def begin() -> None:
    """Remove what dead workers left behind: this worker is here instead."""
    for file in _folder().glob("otp-worker-*.heartbeat"):
        with suppress(OSError):
            died_here = file in _ours() and not _is_running(_pid(file))
            if died_here or _age(file) > _FORGOTTEN_SECONDS:
                file.unlink()


def beat() -> None:
    # A worker without a writable temporary folder goes on delivering, and counts as unhealthy.
    with suppress(OSError):
        file_of(os.getpid()).touch()


def end() -> None:
    with suppress(OSError):
        file_of(os.getpid()).unlink()


def file_of(pid: int) -> Path:
    return _folder() / f"otp-worker-{_container()}-{pid}.heartbeat"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m worker.health")
    parser.add_argument(
        "pid", type=int, nargs="?", help="process ID of one worker, if there are several"
    )
    pid = parser.parse_args().pid
    files = _ours() if pid is None else [file_of(pid)]
    if not files:
        sys.exit("no heartbeat yet")
    for file in files:
        _check(file)


def _check(file: Path) -> None:
    """Exit with status 1 unless its worker is well."""
    try:
        age = _age(file)
    except FileNotFoundError:
        sys.exit("no heartbeat yet")
    if not _is_running(_pid(file)):
        sys.exit(f"worker {_pid(file)} has died")
    if age > STALE_SECONDS:
        sys.exit(f"worker {_pid(file)}: last heartbeat {age:.0f} s ago")


def _ours() -> list[Path]:
    """The files of this container's workers."""
    found = _folder().glob(f"otp-worker-{_container()}-*.heartbeat")
    return sorted(file for file in found if file.stem.rpartition("-")[2].isdecimal())


def _folder() -> Path:
    return Path(tempfile.gettempdir())


def _container() -> int:
    """What tells the process ids of this container from those of another one."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0


def _pid(file: Path) -> int:
    return int(file.stem.rpartition("-")[2])


def _age(file: Path) -> float:
    return time.time() - file.stat().st_mtime


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Another user's.
        return True
    return True


if __name__ == "__main__":
    main()
