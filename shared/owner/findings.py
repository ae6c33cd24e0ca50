"""What a check of an installation found, a line for each finding."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from shared.logs.lines import printable

Level = Literal["ok", "unknown", "warning", "wrong"]


class Finding(NamedTuple):
    """`unknown`: it could not be checked. `warning`: it works, but not as it should."""

    level: Level
    text: str


def report(findings: Iterable[Finding]) -> int:
    """Print each finding as soon as it is known, in one line, because parts of it come from others.
    Returns the exit status: 1 if one is wrong."""
    status = 0
    for level, text in findings:
        word = level.upper() if level == "wrong" else level
        print(f"{word:8} {printable(text)}", flush=True)  # noqa: T201
        status |= level == "wrong"
    return status
