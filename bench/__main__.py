"""`python -m bench [PART …]`: how fast the service is, against what its parts can do, against an
earlier commit, and against what one would use instead. Prints a table. If all parts were measured,
also writes it to bench/results.md. Exits with 1 only if something does not work, and not if a bar
is missed.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench import api, chain, dashboard, deliveries, extras, growth, life, profile, report, wrk
from bench.figures import Figure
from bench.wrk import NotMeasured

# What measures a part, given a folder for its programs.
Part = Callable[[Path], Iterator[Figure]]
# The last commit whose senders use requests: docs/performance.md tells the gains since then.
BEFORE = "58432a5"
# The last commit without workflows, events and receipts.
PLAIN = "92bae88"


def parts(before: str) -> dict[str, Part]:
    return {
        "chain": partial(chain.figures, before=before),
        "deliveries": deliveries.figures,
        "api": partial(api.figures, before=before, plain=PLAIN),
        "extras": extras.figures,
        "life": life.figures,
        "growth": growth.figures,
        "dashboard": dashboard.figures,
        "profile": profile.figures,
    }


def main() -> None:
    names = list(parts(BEFORE))
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(names))
    parser.add_argument(
        "--before", default=BEFORE, metavar="COMMIT", help="what to compare with (%(default)s)"
    )
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(names):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    # So that whatever was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not wrk.is_installed():
        sys.exit("bench: wrk is not installed. On Debian and Ubuntu: apt install wrk")
    found: dict[str, list[Figure]] = {}
    measures = parts(asked.before)
    broken = [
        name
        for name in asked.parts or names
        if not _measure(name, measures[name], found.setdefault(name, []))
    ]
    table = "\n".join(report.lines(found))
    print(table)
    if broken:
        sys.exit(1)
    if not asked.parts:
        report.write(table, before=asked.before)


def _measure(name: str, part: Part, figures: list[Figure]) -> bool:
    """Whether it could be measured. What could stays also when the rest could not."""
    begin = time.monotonic()
    print(f"{name} … ", end="", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="otp-bench-") as folder:
        try:
            figures.extend(part(Path(folder)))
        except (NotMeasured, TimeoutError) as error:
            print(f"broken: {error}", file=sys.stderr)
            return False
    print(f"{time.monotonic() - begin:.0f} s", file=sys.stderr)
    return True


if __name__ == "__main__":
    main()
