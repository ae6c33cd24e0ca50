"""What the providers say of the senders' credentials."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import cast, get_args

from shared.owner.findings import Finding, Level

# In a process of its own, because the API never imports the worker.
_COMMAND = (sys.executable, "-m", "worker.credentials")
_SECONDS = 30.0


def found(command: Sequence[str] = _COMMAND, seconds: float = _SECONDS) -> Iterator[Finding]:
    """The findings that the command prints within this time."""
    try:
        ran = subprocess.run(  # noqa: S603 (nothing in it comes from outside)
            command, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as late:
        yield from _printed(late.stdout or b"")
        yield Finding("unknown", f"senders: not all were tried within {seconds:g} s")
        return
    tried = list(_printed(ran.stdout))
    yield from tried
    # A program that crashes has status 1 too.
    if ran.returncode != any(one.level == "wrong" for one in tried):
        yield Finding("unknown", "senders: python -m worker.credentials failed")


def _printed(lines: bytes) -> Iterator[Finding]:
    """The findings that report() has printed."""
    for line in lines.decode(errors="replace").splitlines():
        level, _, text = line.partition(" ")
        if level.lower() in get_args(Level):
            yield Finding(cast("Level", level.lower()), text.strip())
