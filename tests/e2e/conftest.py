"""The service as it runs: Redis, `python -m api` and workers in processes of their own."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from redis import Redis
from redis.exceptions import RedisError

from shared.redis_users import RIGHTS, USER
from tests import preloaded
from tests.redis_servers import RedisServer, free_port, redis_server

Seen = TypeVar("Seen")
ROOT = Path(__file__).parent.parent.parent
# How long a test waits for what has to come, on a busy machine too. Bars in seconds are shorter.
PATIENCE_SECONDS = 60
CONSOLE_LINE = re.compile(
    r"^console-sender host=(?P<host>\S+) channel=(?P<channel>\w+) to=(?P<to>\S+) "
    r"code=(?P<code>\d+) expires_in=(?P<expires_in>\d+)s$",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer, and how long it took."""

    status: int
    headers: HTTPMessage
    content: bytes
    seconds: float

    @property
    def body(self) -> Any:
        """The JSON in it."""
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """What a problem is called; "" for an answer that is none."""
        is_problem = self.headers["Content-Type"] == "application/problem+json"
        return self.body["code"] if is_problem else ""


class Program:
    """A process of the service. Its output is in `log`."""

    def __init__(self, name: str, log: Path, env: Mapping[str, str]) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = preloaded.start(name, cwd=ROOT, env=env, output=output)

    def stop(self) -> int:
        """End it by SIGTERM and answer its exit status. Raises TimeoutExpired after 12 s."""
        self.process.terminate()
        return self.wait_for_end()

    def wait_for_end(self) -> int:
        try:
            return self.process.wait(12)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def wait_for_event(self, event: str) -> None:
        wait_for(lambda: f'"event": "{event}"' in self.log.read_text(encoding="utf-8"))


class Service:
    """One running service. `folder` holds the logs and what Redis wrote."""

    def __init__(self, redis_server: RedisServer, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.redis_server = redis_server
        self.redis = Redis.from_url(redis_server.url)
        self.port = free_port()
        self._env = {
            "PATH": os.environ["PATH"],
            "PORT": str(self.port),
            "REDIS_URL": redis_server.url.replace("//", f"//{USER}:password@"),
            "OTP_DATA_DIR": str(folder),
            "TMPDIR": str(folder),
            # Everybody in the tests comes from 127.0.0.1.
            "OTP_LIMIT_IP": "100000/1h",
            # Nothing waits for it but the tests of stopping.
            "OTP_DRAIN_SECONDS": "0",
            **env,
        }
        self.url = f"http://127.0.0.1:{self.port}"
        self._programs: list[Program] = []
        self.api = self.start_api()
        self.worker = self.start_worker()

    def start_api(self, **env: str) -> Program:
        """For an API that was stopped, or another one that has its own PORT or HOST."""
        self.api = self._start("api", **env)
        return self.api

    def start_worker(self) -> Program:
        return self._start("worker")

    def run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the service, with the same settings, to its end."""
        return preloaded.run(module, *words, cwd=ROOT, env=self._env)

    def stop(self) -> None:
        for program in self._programs:
            program.process.terminate()
        for program in self._programs:
            program.wait_for_end()
        # RQ says nothing where it is refused something. The server may be away, by the test.
        refused = []
        with suppress(RedisError):
            refused = self.redis.acl_log()
        self.redis.close()
        assert not refused

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request, on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        begin = time.perf_counter()
        try:
            connection.request(
                method,
                path,
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json", **(headers or {})},
            )
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return Answer(
            status=response.status,
            headers=response.headers,
            content=content,
            seconds=time.perf_counter() - begin,
        )

    def is_up(self, health: str = "ready") -> bool:
        with suppress(OSError, HTTPException):
            return self.call("GET", f"/health/{health}").status == 200
        return False

    def sent(self) -> list[dict[str, str]]:
        """What the console senders of all workers printed, oldest first per worker."""
        texts = [log.read_text(encoding="utf-8") for log in self.folder.glob("worker-*.log")]
        return [match.groupdict() for text in texts for match in CONSOLE_LINE.finditer(text)]

    def code_for(self, to: str, timeout: float = PATIENCE_SECONDS) -> str:
        """The newest code that was printed for an address."""
        return wait_for(lambda: [s["code"] for s in self.sent() if s["to"] == to], timeout)[-1]

    def _start(self, name: str, **env: str) -> Program:
        log = self.folder / f"{name}-{len(self._programs) + 1}.log"
        self._programs.append(Program(name, log, {**self._env, **env}))
        return self._programs[-1]


def wait_for(look: Callable[[], Seen], timeout: float = PATIENCE_SECONDS) -> Seen:
    """What `look` answers as soon as that is true, or AssertionError."""
    deadline = time.monotonic() + timeout
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {timeout} s"
        time.sleep(0.02)
    return seen


@contextmanager
def started_services(folders: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Start services, with settings as keyword arguments. All are stopped at the end."""
    with ExitStack() as running:

        def start(*, redis_options: tuple[str, ...] = (), **env: str) -> Service:
            folder = folders.mktemp("service")
            # As in docker compose: a command that is new here is refused until RIGHTS has it.
            user = ("--user", USER, "on", ">password", *RIGHTS.split())
            redis = running.enter_context(redis_server(folder, *user, *redis_options))
            service = Service(redis, folder, env)
            running.callback(service.stop)
            wait_for(service.is_up)
            service.worker.wait_for_event("worker_started")
            return service

        yield start


@pytest.fixture(scope="module")
def start_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Start one more service. It ends with the file, because idle ones cost time as well."""
    with started_services(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with started_services(tmp_path_factory) as start:
        yield start()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one on the PATH, or CHROMIUM names one. Without the windows of a whole browser, a page
    costs a third of the CPU."""
    programs = ("chromium-headless-shell", "chromium")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, programs)), None)
    if not program:
        pytest.skip("no chromium on the PATH; CHROMIUM may name one")
    expect.set_options(timeout=1000 * PATIENCE_SECONDS)
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=["--no-sandbox"]) as browser,
    ):
        yield browser


@pytest.fixture(scope="module")
def browser(chromium: Browser) -> Iterator[Browser]:
    """Chromium, without anything that the tests of another file have opened."""
    yield chromium
    for context in chromium.contexts:
        context.close()
