"""`python deploy/release_notes.py v1.2.0`: what CHANGELOG.md says of this version. Ends with an
error if the code has another version, or the changelog has no date for it."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def notes(tag: str, code: str, changelog: str) -> str:
    """The section of `changelog` for `tag`. `code` is the file with VERSION. Raises ValueError."""
    version = tag.removeprefix("v")
    if f'VERSION = "{version}"\n' not in code:
        raise ValueError(f"{tag} is not the VERSION in shared/__init__.py.")
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    section = re.search(rf"{heading}\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None:
        raise ValueError(f"CHANGELOG.md has no heading `## [{version}] - YYYY-MM-DD`.")
    return section[1].strip() + "\n"


if __name__ == "__main__":
    files = [ROOT / "shared/__init__.py", ROOT / "CHANGELOG.md"]
    try:
        print(notes(sys.argv[1], *(file.read_text(encoding="utf-8") for file in files)), end="")
    except ValueError as error:
        sys.exit(str(error))
