"""The service as it runs: Redis, `python -m api` and workers in processes of their own."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError

import pytest
from redis import Redis

from tests.conftest import free_port, redis_server

Seen = TypeVar("Seen")
ROOT = Path(__file__).parent.parent.parent
CONSOLE_LINE = re.compile(
    r"^console-sender host=(?P<host>\S+) channel=(?P<channel>\w+) to=(?P<to>\S+) "
    r"code=(?P<code>\d+) expires_in=(?P<expires_in>\d+)s$",
    re.MULTILINE,
)


class Service:
    """One running service. `folder` holds the logs and what Redis wrote."""

    def __init__(self, url: str, redis_url: str, folder: Path, start: Callable[..., Path]) -> None:
        self.url = url
        self.redis = Redis.from_url(redis_url)
        self.folder = folder
        self._start = start

    def start_worker(self) -> None:
        self._start("worker")

    def logs(self) -> dict[str, str]:
        return {path.name: path.read_text(encoding="utf-8") for path in self.folder.glob("*.log")}

    def sent(self) -> list[dict[str, str]]:
        """What the console senders of all workers printed, oldest first per worker."""
        text = "\n".join(t for name, t in self.logs().items() if name.startswith("worker"))
        return [match.groupdict() for match in CONSOLE_LINE.finditer(text)]

    def code_for(self, to: str, timeout: float = 5) -> str:
        """The newest code that was printed for an address."""
        return wait_for(lambda: [s["code"] for s in self.sent() if s["to"] == to], timeout)[-1]


def wait_for(look: Callable[[], Seen], timeout: float = 5) -> Seen:
    """What `look` answers as soon as that is true, or AssertionError."""
    deadline = time.monotonic() + timeout
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {timeout} s"
        time.sleep(0.02)
    return seen


@pytest.fixture(scope="session")
def start_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Start one more service, with settings as keyword arguments."""
    with ExitStack() as running:

        def start(*, redis_options: tuple[str, ...] = (), **env: str) -> Service:
            folder = tmp_path_factory.mktemp("service")
            redis_url = running.enter_context(redis_server(folder, *redis_options))
            port = free_port()
            env = {
                "PATH": os.environ["PATH"],
                "PORT": str(port),
                "REDIS_URL": redis_url,
                "OTP_DATA_DIR": str(folder),
                # Everybody in the tests comes from 127.0.0.1.
                "OTP_LIMIT_IP": "100000/1h",
                **env,
            }

            def program(name: str) -> Path:
                path = folder / f"{name}-{len(list(folder.glob('*.log')))}.log"
                with path.open("wb") as log:
                    process = subprocess.Popen(
                        [sys.executable, "-m", name],
                        cwd=ROOT,
                        env={**env, "TMPDIR": str(folder)},
                        stdout=log,
                        stderr=log,
                    )
                running.callback(_stop, process)
                return path

            service = Service(f"http://127.0.0.1:{port}", redis_url, folder, program)
            running.callback(service.redis.close)
            log = program("api")
            program("worker")
            wait_for(lambda: _is_ready(service.url), 20)
            wait_for(lambda: "worker_started" in log.with_name("worker-2.log").read_text(), 20)
            return service

        yield start


@pytest.fixture(scope="session")
def service(start_service: Callable[..., Service]) -> Service:
    return start_service()


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=2):
            return True
    except (URLError, OSError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(12)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
