"""The programs that are measured, each in processes of its own, on loopback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.programs import Program, free_port, is_ready, wait_for

# Not that of tests/conftest.py, whose imports an earlier commit does not have.
KEY = "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
# Everything that a start checks and counts is on. What would refuse here is out of reach: all come
# from one address, and nobody types the codes in.
ENV = {
    "OTP_SECRET_KEYS": KEY,
    "OTP_LIMIT_IP": "1000000/1h",
    "OTP_GUARD": "monitor",
}


@dataclass(frozen=True, kw_only=True)
class Served:
    """A program that answers HTTP."""

    program: Program
    port: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def served(folder: Path, redis_url: str, module: str = "api", **env: str) -> Iterator[Served]:
    """`python -m MODULE`, from when it is ready: the API as shipped, or a module of this folder
    that is served like it."""
    port = free_port()
    log = folder / f"{module}-{port}.log"
    own = {**ENV, "REDIS_URL": redis_url, "PORT": str(port), "TMPDIR": str(folder), **env}
    program = Program.of([sys.executable, "-m", module], log, own)
    try:
        wait_for(lambda: is_ready(port), 20, f"{module} to start, see {log}")
        yield Served(program=program, port=port)
    finally:
        program.kill()


@contextmanager
def worker(folder: Path, redis_url: str, module: str = "worker", **env: str) -> Iterator[Program]:
    """`python -m MODULE`, from when it has said that it works."""
    log = folder / f"{module}-{free_port()}.log"
    own = {**ENV, "REDIS_URL": redis_url, "TMPDIR": str(folder), **env}
    program = Program.of([sys.executable, "-m", module], log, own)
    try:
        wait_for(lambda: program.has_logged("worker_started"), 20, f"{module} to start, see {log}")
        yield program
    finally:
        program.kill()


def memory_bytes(pid: int) -> int:
    """What a process has for itself alone."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def children(pid: int) -> list[int]:
    """The processes that it has started."""
    paths = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in paths for child in path.read_text(encoding="ascii").split()]
