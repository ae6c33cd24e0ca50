"""`make run`, and deploy/run.py below it, on a copy of the project: no process is left behind."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.e2e.conftest import CONSOLE_LINE, ROOT, wait_for
from tests.redis_servers import free_port

PHONE, ANOTHER_PHONE = "+14155554001", "+14155554002"
COPIED = ("api", "worker", "shared", "frontend", "deploy", "Makefile", "requirements.txt")


class Run:
    """A command that is running in a session of its own, and everything that it has started."""

    def __init__(
        self, folder: Path, command: list[str], *, in_terminal: bool = False, **env: str
    ) -> None:
        self.port = free_port()
        self._log = folder / f"run-{self.port}.log"
        self._begin = time.perf_counter()
        with self._log.open("wb") as log:
            seen, terminal = os.openpty() if in_terminal else (None, log.fileno())
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                stdout=terminal,
                stderr=log,
                start_new_session=True,
                env={"PATH": os.environ["PATH"], "PORT": str(self.port), **env},
            )
        if seen is not None:
            os.close(terminal)
            Thread(target=self._keep, args=[seen], daemon=True).start()

    def _keep(self, terminal: int) -> None:
        """Keep what the terminal shows. Reading fails once no program has it any longer."""
        with suppress(OSError), open(terminal, "rb", buffering=0) as shown:
            for chunk in iter(lambda: shown.read(4096), b""):
                with self._log.open("ab") as log:
                    log.write(chunk)

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_until_ready(self, timeout: float = 60) -> None:
        wait_for(lambda: "Ready:" in self.output() or self.process.poll() is not None, timeout)
        assert f"Ready: http://localhost:{self.port}" in self.output(), self.output()

    def post(self, path: str, body: dict[str, str]) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            return connection.getresponse().status
        finally:
            connection.close()

    def code_for(self, phone: str) -> str:
        """Ask for a code and read it in the terminal."""
        assert self.post("/generate-otp", {"phone": phone}) == 202
        self.seconds_to_first_code = time.perf_counter() - self._begin
        return wait_for(
            lambda: [m["code"] for m in CONSOLE_LINE.finditer(self.output()) if m["to"] == phone]
        )[-1]

    def verify(self, phone: str, code: str) -> int:
        return self.post("/verify-otp", {"phone": phone, "otp": code})

    def processes(self) -> dict[int, str]:
        """What lives in its session, by process id."""
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,stat=,args="], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        found = {}
        for line in listed.splitlines():
            number, state, command = line.split(None, 2)
            try:
                session = os.getsid(int(number))
            except ProcessLookupError:
                continue
            if session == self.process.pid and not state.startswith("Z"):
                found[int(number)] = command
        return found

    def process_of(self, command: str) -> int:
        """The first process with this in its command line."""
        return min(number for number, line in self.processes().items() if command in line)

    def wait_for_the_end(self, status: int) -> None:
        assert self.process.wait(20) == status, self.output()
        assert self.processes() == {}

    def clean_up(self) -> None:
        for number in self.processes():
            # The end of one may have ended the next.
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project without .env, .venv and .data."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[..., Run]]:
    runs = []

    def start(*options: str, command: list[str] | None = None, **more: Any) -> Run:
        runs.append(Run(folder, command or [sys.executable, "deploy/run.py", *options], **more))
        return runs[-1]

    yield start
    for each in runs:
        each.clean_up()


@pytest.mark.parametrize(
    ("options", "stop"),
    [
        pytest.param((), signal.SIGTERM, id="SIGTERM"),
        pytest.param(("--embedded",), signal.SIGINT, id="embedded-SIGINT"),
    ],
)
def test_runs_until_a_signal_and_keeps_its_data(run, figure, options, stop):
    first = run(*options)
    first.wait_until_ready()
    code = first.code_for(PHONE)
    assert first.verify(PHONE, code) == 200
    assert first.verify(PHONE, code) == 404
    assert '"event": "api_started"' in first.output()
    name = " ".join(("deploy/run.py", *options))
    figure(f"{name}: to the first 202", f"{first.seconds_to_first_code:.1f} s")
    pending = first.code_for(ANOTHER_PHONE)
    first.process.send_signal(stop)
    first.wait_for_the_end(0)

    second = run(*options)
    second.wait_until_ready()
    assert second.verify(ANOTHER_PHONE, pending) == 200, "the data or the secrets were not kept"
    second.process.send_signal(stop)
    second.wait_for_the_end(0)


def test_says_where_the_owners_password_is_and_does_not_print_it(run, folder):
    stack = run(in_terminal=True, TERM="dumb")
    stack.wait_until_ready()
    where = (
        f"http://localhost:{stack.port}/admin/ "
        "(to see the password, run: cat .data/otp_admin_password)"
    )
    assert where in stack.output()
    password = (folder / ".data" / "otp_admin_password").read_text(encoding="utf-8").strip()
    assert password not in stack.output()
    # A terminal shows lines for people, a file has them for programs.
    assert re.search(r"info +api +api_started +version=", stack.output())


def test_make_keys_is_about_the_api_that_runs_here(run, folder):
    (folder / ".env").write_text("OTP_DATA_DIR=kept here\n", encoding="utf-8")
    stack = run()
    stack.wait_until_ready()
    command = [sys.executable, "deploy/run.py", "--keys", "create", "shop"]
    env = {"PATH": os.environ["PATH"]}
    made = subprocess.run(command, check=True, cwd=folder, env=env, capture_output=True, text=True)
    assert made.stdout.startswith("otp_")
    assert (folder / "kept here" / "api_keys").is_file()
    assert stack.verify(PHONE, "123456") == 401
    command[-2:] = ["revoke", "00000000"]
    assert subprocess.run(command, check=False, cwd=folder, env=env).returncode == 1


def test_stops_all_when_one_ends(run):
    stack = run()
    stack.wait_until_ready()
    os.kill(stack.process_of("-m worker"), signal.SIGKILL)
    stack.wait_for_the_end(128 + signal.SIGKILL)
    assert "The worker exited unexpectedly with status -9" in stack.output()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel to end the others")
def test_leaves_nothing_behind_when_killed(run):
    stack = run()
    stack.wait_until_ready()
    stack.process.kill()
    wait_for(lambda: not stack.processes())


def test_says_that_the_port_is_taken_before_it_starts_anything(run, folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        stack = run(PORT=str(other.getsockname()[1]))
        stack.wait_for_the_end(1)
    assert "To use another port, run: make run PORT=" in stack.output()
    assert not (folder / ".data").exists()


@pytest.mark.parametrize("host", ["localhost", "::1", "127.0.0.1"])
def test_listens_where_it_is_told_and_says_so(run, host):
    stack = run(HOST=host)
    wait_for(lambda: "Ready:" in stack.output() or stack.process.poll() is not None, 60)
    shown = "[::1]" if host == "::1" else "localhost"
    assert f"Ready: http://{shown}:{stack.port}" in stack.output()
    with socket.create_connection((host, stack.port), 5):
        pass


@pytest.mark.parametrize(
    ("host", "said"),
    [("192.0.2.1", "Cannot assign requested address"), ("otp.invalid", "HOST: otp.invalid: ")],
)
def test_names_an_address_that_is_not_ours_before_it_starts_anything(run, folder, host, said):
    stack = run(HOST=host)
    stack.wait_for_the_end(1)
    assert said in stack.output()
    assert "Traceback" not in stack.output()
    assert not (folder / ".data").exists()


def test_keeps_its_data_from_other_users(run, folder):
    old = folder / ".data" / "redis-7"
    old.mkdir(parents=True)
    (old / "temp-1.aof").write_text("+14155550123")
    for path in (folder / ".data", old, old / "temp-1.aof"):
        path.chmod(0o755)
    stack = run()
    stack.wait_until_ready()
    stack.code_for(PHONE)
    kept = [folder / ".data", *(folder / ".data").rglob("*")]
    assert len(kept) > 5
    assert [path for path in kept if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    assert stat.S_IMODE((folder / ".data").stat().st_mode) == 0o700


@pytest.mark.parametrize("data", ["a file", "/proc/sys"])
def test_says_where_it_has_no_permission_to_write(run, folder, data):
    if data == "a file":
        (folder / ".data").touch()
    else:
        # Root may write to every folder but this one.
        (folder / ".data").symlink_to(data)
    stack = run()
    stack.wait_for_the_end(1)
    assert f"Cannot write to {folder / '.data'}: " in stack.output()
    assert "Traceback" not in stack.output()


def test_two_runs_never_write_one_folder(run):
    first = run()
    first.wait_until_ready()
    second = run()
    second.wait_for_the_end(1)
    assert "is in use" in second.output()
    assert first.verify(PHONE, first.code_for(PHONE)) == 200


def test_make_run_needs_nothing_but_python(run, folder, figure):
    programs = folder / "programs"
    programs.mkdir()
    for name in ("make", "sh", "awk", "rm", "touch"):
        program = shutil.which(name)
        if not program:
            pytest.skip(f"no {name} on the PATH")
        (programs / name).symlink_to(program)
    python = programs / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)

    # pip may need what the environment says about the way to its index.
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    made = run(command=["make", "run"], **kept, PATH=str(programs))
    made.wait_until_ready(180)
    assert made.verify(PHONE, made.code_for(PHONE)) == 200
    figure("make run: from nothing to the first 202", f"{made.seconds_to_first_code:.1f} s")
    # As Ctrl-C does it: to make and run.py at once.
    os.killpg(made.process.pid, signal.SIGINT)
    made.process.wait(20)
    assert made.processes() == {}
