"""What stands for `python -m` in tests behaves like it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests import preloaded
from tests.preloaded import ROOT, Forked

TOLD = """
import os, sys
print(sys.argv[1:], os.environ["TOLD"], os.path.basename(os.getcwd()), flush=True)
print("to stderr", file=sys.stderr, flush=True)
"""


@pytest.fixture
def run(tmp_path: Path):
    """Run a program in tmp_path. Its output is in tmp_path / "log"."""

    def run(program: str, *arguments: str) -> Forked:
        (tmp_path / "told.py").write_text(program, encoding="utf-8")
        env = {"PATH": os.environ["PATH"], "TOLD": "by env"}
        with (tmp_path / "log").open("wb") as output:
            return preloaded.start("told", *arguments, cwd=tmp_path, env=env, output=output)

    return run


def test_runs_a_module_with_its_arguments_environment_and_folder(run, tmp_path):
    assert run(TOLD, "one", "two").wait(60) == 0
    said = (tmp_path / "log").read_text(encoding="utf-8")
    assert said == f"['one', 'two'] by env {tmp_path.name}\nto stderr\n"


def test_tells_errors_from_output(tmp_path):
    (tmp_path / "told.py").write_text(TOLD, encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "TOLD": "by env"}
    ended = preloaded.run("told", cwd=tmp_path, env=env)
    assert (ended.returncode, ended.stderr) == (0, "to stderr\n")
    assert ended.stdout == f"[] by env {tmp_path.name}\n"


def test_ends_a_program_that_takes_too_long(tmp_path):
    (tmp_path / "told.py").write_text("import signal; signal.pause()", encoding="utf-8")
    with pytest.raises(subprocess.TimeoutExpired):
        preloaded.run("told", cwd=tmp_path, env={}, timeout=0.01)


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("raise SystemExit(3)", 3),
        ("raise ValueError", 1),
        ("import signal; signal.raise_signal(15)", -15),
    ],
)
def test_the_status_is_that_of_the_program(run, program, status):
    assert run(program).wait(60) == status


def test_a_signal_reaches_the_program_itself(run):
    process = run("import signal; signal.pause()")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.kill()
    assert process.wait(60) == process.poll() == process.returncode == -signal.SIGKILL


def test_a_weak_setting_ends_the_api_as_python_m_does(tmp_path):
    with (tmp_path / "log").open("wb") as output:
        api = preloaded.start("api", cwd=ROOT, env={"OTP_CODE_LENGTH": "3"}, output=output)
    assert api.wait(60) == 1
    assert (tmp_path / "log").read_text(encoding="utf-8").startswith("otp api: OTP_CODE_LENGTH")


def test_in_another_tree_it_runs_what_that_tree_holds(run, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").write_text("VERSION = 'another'", encoding="utf-8")
    assert run("import shared; print(shared.VERSION)").wait(60) == 0
    assert (tmp_path / "log").read_text(encoding="utf-8") == "another\n"
