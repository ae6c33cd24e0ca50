"""What a check of an installation found, a line for each finding."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

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
        print(f"{word:8} {_in_one_line(text)}", flush=True)  # noqa: T201
        status |= level == "wrong"
    return status


def _in_one_line(text: str) -> str:
    """Without what could begin another line or steer a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
