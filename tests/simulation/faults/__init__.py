"""Faults to plant into the service, each of which the simulation must find.

A file here has a sentence for what a user would notice, a line for the invariants that find the
fault, and a unified diff without line numbers: each block of old lines is exactly once in its file.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
NAMES = sorted(path.stem for path in FOLDER.glob("*.diff"))
_BLOCK = re.compile(r"^@@.*\n", re.MULTILINE)


class DoesNotApply(Exception):
    """The code has changed: a fault has to be planted there in another way."""


@dataclass(frozen=True)
class Fault:
    """`told` says what a user would notice. `found_by` are invariants, `blocks` the old and new
    lines by file."""

    told: str
    found_by: frozenset[str]
    blocks: tuple[tuple[str, str, str], ...]

    @classmethod
    def named(cls, name: str) -> "Fault":
        head, *files = (FOLDER / f"{name}.diff").read_text(encoding="utf-8").split("\n--- ")
        told, _, found_by = head.strip().partition("\nFound by: ")
        blocks = []
        for file in files:
            path, _, hunks = file.partition("\n")
            for hunk in _BLOCK.split(hunks.rstrip("\n") + "\n"):
                lines = hunk.splitlines(keepends=True)
                old = "".join(line[1:] for line in lines if line[0] in " -")
                new = "".join(line[1:] for line in lines if line[0] in " +")
                blocks.append((path, old, new))
        return cls(told.strip(), frozenset(found_by.split()), tuple(blocks))

    def plant(self, folder: Path) -> None:
        """Make a tree in an empty folder that has the fault. Raises DoesNotApply."""
        _fill(folder, ROOT)
        for name, old, new in self.blocks:
            file = _own(folder, name)
            text = file.read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise DoesNotApply(f"{name} has {text.count(old)} times:\n{old}")
            file.write_text(text.replace(old, new), encoding="utf-8")


def _fill(folder: Path, original: Path) -> None:
    """Link to what the original folder holds. What Python compiles of the tree stays in it."""
    for path in original.iterdir():
        if path.name == "__pycache__":
            (folder / path.name).mkdir()
            _fill(folder / path.name, path)
        elif not path.name.startswith("."):
            (folder / path.name).symlink_to(path)


def _own(folder: Path, name: str) -> Path:
    """The file of that name below the folder, with copies in the place of links on the way."""
    path = folder
    for part in Path(name).parts:
        path /= part
        if path.is_symlink():
            original = path.readlink()
            path.unlink()
            if original.is_dir():
                path.mkdir()
                _fill(path, original)
            else:
                shutil.copyfile(original, path)
    return path
