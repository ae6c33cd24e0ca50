"""What the doctor says of Redis, on servers that are set up wrongly."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from api.doctor import server
from shared.redis_users import RIGHTS
from tests.redis_servers import ALL_REDIS, redis_server

GOOD = ("--appendonly", "yes", "--maxmemory", "64mb", "--maxmemory-policy", "noeviction")


@contextmanager
def served(
    folder: Path, *options: str, user: str = "", program: str = ALL_REDIS["real"]
) -> Iterator[Redis]:
    with (
        redis_server(folder, *options, user=user, program=program) as running,
        Redis.from_url(running.url) as redis,
    ):
        yield redis


def found(redis: Redis) -> list[tuple[str, str]]:
    return [(one.level, one.text) for one in server.found(redis)]


def wrong(redis: Redis) -> list[str]:
    return [text for level, text in found(redis) if level in ("wrong", "warning")]


def test_a_good_server_has_nothing_wrong(tmp_path):
    with served(tmp_path, *GOOD) as redis:
        assert {level for level, _ in found(redis)} == {"ok"}


def test_a_server_that_is_not_there(tmp_path):
    with Redis.from_url("redis://127.0.0.1:9") as redis:
        assert found(redis) == [("wrong", "Redis: can't be reached (ConnectionError)")]


def test_a_wrong_password(tmp_path):
    with (
        redis_server(tmp_path, "--requirepass", "right", user=":right") as running,
        Redis.from_url(running.url.replace("right", "hunter22")) as redis,
    ):
        [(level, text)] = found(redis)
    assert level == "wrong"
    assert "hunter22" not in text


def test_one_that_forgets(tmp_path):
    with served(tmp_path, "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru") as redis:
        told = " ".join(wrong(redis))
    assert "keeps no append-only file" in told
    assert "maxmemory-policy is allkeys-lru" in told


def test_one_that_is_nearly_full(tmp_path):
    with served(tmp_path, *GOOD) as redis:
        redis.config_set("maxmemory", int(redis.info("memory")["used_memory"] * 1.2))
        assert any("of its memory is used" in text for text in wrong(redis))


def test_one_in_cluster_mode(tmp_path):
    with served(tmp_path, "--cluster-enabled", "yes") as redis:
        [(level, text)] = found(redis)
    assert level == "wrong"
    assert "cluster mode" in text


# Those of ALL_REDIS whose users' rights can be looked at.
NEW_ENOUGH = [name for name in ALL_REDIS if name != "6.2"]


def with_rights(folder: Path, version: str, *rights: str):
    options = ("--user", "otp", "on", ">password", *RIGHTS.split(), *rights)
    return served(folder, *GOOD, *options, user="otp:password", program=ALL_REDIS[version])


@pytest.mark.parametrize("version", NEW_ENOUGH)
@pytest.mark.parametrize("right", ["zadd", "get", "blpop", "script|load"])
def test_a_user_without_a_right(tmp_path, right, version):
    with with_rights(tmp_path, version, f"-{right}") as redis:
        [refused] = wrong(redis)
    assert f"may not run {right} on the keys otp:*" in refused


@pytest.mark.parametrize("right", ["time", "set"])
def test_a_user_without_a_right_that_nothing_works_without(tmp_path, right):
    with with_rights(tmp_path, "real", f"-{right}") as redis:
        told = wrong(redis)
    assert told[0] == "Redis: Redis refuses: NOPERM"
    assert f"may not run {right} on the keys otp:*" in told[1]


def test_a_user_who_may_not_run_scripts(tmp_path):
    with with_rights(tmp_path, "real", "-eval") as redis:
        assert "may not run eval" in wrong(redis)[-1]


@pytest.mark.parametrize("version", NEW_ENOUGH)
def test_a_user_with_exactly_the_rights(tmp_path, version):
    with with_rights(tmp_path, version) as redis:
        assert {level for level, _ in found(redis)} == {"ok"}


def test_a_user_that_may_not_ask(tmp_path):
    with with_rights(tmp_path, "real", "-info") as redis:
        told = found(redis)
    assert ("unknown", "Redis: this user may not ask for memory and disk (INFO)") in told
    assert {level for level, _ in told} == {"ok", "unknown"}


def test_one_that_is_lost_meanwhile(tmp_path):
    """It answers the first question only."""
    with redis_server(tmp_path, *GOOD) as running, Redis.from_url(running.url) as redis:
        asked = server.found(redis)
        first = next(asked)
        running.kill()
        *_, last = asked
    assert first.level == "ok"
    assert last == ("wrong", "Redis: can't be reached (ConnectionError)")


def test_the_oldest_version_cannot_tell_a_user_s_rights(redis_6_2):
    told = dict(map(reversed, found(redis_6_2)))
    assert told["Redis: this version can't tell which commands a user may run"] == "unknown"
    assert "wrong" not in told.values()
