"""What Redis is told of its users, and what they may do then."""

import hashlib
import stat
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from shared import redis_users
from tests.redis_servers import redis_server


@pytest.fixture
def url_file(tmp_path):
    return tmp_path / "redis_url"


@pytest.fixture
def acl_file(tmp_path):
    return tmp_path / "acl"


@pytest.fixture
def start(url_file, acl_file, monkeypatch):
    """Run the module, and answer the password that is kept then."""
    monkeypatch.setattr(sys, "argv", ["redis_users", str(url_file), str(acl_file)])

    def start() -> str:
        redis_users.main()
        return urlsplit(url_file.read_text().strip()).password

    return start


def test_the_first_start_makes_a_password_and_later_ones_keep_it(start, acl_file):
    password = start()
    assert len(bytes.fromhex(password)) == 32
    acl = acl_file.read_text()
    assert start() == password
    assert acl_file.read_text() == acl


def test_another_place_has_another_password(start, url_file):
    password = start()
    url_file.unlink()
    assert start() != password


def test_redis_is_told_the_hash_alone(start, acl_file):
    password = start()
    acl = acl_file.read_text()
    assert password not in acl
    assert f"#{hashlib.sha256(password.encode()).hexdigest()}" in acl


def test_the_password_is_for_the_service_alone_and_the_rules_for_redis_too(
    start, url_file, acl_file, tmp_path
):
    start()
    assert stat.S_IMODE(url_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(acl_file.stat().st_mode) == 0o644
    assert sorted(tmp_path.iterdir()) == [acl_file, url_file], "a draft was left"


def test_rules_that_are_gone_or_spoilt_are_made_anew_for_the_same_password(start, acl_file):
    password = start()
    acl = acl_file.read_text()
    acl_file.unlink()
    assert start() == password
    assert acl_file.read_text() == acl
    acl_file.write_text("")
    start()
    assert acl_file.read_text() == acl


@pytest.mark.parametrize("url", ["", "redis://redis:6379/0"])
def test_a_password_that_is_gone_lets_nobody_in(start, url_file, acl_file, url):
    url_file.write_text(url)
    with pytest.raises(SystemExit, match=rf"{url_file} (contains no password|is empty)"):
        start()
    assert not acl_file.exists()


def test_a_folder_that_cannot_be_written_is_said(start, acl_file):
    acl_file.mkdir()
    with pytest.raises(SystemExit, match=r"^otp redis users: "):
        start()


def locked_redis(folder, *options):
    redis_users.write_acl(folder / "acl", "password")
    return redis_server(folder, "--aclfile", str(folder / "acl"), *options, user="otp:password")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with locked_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def log_in(server):
    with ExitStack() as open_clients:

        def log_in(user: str, password: str) -> Redis:
            url = server.url.replace("otp:password", f"{user}:{password}")
            # Of the third version of the protocol the first command is another one.
            return open_clients.enter_context(Redis.from_url(url, protocol=2))

        yield log_in


@pytest.mark.parametrize("command", ["PING", "GET otp:ready", "INFO", "ACL WHOAMI"])
def test_nobody_without_a_password_may_do_anything(log_in, command):
    with pytest.raises(AuthenticationError, match=r"Authentication required"):
        log_in("", "").execute_command(*command.split())


@pytest.mark.parametrize("user", ["otp", "default", "nobody", ""])
def test_a_wrong_password_is_refused(log_in, user):
    with pytest.raises(AuthenticationError, match=r"invalid username-password pair"):
        log_in(user, "wrong").ping()


REFUSED = [
    "FLUSHALL",
    "FLUSHDB",
    "KEYS *",
    "SCAN 0",
    "RANDOMKEY",
    "DBSIZE",
    "CONFIG GET *",
    "CONFIG SET dir /tmp",
    "MONITOR",
    "ACL LIST",
    "ACL SETUSER otp +@all",
    "REPLICAOF 127.0.0.1 1",
    "SLAVEOF 127.0.0.1 1",
    "MODULE LIST",
    "MODULE LOAD /tmp/x.so",
    "DEBUG SLEEP 0",
    "SHUTDOWN",
    "SAVE",
    "INFO",
    "CLIENT LIST",
    "CLIENT KILL TYPE normal",
    "SCRIPT FLUSH",
    "FUNCTION LIST",
    "PUBLISH rq:pubsub:x stop",
    "SUBSCRIBE rq:pubsub:x",
    "MIGRATE 127.0.0.1 1 otp:ready 0 5",
    "GET session:1",
    "SET session:1 x",
    "RENAME otp:ready session:1",
    "EVAL return(redis.call('GET',KEYS[1])) 1 session:1",
    "EVAL return(redis.call('GET','session:1')) 0",
    "EVAL return(redis.call('FLUSHALL')) 0",
]


@pytest.mark.parametrize("command", REFUSED)
def test_the_service_may_do_nothing_that_it_need_not(log_in, command):
    redis = log_in("otp", "password")
    redis.set("otp:ready", 1)
    with pytest.raises(ResponseError, match=r"permission|not allowed|can't (run|access)"):
        redis.execute_command(*command.split())
    assert redis.get("otp:ready") == b"1"


def test_what_was_written_is_there_again_when_redis_is(tmp_path):
    options = ("--appendonly", "yes", "--appendfsync", "always")
    with locked_redis(tmp_path, *options) as server, Redis.from_url(server.url) as redis:
        # Redis keeps what a script or a transaction wrote in one piece.
        with redis.pipeline(transaction=True) as pipe:
            pipe.set("otp:ready", 1).set("otp:due", 2).execute()
        server.kill()
        server.start()
        assert redis.mget("otp:ready", "otp:due") == [b"1", b"2"]


def test_the_documentation_has_the_same_rights():
    page = (Path(__file__).parents[2] / "docs" / "redis.md").read_text(encoding="utf-8")
    assert f"ACL SETUSER otp on >PASSWORD {redis_users.RIGHTS}\n" in page


def test_the_service_may_have_the_file_on_the_disk_rewritten(log_in):
    assert log_in("otp", "password").bgrewriteaof()


def test_the_health_check_may_ask_whether_redis_answers_and_nothing_else(log_in):
    redis = log_in("health", "none")
    assert redis.ping()
    for command in ("GET otp:ready", "INFO", "PUBLISH x y", "EVAL return(1) 0"):
        with pytest.raises(NoPermissionError):
            redis.execute_command(*command.split())
