"""What a command prints arrives as a whole, or the command fails."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from api.printing import print_all
try:
    print_all("secrets")
except OSError as error:
    sys.exit(f"{error.filename}: {error.strerror}")
"""


def test_a_full_disk_is_told():
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (ran.returncode, ran.stderr) == (1, b"standard output: No space left on device\n")
