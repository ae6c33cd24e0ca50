"""How `make test` spreads the tests over processes."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTEST = [sys.executable, "-m", "pytest"]
# Otherwise each process would import all plug-ins.
ENV = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
TESTS = """
import os, pytest

@pytest.mark.parametrize("number", range(6))
def test_leaves_its_process(number):
    with open("{name}.pids", "a") as pids:
        print(os.getpid(), file=pids)
"""
TEST = """
def test_it():
    pass
"""
ALONE = f"""
import pytest
pytestmark = pytest.mark.alone
{TEST}
"""


def test_one_process_runs_all_tests_of_a_file(tmp_path):
    """They share fixtures that cost seconds, and pytest-xdist does not say when it separates
    them."""
    together = re.search("^TOGETHER := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for name in "abc":
        tests = TESTS.format(name=name)
        (tmp_path / f"test_{name}.py").write_text(tests, encoding="utf-8")
    command = [*PYTEST, "-p", "xdist.plugin", "-n", "2", *together[1].split(), "."]
    subprocess.run(command, cwd=tmp_path, env=ENV, check=True, capture_output=True)
    for name in "abc":
        pids = (tmp_path / f"{name}.pids").read_text().split()
        assert (len(pids), len(set(pids))) == (6, 1)


def test_files_that_run_alone_are_the_last(tmp_path):
    """Then they keep no other test waiting."""
    for name, text in {"a": ALONE, "b": TEST, "c": ALONE, "d": TEST}.items():
        (tmp_path / f"test_{name}.py").write_text(text, encoding="utf-8")
    command = [*PYTEST, "-p", "tests.running", "--collect-only", "-q", "."]
    env = ENV | {"PYTHONPATH": str(ROOT), "PYTEST_XDIST_WORKER": "gw0"}
    listed = subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True)
    assert re.findall(r"test_(\w)\.py::", listed.stdout.decode()) == ["b", "d", "a", "c"]
