"""A provider that takes every message, and notes when."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# All lines are of one length, so that the size of a file says how many there are.
_LINE = "{at:020} {to:<16} {code:<10}\n"
LINE_BYTES = len(_LINE.format(at=0, to="", code=""))


class Recorder:
    """Writes one line per message to `path`, a file or a named pipe, and takes `seconds` for it.
    Each line is one write at the end of the file: any number of threads and processes may share
    it."""

    def __init__(self, path: str, seconds: float = 0.0) -> None:
        # To open a pipe only for writing would wait for its reader.
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        self._seconds = seconds

    def take(self, to: str, code: str) -> None:
        self.note(time.time_ns(), to, code)
        if self._seconds:
            time.sleep(self._seconds)

    def note(self, at_ns: int, to: str, code: str) -> None:
        os.write(self._file, _LINE.format(at=at_ns, to=to, code=code).encode())


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A message that came to a recorder, `at` in Unix seconds."""

    at: float
    to: str
    code: str


def read(lines: bytes) -> Iterator[Taken]:
    """What whole lines say."""
    for line in lines.splitlines():
        at, to, code = line.decode().split()
        yield Taken(at=int(at) / 1e9, to=to, code=code)


def count(path: Path) -> int:
    return path.stat().st_size // LINE_BYTES if path.exists() else 0
