"""Processes of the service that do not import it: they are forked from one that has.

Importing takes a second of CPU, which is most of a start. tests/e2e/test_make_run.py and the tests
in Docker start the service by its command.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).parent.parent
# What a command finds imported; any other finds the service.
MODULES = {"tests.simulation": ("tests.simulation.__main__",)}
SERVICE = ("api.__main__", "worker.__main__")
LARGEST_REQUEST = 65536
# A process id, and at its end the exit status.
NUMBER = struct.Struct("i")


class Forked:
    """What the tests need of subprocess.Popen, for a process that another one has forked."""

    stdin = stdout = None

    def __init__(self, ending: int) -> None:
        self._ending = ending
        self.pid = self._number()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._status(0)

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit status. Raises subprocess.TimeoutExpired."""
        status = self._status(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _status(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._ending], [], [], timeout)[0]:
            self.returncode = self._number()
            os.close(self._ending)
        return self.returncode

    def _number(self) -> int:
        return int(NUMBER.unpack(os.read(self._ending, NUMBER.size))[0])


def start(
    *command: str,
    cwd: Path,
    env: Mapping[str, str],
    output: BinaryIO,
    errors: BinaryIO | None = None,
    new_session: bool = False,
) -> Forked:
    """Run a module of the service with its arguments, as `python -m` does. In the folder of another
    tree, run it on what that tree holds. Without `errors`, they are in the output."""
    request = {"command": command, "cwd": str(cwd), "env": dict(env), "new_session": new_session}
    ending, ended = os.pipe()
    forking = _forking(MODULES.get(command[0], SERVICE))
    files = [output.fileno(), (errors or output).fileno(), ended]
    socket.send_fds(forking, [json.dumps(request).encode()], files)
    os.close(ended)
    return Forked(ending)


def run(
    *command: str, cwd: Path, env: Mapping[str, str], timeout: float = 30
) -> subprocess.CompletedProcess[str]:
    """What subprocess.run() returns for a module of the service, run to its end as start() does.
    Raises subprocess.TimeoutExpired."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = start(*command, cwd=cwd, env=env, output=output, errors=errors)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        printed = []
        for file in (output, errors):
            file.seek(0)
            printed.append(file.read().decode())
    return subprocess.CompletedProcess(command, status, *printed)


@cache
def _forking(modules: tuple[str, ...]) -> socket.socket:
    """The connection to a process that has imported these and forks. It ends when this one does."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    its.set_inheritable(True)
    command = [sys.executable, "-m", __name__, str(its.fileno()), *modules]
    os.posix_spawn(command[0], command, {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)})
    its.close()
    atexit.register(ours.close)
    return ours


def main(connection: socket.socket, modules: list[str]) -> None:
    for name in modules:
        importlib.import_module(name)
        # Otherwise runpy would warn that it runs the module again.
        del sys.modules[name]
    # Otherwise each process would copy most of it, to look for garbage in it.
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The system reaps the processes that watch.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, descriptors, *_ = socket.recv_fds(connection, LARGEST_REQUEST, 3)
        if not request:
            return
        if os.fork() == 0:
            connection.close()
            _watch(json.loads(request), *descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _watch(request: dict[str, Any], output: int, errors: int, ended: int) -> None:
    """Fork again, and say how the process has ended. In that process, run the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if pid := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(ended, NUMBER.pack(status))
        os._exit(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if request["new_session"]:
        os.setsid()
    os.write(ended, NUMBER.pack(os.getpid()))
    os.close(ended)
    for file, standard in ((output, 1), (errors, 2)):
        os.dup2(file, standard)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.path[0] = request["cwd"]
    if request["cwd"] != str(ROOT) and Path(request["cwd"], "shared").exists():
        _forget_this_tree()
    sys.argv[:] = request["command"]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _forget_this_tree() -> None:
    """Only packages stay imported."""
    sys.path[:] = [path for path in sys.path if path != str(ROOT)]
    for name in list(sys.modules):
        if name.partition(".")[0] in ("api", "shared", "tests", "worker"):
            del sys.modules[name]


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
