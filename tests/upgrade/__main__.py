"""`python -m tests.upgrade COMMIT`: upgrade from a commit to this tree, and go back to it.

Needs Docker, and takes about three minutes. The exit code is 1 if something got lost.
"""

import argparse
import sys

from tests.upgrade.back import go_back
from tests.upgrade.rolling import build, upgrade


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade")
    parser.add_argument("commit", metavar="COMMIT", help="such as the tag of the last version")
    commit = parser.parse_args().commit
    older, newer = build(commit, "sixpost-older"), build(None, "sixpost-newer")
    there, back = upgrade(older, newer), upgrade(newer, older)
    print(f"upgrade: {there}\nback: {back}\nback, on all kinds of data:", flush=True)
    go_back(commit)
    sys.exit(not (there.is_whole and back.is_whole))


if __name__ == "__main__":
    main()
