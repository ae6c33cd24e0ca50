"""What all senders over HTTP share."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest

from tests.worker.senders.conftest import Answering
from worker.senders.base import DeliveryError
from worker.senders.conformance.servers import HttpServer, Reply, Request, TcpServer, serving
from worker.senders.http_post import IDLE_SECONDS, LARGEST_ANSWER_BYTES, Poster


class Counting(HttpServer):
    """Counts connections, and answers {} to everything."""

    connections = 0

    def __init__(self) -> None:
        super().__init__(lambda _: Reply(body=b"{}"))

    def get_request(self):
        self.connections += 1
        return super().get_request()


def test_keeps_one_connection_per_thread():
    poster, together, server = Poster(), Barrier(4), Counting()

    def post_three(address: str) -> None:
        together.wait(5)
        for _ in range(3):
            poster.post(f"http://{address}/", b"", {})

    with serving(server) as address, ThreadPoolExecutor(4) as pool:
        list(pool.map(post_three, [address] * 4))
    assert len(server.requests) == 12
    assert server.connections == 4


def test_does_not_use_a_connection_that_was_idle_for_long(monkeypatch):
    poster, server = Poster(), Counting()
    with serving(server) as address:
        poster.post(f"http://{address}/", b"", {})
        later = time.monotonic() + IDLE_SECONDS + 1
        with monkeypatch.context() as patch:
            patch.setattr(time, "monotonic", lambda: later)
            poster.post(f"http://{address}/", b"", {})
    assert server.connections == 2


def test_reads_no_endless_answer(http_server: Answering):
    address, _ = http_server(body=b" " * 2 * LARGEST_ANSWER_BYTES + b'{"a": 1}')
    answer = Poster().post(f"http://{address}/", b"", {})
    assert (answer.status, answer.json) == (200, {})


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
    """requests reports it like a handshake that failed."""

    def break_off(_: Request) -> Reply:
        raise ConnectionAbortedError

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    address, server = tls_server(break_off)
    with pytest.raises(DeliveryError) as raised:
        Poster().post(f"https://{address}/", b"x", {})
    assert raised.value.failure == "unknown"
    assert len(server.requests) == 1
