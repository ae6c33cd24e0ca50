"""Every kind of URL connects, and no command is ever repeated."""

import socket
import subprocess
import time
from threading import Thread

import pytest
import redis as redis_py
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from shared.redis_client import connect
from tests.conftest import free_port, redis_server


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


@pytest.mark.parametrize(
    "url",
    [
        "localhost",
        "http://localhost",
        "redis://:secret/word@localhost",
        "redis://localhost:secret",
        "redis+sentinel://localhost",
        "redis+sentinel://localhost/mymaster",
        "redis+sentinel://localhost:secret/mymaster",
        "redis+sentinel://:secret@/mymaster",
    ],
)
def test_a_malformed_url_is_refused_and_not_repeated(url):
    with pytest.raises(ValueError, match=r"^expected redis://") as refused:
        connect(url, timeout_seconds=1)
    assert "secret" not in str(refused.value)
    assert refused.value.__suppress_context__


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
