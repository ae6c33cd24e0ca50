"""The table, for the terminal and for results.md."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from bench.figures import Figure

RESULTS = Path(__file__).with_name("results.md")
_PACKAGES = ("rq", "redis", "hiredis", "flask", "granian", "pycurl", "requests", "celery")
_HEAD = ("figure", "measured", "bar", "stretch", "")


def lines(figures: Mapping[str, Sequence[Figure]]) -> Iterator[str]:
    """The figures of each part as one Markdown table, which also reads well as plain text."""
    rows: list[tuple[str, ...]] = []
    for part, found in figures.items():
        rows += [(f"**{part}**", "", "", "", ""), *map(_row, found)]
    widths = [max(len(row[i]) for row in (_HEAD, *rows)) for i in range(len(_HEAD))]

    def line(row: Sequence[str]) -> str:
        first, *others = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        return f"| {' | '.join([first, *others])} |"

    yield line(_HEAD)
    yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    yield from map(line, rows)


def _row(figure: Figure) -> tuple[str, ...]:
    verdict = {None: "", True: "met", False: "missed"}[figure.met]
    if figure.noisy:
        verdict = f"{verdict} (noisy)".lstrip()
    return figure.name, figure.value, figure.bar, figure.stretch, verdict


def write(table: str, *, before: str) -> None:
    """Write the table, with when, where and with what it was measured."""
    RESULTS.write_text(
        f"# What `make bench` measured\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.release()}. Python {platform.python_version()}, "
        f"Redis {_redis_version()}, {', '.join(_versions())}. *Before* is commit {before}. Every "
        "figure is a median over rounds; [docs/performance.md](../docs/performance.md) says what "
        "each one means.\n\n"
        f"{table}\n",
        encoding="utf-8",
    )


def _versions() -> Iterator[str]:
    for name in _PACKAGES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"no {name}"


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text("utf-8")
    names = re.findall(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return names[0] if names else platform.machine()


def _redis_version() -> str:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        return "embedded"
    text = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    return "".join(re.findall(r"v=(\S+)", text))
