"""What a Redis server tells about itself."""

from shutil import rmtree

import pytest

from shared.redis_users import RIGHTS
from shared.storage.client import connect
from shared.storage.server import describe
from tests.conftest import redis_of
from tests.e2e.conftest import wait_for
from tests.redis_servers import REAL_REDIS, redis_server

redis = redis_of(*REAL_REDIS)


def test_tells_its_memory(redis):
    before = describe(redis)
    assert before.most_bytes == 0
    redis.set("otp:ready", "x" * 1_000_000)
    redis.config_set("maxmemory", 100_000_000)
    try:
        after = describe(redis)
    finally:
        redis.config_set("maxmemory", 0)
    assert after.used_bytes > before.used_bytes + 900_000
    assert after.most_bytes == 100_000_000


@pytest.mark.parametrize("program", REAL_REDIS.values(), ids=REAL_REDIS)
def test_tells_whether_it_could_write_its_files(tmp_path, program):
    folder = tmp_path / "disk"
    folder.mkdir()
    with (
        redis_server(folder, program=program) as running,
        connect(running.url, timeout_seconds=1) as client,
    ):
        assert describe(client).persists
        rmtree(folder)
        client.bgsave()
        wait_for(lambda: not client.info("persistence")["rdb_bgsave_in_progress"])
        assert not describe(client).persists


@pytest.mark.parametrize(
    ("rights", "is_told"), [(RIGHTS, True), ("~* +@all -info", False), ("~* +ping", False)]
)
def test_tells_only_those_who_may_ask(tmp_path, rights, is_told):
    user = ("--user", "otp", "on", ">password", "-@all", *rights.split())
    with (
        redis_server(tmp_path, *user, user="otp:password") as running,
        connect(running.url, timeout_seconds=1) as client,
        connect(running.url.replace("otp:password@", ""), timeout_seconds=1) as owner,
    ):
        found = describe(client)
        assert (found is not None) is is_told
        if rights == RIGHTS:
            # Nothing is asked that is refused, which Redis would log.
            assert owner.acl_log() == []
