"""What a Redis server is like, and whether the service can run on it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis, exceptions

from shared.settings.sources import SettingsError
from shared.storage import keys
from shared.storage.refusals import CLUSTER, is_cluster
from shared.storage.scripts import script_text

_NO_DATABASE = "this Redis has no database of that number; try 0, which all have"
# Redis 6.2 cannot tell.
_MAY_ASK = "return not redis.acl_check_cmd or redis.acl_check_cmd('INFO', ARGV[1])"
# What Redis says of the last time that it wrote its files.
WRITES = ("rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status")


@dataclass(frozen=True, kw_only=True)
class Server:
    """`most_bytes` is 0 without a limit. `persists` is whether Redis could last write its files."""

    used_bytes: int
    most_bytes: int
    persists: bool


def describe(redis: Redis) -> Server | None:
    """Returns None if this user has no right to ask. Raises RedisError."""
    memory, files = info(redis, "memory"), info(redis, "persistence")
    if "used_memory" not in memory:
        return None
    return Server(
        used_bytes=memory["used_memory"],
        most_bytes=memory.get("maxmemory", 0),
        persists=all(files.get(name, "ok") == "ok" for name in WRITES),
    )


def write_something(redis: Redis) -> None:
    """Prove that Redis takes writes and runs our scripts. Raises RedisError."""
    redis.eval(script_text("storage/probe"), 2, keys.READY, keys.DUE)


def check_server(redis: Redis, log: logging.Logger) -> None:
    """Check a server at the start. Raises SettingsError if it is in cluster mode or lacks the
    database, and RedisError while it is unreachable."""
    try:
        write_something(redis)
    except exceptions.ResponseError as error:
        if is_cluster(error):
            raise SettingsError(f"REDIS_URL: {CLUSTER}") from None
        if "DB index is out of range" in str(error):
            raise SettingsError(f"REDIS_URL: {_NO_DATABASE}") from None
        # The others pass: a Redis that is full, for example, still delivers.
    _warn_if_it_evicts(redis, log)


def info(redis: Redis, section: str) -> Mapping[str, Any]:
    """What Redis says of itself. Empty if the user may not know. Raises RedisError while
    Redis is unreachable."""
    # Redis logs refusals, so ask for the right first.
    try:
        found: Mapping[str, Any] = redis.info(section) if redis.eval(_MAY_ASK, 0, section) else {}
    except exceptions.ResponseError:
        return {}
    return found


def _warn_if_it_evicts(redis: Redis, log: logging.Logger) -> None:
    """Evicting would forget limits and queued messages."""
    policy = info(redis, "memory").get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        log.warning("redis_evicts", extra={"maxmemory_policy": policy})
