"""Whether a Redis server is one that the service can run on."""

import logging
from collections.abc import Mapping
from typing import Any

from redis import Redis, exceptions

from shared.settings.sources import SettingsError
from shared.storage import keys
from shared.storage.refusals import CLUSTER, is_cluster
from shared.storage.scripts import script_text

_NO_DATABASE = "this Redis has no database of that number; try 0, which all have"
# Redis 6.2 cannot tell.
_MAY_ASK = "return not redis.acl_check_cmd or redis.acl_check_cmd('INFO', ARGV[1])"


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
    """What Redis says of itself. Empty if the user may not know, as that of docker compose. Raises
    RedisError while Redis is unreachable."""
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
