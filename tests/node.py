"""Runs tests that are written for node:test."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest


def program(name: str) -> str:
    """The path of a program, or skip the test."""
    found = shutil.which(name)
    if not found:
        pytest.skip(f"no {name} on the PATH")
    return found


def run(command: list[str], folder: Path, env: Mapping[str, str] = MappingProxyType({})) -> str:
    """What a command prints. Fails the test if it fails."""
    ended = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env={name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ} | dict(env),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def run_tests(folder: Path, *files: str, env: Mapping[str, str]) -> str:
    """How many tests of these files there are. Fails unless all of them pass."""
    told = run([program("node"), "--test", "--test-reporter=tap", *files], folder, env)
    counts = dict(re.findall(r"^# (tests|pass) (\d+)$", told, re.MULTILINE))
    assert counts["pass"] == counts["tests"] != "0"
    return counts["pass"]
