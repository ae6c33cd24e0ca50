"""`python -m bench [PART …]`: how fast the service is, against what its parts can do and against
what one would take instead. Prints a table; when all parts were measured also writes it to
bench/results.md. Ends with 1 only when something does not work, and not when a bar is missed.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import api, chain, dashboard, deliveries, growth, life, profile, report, wrk
from bench.figures import Figure
from bench.wrk import NotMeasured

# What each is given is a folder for its programs.
PARTS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "api": api.figures,
    "life": life.figures,
    "deliveries": deliveries.figures,
    "chain": chain.figures,
    "growth": growth.figures,
    "dashboard": dashboard.figures,
    "profile": profile.figures,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parts = parser.parse_args().parts
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    # So that whatever was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not wrk.is_installed():
        sys.exit("bench: wrk is not installed. On Debian and Ubuntu: apt install wrk")
    found: dict[str, list[Figure]] = {}
    broken = [name for name in parts or PARTS if not _measure(name, found.setdefault(name, []))]
    table = "\n".join(report.lines(found))
    print(table)
    if broken:
        sys.exit(1)
    if not parts:
        report.write(table)


def _measure(part: str, figures: list[Figure]) -> bool:
    """Whether it could be measured. What could stays also when the rest could not."""
    begin = time.monotonic()
    print(f"{part} … ", end="", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="otp-bench-") as folder:
        try:
            figures.extend(PARTS[part](Path(folder)))
        except (NotMeasured, TimeoutError) as error:
            print(f"broken: {error}", file=sys.stderr)
            return False
    print(f"{time.monotonic() - begin:.0f} s", file=sys.stderr)
    return True


if __name__ == "__main__":
    main()
