"""Another version of the service, to compare with: the code of a commit, run with the packages that
are installed now."""

import subprocess
from pathlib import Path

from bench.wrk import NotMeasured
from tests.chaos.programs import ROOT

_PACKAGES = ("api", "worker", "shared", "frontend")


def check_out(commit: str, folder: Path) -> Path:
    """Put the service as of a commit into a folder. Without bench/ and tests/: one client and one
    provider drive every version. Raises NotMeasured if git does not have the commit."""
    place = folder / commit
    place.mkdir()
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit, *_PACKAGES], check=False, capture_output=True
    )
    if archive.returncode:
        raise NotMeasured(f"git cannot read {commit}: {archive.stderr.decode().strip()}")
    subprocess.run(["tar", "-x", "-C", str(place)], check=True, input=archive.stdout)
    return place
