"""Redis over TLS, whose certificate a private authority has signed."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from api import create_app
from shared.storage.client import connect
from shared.storage.server import check_server
from tests.conftest import Caller
from tests.redis_servers import free_port, redis_server
from worker.__main__ import create_worker

LOG = logging.getLogger("otp.api")
PATIENCE_SECONDS = 20


class Authority:
    """Signs certificates, and is known by its own in the file `path`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = name
        self.path = folder / f"{name}.pem"
        mine = self._sign(name, self._key, x509.BasicConstraints(ca=True, path_length=0))
        self.path.write_bytes(mine.public_bytes(Encoding.PEM))

    def certify(self, name: str, *hosts: x509.GeneralName) -> tuple[Path, Path]:
        """The files of a certificate for these hosts and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key, x509.SubjectAlternativeName(hosts))
        files = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files

    def _sign(
        self, name: str, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self._name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(extension, critical=False)
            .sign(self._key, SHA256())
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class TlsRedis(NamedTuple):
    port: int
    authority: Path
    other_authority: Path

    def url(self, host: str = "127.0.0.1", **options: object) -> str:
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"rediss://{host}:{self.port}/0?{query}"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[TlsRedis]:
    """A Redis for 127.0.0.1 that takes only TLS there."""
    folder = tmp_path_factory.mktemp("tls")
    authority, other = Authority(folder, "authority"), Authority(folder, "other")
    certificate, key = authority.certify("redis", x509.IPAddress(ip_address("127.0.0.1")))
    port = free_port()
    options = (
        *("--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key),
        *("--tls-ca-cert-file", authority.path, "--tls-auth-clients", "no"),
    )
    with redis_server(folder, *map(str, options)):
        yield TlsRedis(port, authority.path, other.path)


def test_a_code_is_sent_and_checked(server, settings, codes, capsys):
    url = server.url(ssl_ca_certs=server.authority)
    with connect(url, timeout_seconds=PATIENCE_SECONDS) as redis:
        check_server(redis, LOG)
        caller = Caller(create_app(settings, redis).test_client(), codes)
        started = caller.generate()
        create_worker(settings, redis).run(burst=True)
        assert f"code={caller.code(started)}" in capsys.readouterr().out
        assert caller.verify(caller.code(started)).status_code == 200


def test_every_new_connection_takes_commands(server):
    """Behind its handshake, TLS sends tickets, which are no answer to a command."""
    with connect(
        server.url(ssl_ca_certs=server.authority), timeout_seconds=PATIENCE_SECONDS
    ) as redis:
        for _ in range(10):
            redis.connection_pool.disconnect()
            assert redis.ping()


UNKNOWN = "; name the authority that signed it in ssl_ca_certs"
OTHER_HOST = "; use the host's name in the certificate in REDIS_URL"


@pytest.mark.parametrize(
    ("host", "authority", "reason"),
    [
        ("127.0.0.1", None, f"self-signed certificate in certificate chain{UNKNOWN}"),
        ("127.0.0.1", "other_authority", f"self-signed certificate in certificate chain{UNKNOWN}"),
        (
            "localhost",
            "authority",
            f"Hostname mismatch, certificate is not valid for 'localhost'{OTHER_HOST}",
        ),
    ],
)
def test_the_log_says_what_is_wrong_and_what_helps(
    server, settings, problem, caplog, host, authority, reason
):
    options = {"ssl_ca_certs": getattr(server, authority)} if authority else {}
    with connect(server.url(host, **options), timeout_seconds=PATIENCE_SECONDS) as redis:
        client = create_app(settings, redis).test_client()
        problem(client.get("/health/ready"), 503, "storage_unavailable")
    (logged,) = [r.reason for r in caplog.records if r.message == "redis_unreachable"]
    assert logged == f"SSLCertVerificationError: {reason}"


def test_a_certificate_for_another_host_can_be_accepted(server):
    url = server.url("localhost", ssl_ca_certs=server.authority, ssl_check_hostname="false")
    with connect(url, timeout_seconds=PATIENCE_SECONDS) as redis:
        assert redis.ping()


def test_a_client_can_have_a_certificate_too(tmp_path):
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.certify("redis", x509.IPAddress(ip_address("127.0.0.1")))
    of_client, its_key = authority.certify("sixpost", x509.DNSName("sixpost"))
    port = free_port()
    options = (
        *("--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key),
        *("--tls-ca-cert-file", authority.path, "--tls-auth-clients", "yes"),
    )
    given = {"ssl_ca_certs": authority.path, "ssl_certfile": of_client, "ssl_keyfile": its_key}
    with (
        redis_server(tmp_path, *map(str, options)),
        connect(
            TlsRedis(port, authority.path, authority.path).url(**given),
            timeout_seconds=PATIENCE_SECONDS,
        ) as redis,
    ):
        assert redis.ping()
