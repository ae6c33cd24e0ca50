"""The log of a running API: whatever writes to it keeps to the chosen format."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.e2e.conftest import Program, Service, wait_for
from tests.redis_servers import free_port

LINE = re.compile(
    r"\d\d:\d\d:\d\d\.\d{3} (?:debug|info|warning|error|critical) +\w+ +(?P<event>\S.*)"
)


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def api(service: Service, port: int) -> Iterator[Program]:
    """An API of the same service whose log is for people, with every request."""
    usual = service.api
    api = service.start_api(
        PORT=str(port), API_PROCESSES="1", OTP_LOG="text", OTP_LOG_LEVEL="debug"
    )
    service.api = usual
    wait_for(lambda: is_up(port))
    yield api
    api.stop()


def is_up(port: int) -> bool:
    with suppress(OSError):
        return " 200 " in ask(
            port, "GET /health/live HTTP/1.1\nHost: localhost\nConnection: close\n\n"
        )
    return False


def ask(port: int, request: str) -> str:
    """The answer to bytes of a request, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()


def events(api: Program) -> list[str]:
    """What its lines say. Each line of the log is one of them."""
    found = [LINE.fullmatch(line) for line in api.log.read_text(encoding="utf-8").splitlines()]
    return [line["event"] if line else "not a line" for line in found]


@pytest.mark.parametrize(
    ("request_", "status", "route"),
    [
        ("GET /docs HTTP/1.1\nHost: localhost\n", 200, "/docs"),
        ("GET /+14155550123 HTTP/1.1\nHost: localhost\n", 404, None),
        ("POST /verify-otp HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n", 400, None),
    ],
    ids=["docs", "nothing there", "broken chunks"],
)
def test_a_request_is_one_line_with_the_id_in_its_answer(api, port, request_, status, route):
    id_ = f"request-{status}"
    answer = ask(port, f"{request_}X-Request-Id: {id_}\nConnection: close\n\nzz\n")
    head = answer.partition("\r\n\r\n")[0].lower()
    assert head.startswith(f"http/1.1 {status} ")
    assert head.count(f"\r\nx-request-id: {id_}") == 1
    (line,) = wait_for(lambda: [line for line in events(api) if id_ in line])
    assert line.startswith("request ")
    assert f" status={status} " in line
    assert f" route={route} " in line if route else " route=" not in line
    assert "14155550123" not in line


def test_the_server_tells_of_a_dead_process_in_the_same_format(api, port):
    command = ["ps", "-o", "pid=", "--ppid", str(api.process.pid)]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (process,) = map(int, listed.split())
    os.kill(process, signal.SIGKILL)
    wait_for(lambda: any("Unexpected exit" in line for line in events(api)))
    assert "not a line" not in events(api)
