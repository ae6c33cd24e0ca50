"""What a check of an installation found, a line for each finding."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Level = Literal["ok", "unknown", "warning", "wrong"]


class Finding(NamedTuple):
    """`unknown`: it could not be checked. `warning`: it works, but not as it should."""

    level: Level
    text: str


def report(findings: Iterable[Finding]) -> int:
    """Print each finding as soon as it is known. Returns the exit status: 1 if one is wrong."""
    status = 0
    for level, text in findings:
        print(f"{level.upper() if level == 'wrong' else level:8} {text}", flush=True)  # noqa: T201
        status |= level == "wrong"
    return status
