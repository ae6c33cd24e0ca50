"""Clients that mean no good, on real sockets: what they send is refused, costs next to nothing, and
does not keep anybody else waiting."""

import gzip
import re
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import Service

MEGABYTE = 1_000_000
JSON = b"Content-Type: application/json\r\n"
POST = b"POST /generate-otp HTTP/1.1\r\nHost: localhost\r\n" + JSON
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
CLOSE = b"Connection: close\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
LARGE = [b" " * 100_000] * 200
SMUGGLED = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
GOOD = b'{"phone": "+12162000000"}'


def with_length(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return POST + CLOSE + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunks(*pieces: bytes) -> Iterator[bytes]:
    yield POST + CLOSE + CHUNKED
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


# What is sent, in pieces, and the status of the one answer; None: the connection is closed without.
REQUESTS: dict[str, tuple[Iterable[bytes], int | None]] = {
    # Bodies.
    "20 MB": ([POST + b"Content-Length: 20000000\r\n\r\n", *LARGE], 413),
    "20 MB in chunks": ([*chunks(*LARGE)], 413),
    "20 MB behind a good request": ([*chunks(GOOD, *LARGE)], 413),
    "20 MB for a GET": ([GET + b"Content-Length: 20000000\r\n\r\n", *LARGE], 200),
    "8 KiB and a byte": ([with_length(GOOD + b" " * (8193 - len(GOOD)))], 413),
    "8 KiB and a byte in chunks": ([*chunks(GOOD, b" " * (8193 - len(GOOD)))], 413),
    "gzip": ([with_length(gzip.compress(GOOD * 10_000), b"Content-Encoding: gzip")], 400),
    "deep arrays": ([with_length(b"[" * 8_000)], 400),
    "deep objects": ([with_length(b'{"a":' * 1_600)], 400),
    "deep value": ([with_length(b'{"phone":' + b"[" * 4_000 + b"]" * 4_000 + b"}")], 400),
    "a 7,000-digit number": ([with_length(b'{"phone":' + b"1" * 7_000 + b"}")], 400),
    "NaN": ([with_length(b'{"phone": NaN}')], 400),
    "half a surrogate": ([with_length(rb'{"phone": "\ud800"}')], 422),
    "half a surrogate as a name": ([with_length(rb'{"\udfff": 1}')], 422),
    "UTF-16": ([with_length(GOOD.decode().encode("utf-16"))], 400),
    "two phones": ([with_length(GOOD[:-1] + b', "phone": "+12162000001"}')], 400),
    # One request in the eyes of this server, two in those of a proxy, or the other way round.
    "length and chunks": (
        [POST + b"Content-Length: 6\r\n" + CHUNKED + b"0\r\n\r\n" + SMUGGLED],
        400,
    ),
    "two lengths": ([POST + b"Content-Length: 2\r\nContent-Length: 52\r\n\r\n{}" + SMUGGLED], 400),
    "a list of lengths": ([POST + b"Content-Length: 2, 52\r\n\r\n{}" + SMUGGLED], 400),
    "a length with a sign": ([POST + b"Content-Length: +2\r\n\r\n{}" + SMUGGLED], 400),
    "a negative length": ([POST + b"Content-Length: -1\r\n\r\n" + SMUGGLED], 400),
    "a length beyond 64 bits": ([POST + b"Content-Length: 18446744073709551618\r\n\r\n{}"], 400),
    "unknown encoding": ([POST + b"Transfer-Encoding: xchunked\r\n\r\n" + SMUGGLED], 400),
    "chunked not last": ([POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + SMUGGLED], 400),
    "a blank before the colon": ([POST + b"Transfer-Encoding : chunked\r\n\r\n" + SMUGGLED], 400),
    "chunks in HTTP/1.0": ([POST.replace(b"1.1", b"1.0") + CHUNKED + b"0\r\n\r\n" + SMUGGLED], 400),
    "a folded header": ([GET + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n" + SMUGGLED], 400),
    "a chunk beyond 64 bits": ([POST + CHUNKED + b"10000000000000002\r\n{}\r\n0\r\n\r\n"], 400),
    "a negative chunk": ([POST + CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n" + SMUGGLED], 400),
    "100 KB beside a chunk's size": ([POST + CHUNKED + b"2;" + b"a" * 100_000], 400),
    # Headers.
    "a header of 1 MB": ([GET + b"X: " + b"a" * MEGABYTE], 431),
    "20,000 headers": ([GET + b"X: a\r\n" * 20_000 + b"\r\n"], 431),
    "a path of 100 KB": ([b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n"], 414),
    "a path of 60 KB": ([b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\n" + CLOSE + b"\r\n"], 404),
    "NUL in a header": ([GET + b"X: a\0\r\n\r\n"], 400),
    "a blank in a name": ([GET + b"X Y: a\r\n\r\n"], 400),
    "bytes that are no text": (
        [with_length(b"{}", b"Authorization: Bearer \xff", b"Host: \xfe")],
        422,
    ),
    "a bad basic log-in": ([with_length(b"{}", b"Authorization: Basic =?=")], 422),
    "a thousand languages": ([with_length(b"{}", b"Accept-Language: " + b"a;q=9e99," * 1000)], 422),
    "a form": ([with_length(GOOD).replace(b"application/json", b"text/plain; charset=\xff")], 415),
    # Paths.
    "NUL in a path": ([GET.replace(b"health/live", b"verifications/%00") + CLOSE + b"\r\n"], 404),
    "no UTF-8 in a path": (
        [GET.replace(b"health/live", b"verifications/%ff") + CLOSE + b"\r\n"],
        404,
    ),
    "no ASCII in a path": ([GET.replace(b"health", b"\xff") + b"\r\n"], 400),
    "out of the folder": (
        [GET.replace(b"health/live", b"frontend/../api/otp.py") + CLOSE + b"\r\n"],
        404,
    ),
    "out, encoded": (
        [GET.replace(b"health/live", b"frontend/..%2fapi%2fotp.py") + CLOSE + b"\r\n"],
        404,
    ),
    "out, encoded twice": (
        [GET.replace(b"health/live", b"frontend/%2e%2e/api") + CLOSE + b"\r\n"],
        404,
    ),
    # What is no HTTP.
    "TLS": ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)], 400),
    "HTTP/2": ([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(50)], None),
    "HTTP/0.9": ([b"GET /\r\n\r\n"], 400),
    "Redis": ([b"*1\r\n$4\r\nPING\r\n"], 400),
    "every byte": ([bytes(range(256)) * 100], 400),
    "a proxy's request": ([b"CONNECT localhost:6379 HTTP/1.1\r\n" + CLOSE + b"\r\n"], 404),
}


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    service = start_service(OTP_RESEND_SECONDS="0")
    yield service
    service.stop()


def talk(service: Service, pieces: Iterable[bytes]) -> list[int]:
    """Send all that the server takes, and no more. The statuses of its answers."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass
        received = b""
        try:
            while data := connection.recv(65_536):
                received += data
        except ConnectionResetError:
            pass
    return [int(line.split()[1]) for line in received.splitlines() if line.startswith(b"HTTP/1.1 ")]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_wrong_is_refused(service, name):
    pieces, status = REQUESTS[name]
    assert talk(service, pieces) == ([status] if status else [])


@pytest.mark.parametrize("sent", [5, 50, len(POST) + 30, len(with_length(GOOD)) - 1])
def test_a_request_that_breaks_off_is_no_harm(service, sent):
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
            connection.sendall(with_length(GOOD)[:sent])
    assert service.call("GET", "/health/ready").status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_nothing_of_it_stays_in_memory(service, figure):
    for _ in range(300):
        service.call("POST", "/verify-otp", {"email": "a@example.com", "otp": "123456"})
    before = resident_megabytes(service)
    for _ in range(5):
        for pieces, _ in REQUESTS.values():
            talk(service, pieces)
    grown = resident_megabytes(service) - before
    figure(f"{5 * len(REQUESTS)} hostile requests: the API's memory grows by", f"{grown:.1f} MB")
    assert grown < 20
    assert service.call("GET", "/health/ready").status == 200
    assert "internal_error" not in service.api.log.read_text()


def resident_megabytes(service: Service) -> float:
    """Of all processes of the API."""
    pid = str(service.api.process.pid)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = "".join(Path(f"/proc/{p}/status").read_text() for p in [pid, *children])
    return sum(map(int, re.findall(r"VmRSS:\s+(\d+) kB", status))) / 1024


@pytest.fixture
def hold(service) -> Iterator[Callable[[int, bytes], list[socket.socket]]]:
    """Open a number of connections that send this and then nothing more."""
    with ExitStack() as connections:

        def hold(number: int, sent: bytes) -> list[socket.socket]:
            held = []
            for _ in range(number):
                connection = socket.create_connection(("127.0.0.1", service.port), timeout=10)
                held.append(connections.enter_context(connection))
                connection.sendall(sent)
            return held

        yield hold


def liveness_seconds(service: Service, timeout: float = 2) -> list[float]:
    """How long the next twenty clients wait for an answer."""
    waits = []
    for _ in range(20):
        begin = time.perf_counter()
        address = ("127.0.0.1", service.port)
        with socket.create_connection(address, timeout=timeout) as connection:
            connection.sendall(GET + CLOSE + b"\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
        waits.append(time.perf_counter() - begin)
    return waits


def test_clients_that_stall_do_not_keep_others_waiting(service, hold, figure):
    silent, slow, idle = hold(200, b""), hold(200, GET + b"X: "), hold(100, GET + b"\r\n")
    for connection in idle:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    waits = liveness_seconds(service)
    figure("500 clients that stall: /health/live answers in", f"{max(waits) * 1000:.0f} ms at most")
    begin = time.perf_counter()
    for connection in [*silent, *slow, *idle]:
        while connection.recv(4096):
            pass
    assert time.perf_counter() - begin < 8, "they are not closed"
