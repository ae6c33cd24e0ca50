"""Which servers the service starts on, and what it says of the others."""

import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from api import create_app
from shared.errors import StorageUnavailable
from shared.redis_users import RIGHTS
from shared.settings import SettingsError
from shared.storage.client import connect
from shared.storage.refusals import CLUSTER
from shared.storage.scripts import Scripts
from shared.storage.server import check_server
from shared.verification.store import Store
from tests.conftest import KEY, Caller
from tests.redis_servers import ALL_REDIS, RedisServer, redis_server

ROOT = Path(__file__).parents[3]
# A busy machine may need some.
PATIENCE_SECONDS = 20
LOG = logging.getLogger("otp.api")
OUR_USER = ("--user", "otp", "on", ">password", *RIGHTS.split())
# Each is one that some provider has removed.
REMOVED = ("HELLO", "CLIENT", "INFO", "CONFIG", "CLUSTER", "COMMAND", "ACL", "BGREWRITEAOF")
WITHOUT_COMMANDS = tuple(word for command in REMOVED for word in ("--rename-command", command, ""))

on_every_version = pytest.mark.parametrize("program", ALL_REDIS.values(), ids=ALL_REDIS)


@contextmanager
def cluster(folder: Path, program: str, *options: str) -> Iterator[RedisServer]:
    """A cluster of one node, without its slots at first, as the service's own user sees it."""
    options = ("--cluster-enabled", "yes", *OUR_USER, *options)
    with redis_server(folder, *options, user="otp:password", program=program) as server:
        yield server


def take_all_slots(server: RedisServer) -> None:
    """From now on, the node owns every key, as the only shard of a managed cluster does."""
    with Redis.from_url(server.url.replace("otp:password@", "")) as owner:
        owner.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
        while b"cluster_state:ok" not in owner.execute_command("CLUSTER", "INFO", NEVER_DECODE=[]):
            pass


@on_every_version
def test_a_redis_in_cluster_mode_stops_the_start(tmp_path, program):
    with (
        cluster(tmp_path, program) as server,
        connect(server.url, timeout_seconds=PATIENCE_SECONDS) as redis,
        pytest.raises(SettingsError, match=f"^REDIS_URL: {re.escape(CLUSTER)}$"),
    ):
        check_server(redis, LOG)


@on_every_version
def test_a_redis_without_the_database_stops_the_start(tmp_path, program):
    with (
        redis_server(tmp_path, "--databases", "1", program=program) as server,
        connect(server.url[:-1] + "3", timeout_seconds=PATIENCE_SECONDS) as redis,
        pytest.raises(SettingsError, match=r"^REDIS_URL: this Redis has no database"),
    ):
        check_server(redis, LOG)


def test_a_database_of_a_cluster_is_refused_as_one(one_shard):
    with (
        connect(one_shard.url[:-1] + "3", timeout_seconds=PATIENCE_SECONDS) as redis,
        pytest.raises(SettingsError, match="cluster mode"),
    ):
        check_server(redis, LOG)


def test_a_cluster_is_known_where_a_provider_has_removed_commands(tmp_path):
    """Not by what it says about itself."""
    with (
        cluster(tmp_path, ALL_REDIS["real"], *WITHOUT_COMMANDS) as server,
        connect(server.url, timeout_seconds=PATIENCE_SECONDS) as redis,
        pytest.raises(SettingsError, match="cluster mode"),
    ):
        check_server(redis, LOG)


@pytest.fixture(scope="module")
def one_shard(tmp_path_factory) -> Iterator[RedisServer]:
    with cluster(tmp_path_factory.mktemp("cluster"), ALL_REDIS["real"]) as server:
        take_all_slots(server)
        yield server


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("api", ()),
        ("worker", ()),
        ("api.services", ("list", "--app", "shop")),
    ],
)
def test_each_program_says_so_and_ends(one_shard, tmp_path, module, words):
    ended = run(module, words, env_of(one_shard, tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].endswith(CLUSTER)


def test_keys_can_be_created_whatever_redis_is(tmp_path):
    with cluster(tmp_path, ALL_REDIS["real"]) as server:
        ended = run("api.keys", ("create", "shop"), env_of(server, tmp_path))
    assert ended.returncode == 0
    told = f"Without Redis, this change is not in the audit log: {CLUSTER}."
    assert told in ended.stderr.splitlines()


def env_of(server: RedisServer, folder: Path) -> dict[str, str]:
    return {"REDIS_URL": server.url, "OTP_SECRET_KEYS": KEY, "OTP_DATA_DIR": str(folder)}


def run(
    module: str, words: tuple[str, ...], env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        check=False,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_an_api_that_meets_a_cluster_later_is_not_ready_and_logs_why(
    one_shard, settings, caplog, problem
):
    with connect(one_shard.url, timeout_seconds=PATIENCE_SECONDS) as redis:
        client = create_app(settings, redis).test_client()
        for _ in range(3):
            problem(client.get("/health/ready"), 503, "storage_unavailable")
            problem(Caller(client, None).generate(), 503, "storage_unavailable")
    assert [r.error for r in caplog.records if r.message == "redis_refuses"] == [CLUSTER]


@pytest.fixture(scope="module")
def managed(tmp_path_factory) -> Iterator[RedisServer]:
    """Without every command that some provider removes."""
    with redis_server(tmp_path_factory.mktemp("managed"), *WITHOUT_COMMANDS) as server:
        yield server


def test_starts_where_a_provider_has_removed_commands(managed, settings, codes, caplog):
    with connect(managed.url, timeout_seconds=PATIENCE_SECONDS) as redis:
        check_server(redis, LOG)
        caller = Caller(create_app(settings, redis).test_client(), codes)
        started = caller.generate()
        assert caller.verify(caller.code(started)).status_code == 200
    assert not [record for record in caplog.records if record.name == "otp.redis"]


def test_says_why_redis_refuses_once_a_minute(tmp_path, caplog):
    with (
        redis_server(tmp_path, "--databases", "1") as server,
        connect(server.url[:-1] + "1", timeout_seconds=PATIENCE_SECONDS) as redis,
    ):
        store = Store(Scripts(redis))
        for _ in range(3):
            with pytest.raises(StorageUnavailable):
                store.write_something()
    told = [(r.message, r.error) for r in caplog.records]
    assert told == [("redis_refuses", "Redis refuses: DB index is out of range")]


def test_says_that_redis_takes_no_more_connections(tmp_path, caplog):
    with (
        redis_server(tmp_path, "--maxclients", "1") as server,
        Redis.from_url(server.url) as other,
        connect(server.url, timeout_seconds=PATIENCE_SECONDS) as redis,
    ):
        other.ping()
        with pytest.raises(StorageUnavailable):
            Store(Scripts(redis)).write_something()
    told = [(r.message, r.error) for r in caplog.records]
    assert told == [("redis_unreachable", "max number of clients reached")]


@pytest.mark.parametrize("version", [2, 3])
def test_speaks_both_versions_of_the_protocol(real_redis, redis_url, settings, codes, version):
    url = f"{redis_url}?protocol={version}"
    with connect(url, timeout_seconds=PATIENCE_SECONDS) as redis:
        check_server(redis, LOG)
        caller = Caller(create_app(settings, redis).test_client(), codes)
        started = caller.generate()
        assert caller.verify(caller.code(started)).status_code == 200
        assert redis.client_info()["resp"] == str(version)


def ends_idle_connections(admin: Redis) -> None:
    admin.client_kill_filter(_type="normal", skipme=True)


def forgets_scripts(admin: Redis) -> None:
    admin.script_flush()


@pytest.mark.parametrize("surprise", [ends_idle_connections, forgets_scripts])
def test_what_providers_do_in_between_fails_no_call(
    real_redis, redis_url, settings, codes, caplog, surprise: Callable[[Redis], None]
):
    """They end idle connections, and a replica that takes over has none of the scripts."""
    with connect(redis_url, timeout_seconds=PATIENCE_SECONDS) as redis:
        caller = Caller(create_app(settings, redis).test_client(), codes)
        started = caller.generate()
        surprise(real_redis)
        assert caller.verify(caller.code(started)).status_code == 200
    assert not [record for record in caplog.records if record.name == "otp.redis"]


def test_idle_connections_stay_open_at_gateways(real_redis, redis_url):
    """Gateways of clouds forget a connection after some minutes without a packet."""
    with connect(redis_url, timeout_seconds=PATIENCE_SECONDS) as redis:
        info = redis.client_info()
        ports = [f"{int(info[end].rpartition(':')[2]):04X}" for end in ("addr", "laddr")]
        lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
        (line,) = [line for line in map(str.split, lines) if [line[1][-4:], line[2][-4:]] == ports]
    kind, ticks = line[5].split(":")
    assert kind == "02"  # the timer of keep-alive packets
    assert int(ticks, 16) / 100 <= 60


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
def test_warns_of_a_redis_that_evicts(real_redis, caplog, policy):
    real_redis.config_set("maxmemory-policy", policy)
    try:
        check_server(real_redis, LOG)
    finally:
        real_redis.config_set("maxmemory-policy", "noeviction")
    assert [r.maxmemory_policy for r in caplog.records if r.message == "redis_evicts"] == [policy]


@pytest.mark.parametrize(
    ("rights", "is_known"),
    [("+@all -config", True), ("+@all -info", False), ("+ping", False)],
)
def test_asks_for_the_policy_as_far_as_it_may(tmp_path, caplog, rights, is_known):
    user = ("--user", "otp", "on", ">password", "~*", "-@all", *rights.split())
    options = ("--maxmemory-policy", "allkeys-lru")
    with (
        redis_server(tmp_path, *options, *user, user="otp:password") as server,
        connect(server.url, timeout_seconds=PATIENCE_SECONDS) as client,
    ):
        check_server(client, LOG)
    assert ("redis_evicts" in caplog.messages) is is_known


def test_asks_for_nothing_that_compose_s_user_may_not(tmp_path):
    with (
        redis_server(tmp_path, *OUR_USER, user="otp:password") as server,
        connect(server.url, timeout_seconds=PATIENCE_SECONDS) as client,
        connect(server.url.replace("otp:password@", ""), timeout_seconds=PATIENCE_SECONDS) as owner,
    ):
        check_server(client, LOG)
        assert owner.acl_log() == []


def test_does_not_warn_of_a_redis_that_does_not_evict(real_redis, caplog):
    check_server(real_redis, LOG)
    assert caplog.messages == []
