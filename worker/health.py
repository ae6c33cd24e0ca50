"""`python -m worker.health`: exit 0 while the worker of this container turns and reaches Redis."""

import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

HEARTBEAT = Path(tempfile.gettempdir()) / "otp-worker.heartbeat"
STALE_SECONDS = 15


def beat() -> None:
    # A worker without a writable temporary folder goes on delivering, and counts as unhealthy.
    with suppress(OSError):
        HEARTBEAT.touch()


def main() -> None:
    try:
        age = time.time() - HEARTBEAT.stat().st_mtime
    except FileNotFoundError:
        sys.exit("no heartbeat yet")
    if age > STALE_SECONDS:
        sys.exit(f"last heartbeat {age:.0f} s ago")


if __name__ == "__main__":
    main()
