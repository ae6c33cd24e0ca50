"""`python -m tests.chaos [--short] [--seed N] [FIGURE …]`: what the service survives, measured.

Prints a line per figure: what was measured, its bars in brackets, and whether they were met. The
exit code is 1 if one was not.
"""

import argparse
import os
import secrets
import signal
import sys
import time

from tests.chaos.figures import FIGURES
from tests.chaos.scene import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--short", action="store_true", help="scaled down, under three minutes")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    arguments = parser.parse_args()
    if unknown := set(arguments.figures) - set(FIGURES):
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    # So that whatever was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    begin = time.monotonic()
    print(f"seed {arguments.seed}, {os.cpu_count()} cores", flush=True)
    missed = 0
    for name in arguments.figures or FIGURES:
        verdict = run(name, FIGURES[name], seed=arguments.seed, short=arguments.short)
        print(verdict, flush=True)
        missed += not verdict.is_met
    print(f"{missed} not met, {time.monotonic() - begin:.0f} s")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
