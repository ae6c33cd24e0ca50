"""Certificates of SNS are fetched without redirects, in little time and of little size."""

import ipaddress
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.exceptions import TooManyRequests

from api.receipts.certificates import (
    LARGEST_CERTIFICATE_BYTES,
    Certificates,
    NotFetched,
    fetch_certificate,
)
from tests.providers import sns
from worker.senders.conformance.servers import DripServer, HttpServer, Reply, TcpServer, serving

URL = sns.CERTIFICATE_URL


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """What a server on 127.0.0.1 proves itself with, and the file of its certificate."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    itself = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(sns.KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(itself, critical=False)
        .sign(sns.KEY, SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(certificate.public_bytes(Encoding.PEM))
    key.write_bytes(sns.KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context, cert


@pytest.fixture
def over_tls(tls, monkeypatch):
    context, cert = tls
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    @contextmanager
    def over_tls(server):
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with serving(server) as address:
            yield f"https://{address}/SimpleNotificationService-{32 * '0'}.pem"

    return over_tls


def test_fetches_what_is_there(over_tls):
    with over_tls(HttpServer(lambda _: Reply(body=b"-----BEGIN"))) as url:
        assert fetch_certificate(url) == b"-----BEGIN"


def test_trusts_the_authorities_that_senders_trust(over_tls, tls, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tls[1]))
    with over_tls(HttpServer(lambda _: Reply(body=b"-----BEGIN"))) as url:
        assert fetch_certificate(url) == b"-----BEGIN"


def test_loads_libcurl_only_to_fetch():
    program = "import sys, api; sys.exit('pycurl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=302, headers={"Location": "https://127.0.0.1:1/"}, body=b"-----BEGIN"),
        Reply(status=404, body=b"-----BEGIN"),
        Reply(body=b"x" * (LARGEST_CERTIFICATE_BYTES + 1)),
    ],
    ids=["redirect", "missing", "large"],
)
def test_fetches_no_other_answer(over_tls, reply):
    server = HttpServer(lambda _: reply)
    with over_tls(server) as url, pytest.raises(NotFetched):
        fetch_certificate(url)
    assert len(server.requests) == 1


def test_gives_up_on_an_answer_that_never_ends(over_tls):
    drip = DripServer(b"x: y\r\n", head=b"HTTP/1.1 200 OK\r\n", after=b"\r\n\r\n")
    with over_tls(drip) as url, pytest.raises(NotFetched):
        fetch_certificate(url)


def test_gives_up_on_a_server_that_says_nothing():
    with serving(TcpServer()) as address, pytest.raises(NotFetched):
        fetch_certificate(f"https://{address}/x.pem")


def test_believes_no_server_that_cannot_prove_itself(tls, over_tls, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with over_tls(HttpServer(lambda _: Reply(body=b"x"))) as url, pytest.raises(NotFetched):
        fetch_certificate(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.pem", "file:///etc/hostname"])
def test_fetches_over_https_only(url):
    with pytest.raises(NotFetched):
        fetch_certificate(url)


def test_only_one_caller_waits_for_a_certificate():
    entered, leave = threading.Event(), threading.Event()

    def fetch(_url):
        entered.set()
        assert leave.wait(10)
        return sns.certificate(sns.KEY)

    certificates = Certificates(fetch)
    found = []
    first = threading.Thread(target=lambda: found.append(certificates.public_key(URL)))
    first.start()
    assert entered.wait(10)
    with pytest.raises(TooManyRequests):
        certificates.public_key(URL)
    leave.set()
    first.join(10)
    assert found == [certificates.public_key(URL)]
    assert found[0] is not None
