"""A project of docker compose, as a user runs it."""

import json
import os
import secrets
import subprocess
import time
from base64 import b64encode
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from shared.settings import Settings
from tests.e2e.conftest import CONSOLE_LINE, ROOT, wait_for
from tests.redis_servers import free_port

WORKERS = 3
# What docker-compose.yml gives every container itself.
FIXED = {"REDIS_URL", "HOST", "PORT", "OTP_DATA_DIR"}
PASSED_ON = {name.upper() for name in Settings.model_fields} - FIXED


class Stack:
    """One project of its own: other stacks of this machine, and their volumes, are not touched."""

    def __init__(self) -> None:
        self.port = free_port()
        self.file = "docker-compose.yml"
        self._project = f"otp-test-{secrets.token_hex(4)}"
        self._env = {
            **os.environ,
            # Empty, so the developer's own .env has no effect: it may name a real provider.
            **dict.fromkeys(PASSED_ON, ""),
            "API_ADDRESS": "",
            "API_PORT": str(self.port),
            "OTP_LIMIT_IP": "100000/1h",
            "OTP_DRAIN_SECONDS": "1",
            "COMPOSE_PROJECT_NAME": self._project,
            "SIXPOST_IMAGE": "sixpost",
        }

    def set(self, **settings: str) -> None:
        """For the containers that are created from now on."""
        self._env |= settings

    def compose(self, *arguments: str, stdin: str | None = None) -> str:
        """The standard output. An AssertionError holds what went wrong."""
        done = subprocess.run(
            ["docker", "compose", *arguments],
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            env={**self._env, "COMPOSE_FILE": str(ROOT / self.file)},
            timeout=600,
        )
        assert done.returncode == 0, done.stderr[-5000:]
        return done.stdout

    def up(self, *options: str) -> None:
        begin = time.perf_counter()
        self.compose("up", *options, "--detach", "--wait", "--scale", f"worker={WORKERS}")
        self.seconds_to_start = time.perf_counter() - begin

    def start_beside(self, **counts: int) -> None:
        """Add containers until there are so many of each service. Those that run stay."""
        scales = (f"--scale={service}={count}" for service, count in counts.items())
        self.compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", *scales, *counts)

    def down(self, *options: str) -> None:
        self.compose("down", "--timeout", "5", *options)

    def containers(self, service: str) -> list[dict[str, Any]]:
        """`docker inspect` of a service's containers, also of those that have ended."""
        ids = self.compose("ps", "--all", "--quiet", service).split()
        inspected: list[dict[str, Any]] = json.loads(docker("inspect", *ids))
        return inspected

    def command(self, module: str, *words: str) -> str:
        """What a command of the service prints in the container of the API."""
        return self.compose("exec", "-T", "api", "python", "-m", module, *words)

    def call(
        self, method: str, path: str, body: object = None, login: str = "", *, port: int = 0
    ) -> tuple[int, dict[str, Any], str]:
        """The status, the body and the media type. `login` is a name:password, `port` that of
        another API than the first."""
        connection = HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        try:
            content = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json"}
            if login:
                headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            return response.status, answer, response.headers["Content-Type"]
        finally:
            connection.close()

    def generate(self, phone: str) -> int:
        return self.call("POST", "/generate-otp", {"phone": phone})[0]

    def verify(self, phone: str, code: str) -> int:
        return self.call("POST", "/verify-otp", {"phone": phone, "otp": code})[0]

    def secret(self, name: str) -> str:
        return self.compose("exec", "-T", "api", "cat", f"/var/lib/otp/{name}").strip()

    def redis_password(self) -> str:
        return urlsplit(self.secret("redis_url")).password or ""

    def erase(self, phone: str) -> None:
        """What the owner does, with an entry in the audit log."""
        login = f"admin:{self.secret('otp_admin_password')}"
        assert self.call("DELETE", "/recipients", {"phone": phone}, login)[0] == 200

    def audit_log(self) -> str:
        return self.command("api.audit")

    def deliveries(self) -> list[dict[str, str]]:
        """What the workers' console senders have printed."""
        # Some versions of Compose put "erase this line" before each, also into a pipe.
        text = self.compose("logs", "--no-log-prefix", "worker").replace("\x1b[2K", "")
        return [match.groupdict() for match in CONSOLE_LINE.finditer(text)]

    def codes(self, phones: list[str]) -> dict[str, str]:
        """The code of each phone, as soon as all were delivered."""

        def delivered() -> dict[str, str] | None:
            codes = {sent["to"]: sent["code"] for sent in self.deliveries()}
            return codes if codes.keys() >= set(phones) else None

        return wait_for(delivered) or {}


def docker(*arguments: str) -> str:
    return subprocess.run(
        ["docker", *arguments], check=True, stdout=subprocess.PIPE, text=True, timeout=60
    ).stdout
