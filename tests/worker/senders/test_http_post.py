"""What all senders over HTTP share."""

import base64
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Thread

import pycurl
import pytest

from shared.senders.http_client import new_handle
from tests.worker.senders.conftest import Answering
from worker.senders.base import DeliveryError
from worker.senders.conformance.servers import (
    DripServer,
    HttpServer,
    Reply,
    Request,
    TcpServer,
    nobody,
    serving,
)
from worker.senders.http_post import IDLE_SECONDS, LARGEST_ANSWER_BYTES, Poster


class Counting(HttpServer):
    """Counts connections, and answers {} to everything."""

    connections = 0

    def __init__(self) -> None:
        super().__init__(lambda _: Reply(body=b"{}"))

    def process_request(self, request, client_address) -> None:
        self.connections += 1
        super().process_request(request, client_address)


def hang_up(_: Request) -> Reply:
    raise ConnectionAbortedError


def test_has_one_connection_for_each_post_at_the_same_time():
    poster, together, server = Poster(), Barrier(4), Counting()

    def answer(_: Request) -> Reply:
        together.wait(5)
        return Reply(body=b"{}")

    def post_three(address: str) -> None:
        for _ in range(3):
            poster.post(f"http://{address}/", b"", {})

    server.answer = answer
    with serving(server) as address, ThreadPoolExecutor(4) as pool:
        list(pool.map(post_three, [address] * 4))
    assert len(server.requests) == 12
    assert server.connections == 4


def test_threads_take_turns_on_one_connection():
    poster, server = Poster(), Counting()
    with serving(server) as address:
        for _ in range(3):
            thread = Thread(target=poster.post, args=(f"http://{address}/", b"", {}))
            thread.start()
            thread.join()
    assert len(server.requests) == 3
    assert server.connections == 1


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_keeps_the_connection_after_a_refusal(status):
    poster, server = Poster(), Counting()
    server.answer = lambda _: Reply(status=status, body=b"no")
    with serving(server) as address:
        for _ in range(2):
            assert poster.post(f"http://{address}/", b"x", {}).status == status
    assert server.connections == 1


def test_never_repeats_a_request_that_has_left():
    """libcurl would, on another connection, when a kept one ends without an answer."""
    poster, server = Poster(), Counting()
    with serving(server) as address:
        poster.post(f"http://{address}/", b"x", {})
        server.answer = hang_up
        with pytest.raises(DeliveryError) as raised:
            poster.post(f"http://{address}/", b"x", {})
    assert (raised.value.failure, raised.value.error) == ("unknown", "RemoteDisconnected")
    assert len(server.requests) == 2


def test_does_not_use_a_connection_that_was_idle_for_long(monkeypatch):
    poster, server = Poster(), Counting()
    with serving(server) as address:
        poster.post(f"http://{address}/", b"", {})
        later = time.monotonic() + IDLE_SECONDS + 1
        with monkeypatch.context() as patch:
            patch.setattr(time, "monotonic", lambda: later)
            poster.post(f"http://{address}/", b"", {})
    assert server.connections == 2


def test_nothing_leaves_to_a_provider_that_is_gone():
    server, poster = HttpServer(lambda _: Reply(hang_up=True)), Poster()
    with serving(server) as address:
        poster.post(f"http://{address}/", b"", {})
        server.wait_for_hang_ups(1)
    for _ in range(3):
        with pytest.raises(DeliveryError) as raised:
            poster.post(f"http://{address}/", b"", {})
        assert raised.value.failure == "transient"


def test_reads_no_endless_answer(http_server: Answering):
    address, _ = http_server(body=b" " * 2 * LARGEST_ANSWER_BYTES + b'{"a": 1}')
    answer = Poster().post(f"http://{address}/", b"", {})
    assert (answer.status, answer.json) == (200, {})


def test_takes_an_answer_that_comes_before_the_body_has_left():
    early = DripServer(
        b"x", head=b"HTTP/1.1 413 No\r\nContent-Length: 1\r\n\r\n", after=b"\r\n\r\n"
    )
    with serving(early) as address:
        answer = Poster().post(f"http://{address}/", b"x" * 4_000_000, {})
    assert answer.status == 413


def test_asks_for_no_permission_to_send_a_long_body(http_server: Answering):
    address, server = http_server(body=b"{}")
    Poster().post(f"http://{address}/", b"x" * 2_000_000, {})
    (request,) = server.requests
    assert len(request.body) == 2_000_000
    assert "Expect" not in request.headers


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\0b", "caf\u00e9"])
def test_refuses_a_header_that_is_more_than_a_line_of_ascii(http_server: Answering, value):
    address, server = http_server()
    with pytest.raises(DeliveryError) as raised:
        Poster().post(f"http://{address}/", b"x", {"X-Key": value})
    assert (raised.value.failure, raised.value.error) == ("refused", "InvalidHeader")
    assert server.requests == []


def test_sends_no_password_from_netrc(http_server, monkeypatch, tmp_path):
    """What lies in the home directory is no business of a provider's."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter22\n")
    monkeypatch.setenv("NETRC", str(netrc))
    address, server = http_server()
    Poster().post(f"http://{address}/", b"", {})
    assert "Authorization" not in server.requests[0].headers


def test_goes_through_the_proxy_of_the_environment(http_server, monkeypatch):
    address, server = http_server(body=b'{"id": 1}')
    monkeypatch.setenv("http_proxy", f"http://{address}")
    monkeypatch.setenv("no_proxy", "")
    answer = Poster().post("http://provider.invalid/send?sig=a%2fb", b"x", {})
    assert answer.json == {"id": 1}
    assert server.requests[0].path == "http://provider.invalid/send?sig=a%2fb"


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_logs_in_to_a_proxy(http_server, monkeypatch, name):
    address, server = http_server(body=b"{}")
    monkeypatch.setenv(name, f"http://me:hunter%402@{address}")
    monkeypatch.setenv("no_proxy", "")
    Poster().post("http://provider.invalid/", b"x", {})
    login = base64.b64encode(b"me:hunter@2").decode()
    assert server.requests[0].headers["Proxy-Authorization"] == f"Basic {login}"


def test_a_proxy_that_refuses_a_tunnel_is_transient(http_server, monkeypatch):
    address, _ = http_server(status=407)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter22@{address}")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(DeliveryError) as raised:
        Poster().post("https://provider.invalid/", b"x", {})
    assert raised.value.failure == "transient"
    assert "hunter22" not in str(raised.value)


def test_goes_around_the_proxy_where_the_environment_says_so(http_server, monkeypatch):
    address, server = http_server(body=b"{}")
    monkeypatch.setenv("http_proxy", f"http://{nobody()}")
    monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.1")
    monkeypatch.delenv("no_proxy", raising=False)
    Poster().post(f"http://{address}/send", b"x", {})
    assert server.requests[0].path == "/send"


@pytest.mark.parametrize("hang_up", [True, False])
def test_nothing_has_left_before_a_proxy_has_connected(monkeypatch, hang_up):
    with serving(TcpServer(hang_up=hang_up)) as address:
        monkeypatch.setenv("https_proxy", f"http://{address}")
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(DeliveryError) as raised:
            Poster().post("https://provider.invalid/send", b"x", {})
    assert raised.value.failure == "transient"


@pytest.fixture
def tls_server(tls) -> Iterator[Callable[..., tuple[str, HttpServer]]]:
    """Like http_server, over TLS."""
    with ExitStack() as running:

        def start(answer: Callable[[Request], Reply | None]) -> tuple[str, HttpServer]:
            server = HttpServer(answer)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
            return running.enter_context(serving(server)), server

        yield start


@pytest.fixture
def folder_of_authorities(certificate, tmp_path) -> Path:
    """A folder that has the certificate, by the name that OpenSSL looks for."""
    command = ["openssl", "x509", "-noout", "-subject_hash", "-in", certificate[0]]
    hashed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / f"{hashed}.0").write_bytes(certificate[0].read_bytes())
    return tmp_path


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_trusts_the_authorities_in_a_folder(tls_server, folder_of_authorities, monkeypatch, name):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(name, str(folder_of_authorities))
    address, _ = tls_server(lambda _: Reply(body=b'{"id": 1}'))
    assert Poster().post(f"https://{address}/", b"x", {}).json == {"id": 1}


def test_trusts_nothing_beside_a_folder(tls_server, folder_of_authorities, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder_of_authorities))
    address, _ = tls_server(lambda _: Reply())
    told: list[bytes] = []
    handle = new_handle(
        (pycurl.URL, f"https://{address}/"),
        (pycurl.VERBOSE, 1),
        (pycurl.DEBUGFUNCTION, lambda _, text: told.append(text.strip())),
    )
    handle.perform()
    handle.close()
    authorities = [text for text in told if text.startswith((b"CAfile", b"CApath"))]
    assert authorities == [f"CApath: {folder_of_authorities}".encode()]


def test_speaks_tls_with_who_can_prove_its_name(tls_server, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    address, server = tls_server(lambda _: Reply(body=b'{"id": 1}'))
    poster = Poster()
    for _ in range(2):
        assert poster.post(f"https://{address}/", b"x", {}).json == {"id": 1}
    assert len(server.requests) == 2


def test_refuses_a_server_that_cannot_prove_its_name(tls_server):
    address, server = tls_server(lambda _: Reply())
    with pytest.raises(DeliveryError) as raised:
        Poster().post(f"https://{address}/", b"x", {})
    assert (raised.value.failure, raised.value.error) == ("refused", "SSLCertVerificationError")
    assert server.requests == []


def test_does_not_know_about_a_tls_connection_that_broke(tls_server, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    address, server = tls_server(hang_up)
    with pytest.raises(DeliveryError) as raised:
        Poster().post(f"https://{address}/", b"x", {})
    assert raised.value.failure == "unknown"
    assert len(server.requests) == 1
