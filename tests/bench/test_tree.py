import subprocess

import pytest

from bench.tree import check_out
from bench.wrk import NotMeasured
from tests.chaos.programs import ROOT


def test_has_the_service_of_a_commit_and_not_its_benchmark(tmp_path):
    tree = check_out("HEAD", tmp_path)
    shown = subprocess.run(
        ["git", "-C", str(ROOT), "show", "HEAD:api/__init__.py"], check=True, capture_output=True
    )
    assert (tree / "api" / "__init__.py").read_bytes() == shown.stdout
    assert not (tree / "bench").exists()
    assert not (tree / "tests").exists()


def test_says_which_commit_git_does_not_have(tmp_path):
    with pytest.raises(NotMeasured, match="0123abc"):
        check_out("0123abc", tmp_path)
