"""A client behind a trusted proxy adds headers of its own, byte by byte as it likes."""

import json
import socket
from base64 import b64encode
from collections.abc import Iterator, Sequence
from itertools import count

import pytest

from tests.e2e.conftest import Service

PASSWORD = "correct horse battery"
OWNER = b"198.51.100.1"
NUMBERS = count()


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    service = start_service(
        OTP_TRUSTED_PROXIES="1",
        OTP_LIMIT_IP="3/1h",
        OTP_ADMIN_PASSWORD=PASSWORD,
        OTP_PUBLIC_URL="http://otp.example",
    )
    yield service
    service.stop()


def talk(
    service: Service, request: bytes, headers: Sequence[bytes], body: bytes = b""
) -> tuple[int, bytes]:
    """Send these lines, in this order. The status, and the whole answer."""
    lines = [request + b" HTTP/1.1", *headers, b"Content-Length: %d" % len(body)]
    sent = b"\r\n".join([*lines, b"Connection: close", b"", body])
    received = b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(sent)
        while data := connection.recv(65_536):
            received += data
    return int(received.split()[1]), received


def start(service: Service, headers: Sequence[bytes]) -> int:
    body = json.dumps({"phone": f"+1415555{next(NUMBERS):04}"}).encode()
    return talk(service, b"POST /generate-otp", headers, body)[0]


HOST, JSON = b"Host: localhost", b"Content-Type: application/json"
UNDERSCORES = (b"X_Forwarded_For", b"x_forwarded_for", b"X-Forwarded_For", b"X_FORWARDED-FOR")
# What a client sends and what its proxy adds, PROXY, as different proxies put them.
PROXY = b"X-Forwarded-For: %(client)s"
FORGED = [
    *([HOST, JSON, name + b": %(forged)s", PROXY] for name in UNDERSCORES),
    *([HOST, JSON, PROXY, name + b": %(forged)s"] for name in UNDERSCORES),
    *([JSON, name + b": %(forged)s", HOST, PROXY] for name in UNDERSCORES),
    [JSON, *(name + b": %(forged)s" for name in UNDERSCORES), PROXY, HOST],
    [HOST, JSON, b"X_Forwarded_For: %(forged)s", b"X-Forwarded-For: %(forged)s, %(client)s"],
    [HOST, JSON, b"X-Forwarded-For: %(forged)s", b"X_Forwarded_For: %(forged)s", PROXY],
    [HOST, JSON, b"X-Forwarded-For: %(forged)s", b"X-Forwarded-For: %(forged)s", PROXY],
    [HOST, JSON, b"X-Forwarded-For: \xff", b"X-Forwarded-For: \xff", PROXY],
    [HOST, JSON, b'X-Forwarded-For: "%(forged)s, %(client)s'],
    [HOST, JSON, b"X-Real-IP: %(forged)s", b"Forwarded: for=%(forged)s", PROXY],
]


@pytest.mark.parametrize("number", range(len(FORGED)))
def test_a12_no_header_of_a_client_says_who_it_is(service, number):
    client = b"192.0.2.%d" % number
    statuses = []
    for n in range(4):
        facts = {b"client": client, b"forged": b"10.0.%d.%d" % (number, n)}
        statuses.append(start(service, [line % facts for line in FORGED[number]]))
    assert statuses == [202, 202, 202, 429]


def log_in(service: Service, password: str, *headers: bytes) -> int:
    basic = b"Authorization: Basic " + b64encode(f"admin:{password}".encode())
    body = b'{"phone": "+14155550123"}'
    return talk(service, b"DELETE /recipients", [basic, HOST, JSON, *headers], body)[0]


def test_a12_wrong_passwords_under_the_owners_address_do_not_lock_the_owner_out(service):
    for name in UNDERSCORES * 3:
        forged, proxy = name + b": " + OWNER, b"X-Forwarded-For: 203.0.113.66"
        log_in(service, "a wrong password", forged, proxy)
    assert log_in(service, PASSWORD, b"X-Forwarded-For: " + OWNER) == 200
    entries = map(json.loads, service.redis.lrange("otp:audit", 0, -1))
    failed = {entry["ip"] for entry in entries if entry["action"] == "log_in_failed"}
    assert failed == {"203.0.113.66"}


@pytest.mark.parametrize("header", [b"X_Forwarded_Proto: https", b"X-Forwarded_Proto: https"])
def test_a12_no_header_with_an_underscore_makes_it_https(service, header):
    _, answer = talk(service, b"GET /health/live", [HOST, header])
    assert b"strict-transport-security" not in answer.lower()
    _, answer = talk(service, b"GET /health/live", [HOST, b"X-Forwarded-Proto: https", header])
    assert b"strict-transport-security" in answer.lower()


def test_a12_no_header_with_an_underscore_makes_a_form_ours(service):
    form, other = b"Content-Type: application/x-www-form-urlencoded", b"Sec-Fetch-Site: cross-site"
    for forged in (b"Sec_Fetch_Site: same-origin", b"Sec-Fetch_Site: none"):
        for headers in ([HOST, form, forged, other], [form, other, HOST, forged]):
            status, answer = talk(service, b"POST /", headers, b"phone=%2B14155550123")
            assert status == 403, answer


def test_a12_no_header_with_an_underscore_is_an_idempotency_key(service):
    client, key = b"X-Forwarded-For: 203.0.113.99", b"Idempotency_Key: a"
    assert [start(service, [HOST, JSON, client, key]) for _ in range(2)] == [202, 202]
