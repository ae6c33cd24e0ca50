"""Every kind of URL connects, and no command is ever repeated."""

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from threading import Thread

import pytest
import redis as redis_py
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from shared.errors import StorageUnavailable
from shared.storage.client import connect, reason
from shared.storage.scripts import Scripts
from shared.verification.store import Store
from tests.redis_servers import free_port, redis_server

UNKNOWN_AUTHORITY = "self-signed certificate; name the authority that signed it in ssl_ca_certs"


@pytest.fixture
def listener():
    """A port of this machine; what listens there is the test's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def url_of(listener: socket.socket) -> str:
    return f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_connects_by_tcp_and_picks_the_database(redis_url, real_redis):
    with connect(redis_url.removesuffix("0") + "3", timeout_seconds=1) as client:
        client.set("here", 1)
        assert real_redis.info("keyspace")["db3"]["keys"] == 1


def test_connects_by_unix_socket(tmp_path_factory):
    # A path of its own, as the name of a socket has at most 107 bytes.
    folder = tmp_path_factory.mktemp("r")
    with (
        redis_server(folder, "--unixsocket", str(folder / "s")),
        connect(f"unix://{folder / 's'}", timeout_seconds=1) as client,
    ):
        assert client.ping()


def test_connects_to_the_master_that_the_sentinels_name(tmp_path):
    password = "pass%word"
    with redis_server(tmp_path) as master, redis_py.Redis.from_url(master.url) as admin:
        admin.config_set("requirepass", password)
        port = free_port()
        config = tmp_path / "sentinel.conf"
        config.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n"
            f"sentinel monitor mymaster 127.0.0.1 {master.url.rpartition(':')[2][:-2]} 1\n"
            f"sentinel auth-pass mymaster {password}\n"
        )
        program = master._command[0]
        sentinel = subprocess.Popen([program, config, "--sentinel"], stdout=subprocess.DEVNULL)
        try:
            patient = Retry(ConstantBackoff(0.05), 100)
            with redis_py.Redis(port=port, retry=patient) as client:
                client.ping()
            hosts = f"127.0.0.1:{free_port()},127.0.0.1:{port}"
            url = f"redis+sentinel://:pass%25word@{hosts}/mymaster/2"
            with connect(url, timeout_seconds=1) as client:
                client.set("here", 1)
                assert client.info("keyspace")["db2"]["keys"] == 1
        finally:
            sentinel.kill()
            sentinel.wait()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[str, str]:
    """Of this machine, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = str(folder / "certificate.pem"), str(folder / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", key, "-out", made, "-subj", "/CN=redis"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return made, key


@pytest.fixture
def tls_options(certificate) -> tuple[str, ...]:
    made, key = certificate
    return ("--tls-cert-file", made, "--tls-key-file", key, "--tls-auth-clients", "no")


@pytest.fixture
def tls_redis(tmp_path, tls_options):
    """The port of a Redis that asks for a user over TLS."""
    port = str(free_port())
    acl = ("--user", "otp", "on", ">p/w", "~*", "&*", "+@all")
    with redis_server(
        tmp_path, "--tls-port", port, "--tls-ca-cert-file", tls_options[1], *tls_options, *acl
    ):
        yield port


def test_connects_over_tls_with_a_private_authority(tls_redis, certificate):
    url = f"rediss://otp:p%2Fw@127.0.0.1:{tls_redis}/2?ssl_ca_certs={certificate[0]}"
    with connect(url, timeout_seconds=1) as client:
        assert client.acl_whoami() in ("otp", b"otp")
        client.set("here", 1)
        assert client.info("keyspace")["db2"]["keys"] == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("", f"SSLCertVerificationError: {UNKNOWN_AUTHORITY}"),
        ("?ssl_ca_certs={ca}", "SSLCertVerificationError: Hostname mismatch"),
    ],
)
def test_an_error_of_the_certificate_is_named(tls_redis, certificate, options, named):
    host = "127.0.0.1" if not options else "localhost"
    url = f"rediss://{host}:{tls_redis}{options.format(ca=certificate[0])}"
    with connect(url, timeout_seconds=1) as client:
        with pytest.raises(redis_py.ConnectionError) as refused:
            client.ping()
        assert reason(refused.value).startswith(named)
        with pytest.raises(StorageUnavailable, match=named):
            Store(Scripts(client)).write_something()


def test_other_errors_are_named_by_their_kind(listener):
    with connect(url_of(listener), timeout_seconds=0.1) as client:
        with pytest.raises(redis_py.TimeoutError) as late:
            client.ping()
        assert reason(late.value) == "TimeoutError"


def test_sentinels_may_have_a_user_and_tls_of_their_own(
    tmp_path, tls_redis, tls_options, certificate
):
    port = free_port()
    made, key = certificate
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port 0\ntls-port {port}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"tls-cert-file {made}\ntls-key-file {key}\ntls-ca-cert-file {made}\n"
        f"tls-auth-clients no\ntls-replication yes\n"
        f"user watcher on >w#tch ~* &* +@all\nuser default off ~* &* +@all\n"
        f"sentinel monitor mymaster 127.0.0.1 {tls_redis} 1\n"
        f"sentinel auth-user mymaster otp\nsentinel auth-pass mymaster p/w\n"
    )
    program = shutil.which("redis-server")
    sentinel = subprocess.Popen([program, config, "--sentinel"], stdout=subprocess.DEVNULL)
    try:
        hosts = f"127.0.0.1:{free_port()},[::1]:{free_port()},127.0.0.1:{port}"
        options = f"sentinel_username=watcher&sentinel_password=w%23tch&ssl_ca_certs={made}"
        url = f"rediss+sentinel://otp:p%2Fw@{hosts}/mymaster/2?{options}"
        with connect(url, timeout_seconds=1) as client:
            answer = None
            for _ in range(200):
                with suppress(redis_py.ConnectionError):
                    answer = client.acl_whoami()
                    break
                sentinel.poll()
            assert answer in ("otp", b"otp")
        with connect(url.replace(f"&ssl_ca_certs={made}", ""), timeout_seconds=1) as client:
            with pytest.raises(redis_py.ConnectionError) as refused:
                client.ping()
            assert reason(refused.value) == f"SSLCertVerificationError: {UNKNOWN_AUTHORITY}"
            assert "certificate verify failed: self-signed" in str(refused.value)
    finally:
        sentinel.kill()
        sentinel.wait()


def test_a_redis_that_does_not_answer_is_waited_for_no_longer_than_the_timeout(listener):
    with connect(url_of(listener), timeout_seconds=0.1) as client:
        began = time.monotonic()
        with pytest.raises(redis_py.TimeoutError):
            client.ping()
        assert time.monotonic() - began < 0.5


def test_a_command_whose_answer_got_lost_is_not_repeated(listener):
    """It may have been executed: a check would be counted twice."""
    received = []

    def answer_all_but_incr() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while b"INCR" not in (words := connection.recv(4096)) and words:
                    connection.sendall(b"+OK\r\n" * words.count(b"*"))
                received.append(words)

    server = Thread(target=answer_all_but_incr, daemon=True)
    server.start()
    url = url_of(listener) + "?protocol=2"
    with connect(url, timeout_seconds=1) as client, pytest.raises(redis_py.ConnectionError):
        client.incr("checks")
    listener.shutdown(socket.SHUT_RDWR)
    server.join()
    assert sum(b"INCR" in words for words in received) == 1


def test_a_password_that_is_replaced_in_its_file_is_used_from_then_on(tmp_path, monkeypatch):
    file = tmp_path / "redis_url"
    with redis_server(tmp_path, "--requirepass", "first", user=":first") as server:
        file.write_text(server.url)
        monkeypatch.setenv("REDIS_URL_FILE", str(file))
        monkeypatch.delenv("REDIS_URL", raising=False)
        with connect(server.url, timeout_seconds=1) as redis:
            redis.config_set("requirepass", "second")
            file.write_text(server.url.replace("first", "second"))
            redis.connection_pool.disconnect()
            assert redis.ping()
            # While it is being replaced, the last one goes on.
            for text in ("", "no URL"):
                file.write_text(text)
                redis.connection_pool.disconnect()
                assert redis.ping()
