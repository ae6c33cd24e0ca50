"""Runs the service's commands in the process of the test."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def run_command(tmp_path, monkeypatch, capsys) -> Callable[..., Ended]:
    """Run a command by its main(), with these words, where no .env of the developer takes part."""
    monkeypatch.chdir(tmp_path)

    def run_command(main: Callable[[], None], *words: str, stdin: bytes = b"", **env: str) -> Ended:
        status, why = 0, ""
        with monkeypatch.context() as given:
            given.setattr(sys, "argv", ["command", *words])
            given.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            for name, value in env.items():
                given.setenv(name, value)
            try:
                main()
            except SystemExit as end:
                # The interpreter prints what is no number, and ends with 1.
                status, why = (end.code, "") if isinstance(end.code, int) else (1, f"{end.code}\n")
        printed = capsys.readouterr()
        return Ended(status=status, out=printed.out, err=printed.err + why)

    return run_command
