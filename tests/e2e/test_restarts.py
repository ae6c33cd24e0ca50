"""APIs are restarted behind the proxies of docs/restarts.md and deploy/nginx.conf, under load."""

import json
import re
import signal
import socket
import socketserver
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.e2e import proxies
from tests.e2e.conftest import ROOT, Program, Service, wait_for
from tests.redis_servers import free_port

# As in compose, the APIs have the same port and an address each.
HOSTS = ("127.0.0.2", "127.0.0.3")
DRAIN_SECONDS = 2


class Dns(socketserver.BaseRequestHandler):
    """Docker's DNS in compose: `api` has the addresses of all its containers (RFC 1035)."""

    def handle(self) -> None:
        asked, answering = self.request
        question = asked[12 : asked.index(0, 12) + 5]
        counts = b"\x81\x80\0\1" + len(HOSTS).to_bytes(2, "big") + bytes(4)
        of_type_a = b"\xc0\x0c\0\1\0\1\0\0\2\x58\0\4"
        records = b"".join(of_type_a + socket.inet_aton(host) for host in HOSTS)
        answering.sendto(asked[:2] + counts + question + records, self.client_address)


@pytest.fixture(scope="module")
def dns_port() -> Iterator[int]:
    with socketserver.UDPServer(("127.0.0.1", 0), Dns) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


class Apis:
    """Two APIs of one service, which are restarted one after the other."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.port = free_port()
        self._programs = {host: self._start(host) for host in HOSTS}
        for host in HOSTS:
            wait_for(partial(is_ready, host, self.port))

    def _start(self, host: str) -> Program:
        seconds = str(DRAIN_SECONDS)
        env = {"HOST": host, "PORT": str(self.port), "OTP_DRAIN_SECONDS": seconds}
        return self._service.start_api(**env)

    def restart_one_by_one(self) -> None:
        for host in HOSTS:
            assert self._programs[host].stop() == 0
            self._programs[host] = self._start(host)
            wait_for(partial(is_ready, host, self.port))
            # nginx skips it for fail_timeout, and HAProxy until its next check.
            time.sleep(1.1)


def readiness(host: str, port: int) -> tuple[int, str]:
    """The status of /health/ready, and the code of a problem."""
    with closing(HTTPConnection(host, port, timeout=10)) as connection:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        return response.status, json.loads(response.read()).get("code", "")


def is_ready(host: str, port: int) -> bool:
    with suppress(OSError, HTTPException):
        return readiness(host, port) == (200, "")
    return False


@pytest.fixture(scope="module")
def service(start_service) -> Service:
    return start_service(OTP_TRUSTED_PROXIES="1", OTP_LIMIT_TO="none")


@pytest.fixture(scope="module")
def apis(service) -> Apis:
    return Apis(service)


def nginx(folder: Path, port: int, apis: Apis, _dns_port: int) -> list[str]:
    (lines,) = proxies.blocks("restarts.md", "nginx")
    server, _ = proxies.blocks("operations.md", "nginx")
    headers = "".join(re.findall("proxy_set_header .*", server))
    # Shorter than DRAIN_SECONDS, as it is shorter than OTP_DRAIN_SECONDS in the document.
    lines = lines.replace("keepalive_timeout 3s", "keepalive_timeout 1s")
    lines = lines.replace("fail_timeout=2s", "fail_timeout=1s")
    lines = lines.replace("server {", f"server {{ listen 127.0.0.1:{port}; {headers}")
    return proxies.nginx(folder, with_addresses(lines, apis))


def with_addresses(lines: str, apis: Apis) -> str:
    for number, host in enumerate(HOSTS, 11):
        lines = lines.replace(f"10.0.0.{number}:5000", f"{host}:{apis.port}")
    return lines


def compose(folder: Path, port: int, apis: Apis, dns_port: int) -> list[str]:
    text = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
    text = text.replace("127.0.0.11 ", f"127.0.0.1:{dns_port} ")
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/tmp", str(folder))
    return proxies.nginx_with(
        folder, f"daemon off; user root; {text}".replace(":5000", f":{apis.port}")
    )


def haproxy(folder: Path, port: int, apis: Apis, _dns_port: int) -> list[str]:
    (lines,) = proxies.blocks("restarts.md", "haproxy")
    lines = with_addresses(lines.replace("inter 1s", "inter 500ms"), apis)
    frontend = f"frontend f\n mode http\n timeout client 30s\n bind 127.0.0.1:{port}\n"
    return proxies.haproxy(folder, f"{frontend} default_backend otp\n{lines}")


@pytest.fixture
def ports(apis, dns_port, tmp_path) -> Iterator[dict[str, int]]:
    with ExitStack() as stack:
        ports = {}
        for make in (nginx, compose, haproxy):
            folder = tmp_path / make.__name__
            folder.mkdir()
            port = ports[make.__name__] = free_port()
            stack.enter_context(proxies.running(make(folder, port, apis, dns_port), folder, port))
        yield ports


class Load:
    """Clients that send codes, until `stop`. They keep their connections to the proxy."""

    def __init__(self) -> None:
        self.stop = Event()
        self._numbers = count()

    def send(self, port: int) -> Counter[object]:
        answers: Counter[object] = Counter()
        headers = {"Content-Type": "application/json"}
        with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            while not self.stop.is_set():
                body = json.dumps({"phone": f"+1415{5550000 + next(self._numbers):07}"})
                connection.request("POST", "/generate-otp", body, headers)
                response = connection.getresponse()
                response.read()
                answers[response.status] += 1
                self.stop.wait(0.02)
        return answers


def test_restarts_behind_a_proxy_cost_no_request(apis, ports):
    load = Load()
    clients = [name for name in ports for _ in range(2)]
    with ThreadPoolExecutor(len(clients)) as threads:
        answers = {
            number: threads.submit(load.send, ports[name]) for number, name in enumerate(clients)
        }
        try:
            apis.restart_one_by_one()
        finally:
            load.stop.set()
        seen = {name: Counter[object]() for name in ports}
        for number, future in answers.items():
            seen[clients[number]] += future.result()
    assert all(set(statuses) == {202} for statuses in seen.values()), seen
    assert all(statuses.total() > 100 for statuses in seen.values()), seen


def test_nginx_of_compose_passes_nothing_that_a_client_claims(service, ports):
    claims = {
        "X-Forwarded-For": "198.51.100.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    with closing(HTTPConnection("127.0.0.1", ports["compose"], timeout=10)) as connection:
        basic = {"Authorization": "Basic YWRtaW46d3Jvbmc=", "Content-Type": "application/json"}
        connection.request("DELETE", "/recipients", "{}", {**basic, **claims})
        response = connection.getresponse()
        response.read()
    # As if it had come over plain HTTP, and not from the host that it names.
    assert response.status == 401
    assert response.getheader("Strict-Transport-Security") is None
    (entry,) = service.redis.lrange("otp:audit", 0, -1)
    assert json.loads(entry)["ip"] == "127.0.0.1"


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_after_sigterm_it_answers_on_closing_connections_until_a_second_signal(service, second):
    port = free_port()
    api = service.start_api(PORT=str(port), OTP_DRAIN_SECONDS="300")
    wait_for(lambda: is_ready("127.0.0.1", port))
    api.process.terminate()
    wait_for(lambda: readiness("127.0.0.1", port) == (503, "stopping"))
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/health/live")
        response = connection.getresponse()
        assert (response.status, response.getheader("Connection")) == (200, "close")
    api.process.send_signal(second)
    assert api.wait_for_end() == 0


def test_a_killed_api_leaves_no_process_that_answers(service):
    port = free_port()
    api = service.start_api(PORT=str(port))
    wait_for(lambda: is_ready("127.0.0.1", port))
    api.kill()
    wait_for(lambda: not listens("127.0.0.1", port))


def listens(host: str, port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex((host, port)) == 0
