"""`python -m shared.redis_users URL_FILE ACL_FILE`: lock the Redis of docker compose.

The first run generates a password and stores it in URL_FILE. The API and the workers read that file
(REDIS_URL_FILE); Redis cannot. ACL_FILE is for `redis-server --aclfile`: it has the rights of each
user and the password's hash, and is written on every run. Redis waits for it at the start, and the
health check has Redis read it again after a change.
"""

import hashlib
import os
import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit

from shared.settings.sources import SettingsError, kept_secret

USER = "otp"
# Every command that the service runs, and no other. tests/test_redis.py runs all that it does.
# BGREWRITEAOF is for the owner: it removes what has expired from the file on the disk.
COMMANDS = (
    *("bgrewriteaof", "blpop", "del", "eval", "evalsha", "exec", "exists", "expire", "get"),
    *("hdel", "hexists", "hget", "hgetall", "hincrby", "hkeys", "hlen", "hmget", "hset"),
    *("hsetnx", "incr", "lindex", "llen", "lpop", "lpush", "lrange", "lrem", "ltrim", "mget"),
    *("multi", "pexpireat", "ping", "rpop", "rpush", "sadd", "scard"),
    *("script|load", "select", "set", "sismember", "smembers", "srem", "sunion", "time"),
    *("zadd", "zcard", "zcount", "zmscore", "zrange", "zrangebyscore", "zrem"),
    *("zremrangebyrank", "zremrangebyscore", "zrevrange", "zrevrangebyscore", "zscore"),
)
# What the metrics show of Redis, and a warning at the start needs. Without it, both are missing.
_OPTIONAL = ("info|memory", "info|persistence")
# Those of earlier versions, whose processes go on while new ones replace them.
_EARLIER = ("getex", "incrby", "pexpire", "pttl")
# All only for the service's own keys.
RIGHTS = " ".join(
    ("~otp:* ~rq:* resetchannels -@all", *(f"+{name}" for name in COMMANDS + _OPTIONAL + _EARLIER))
)
# By its name in docker-compose.yml.
_SERVER = "redis:6379/0"


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    url_file, acl_file = map(Path, sys.argv[1:])
    try:
        password = urlsplit(kept_secret(url_file, _new_url)).password
        if not password:
            sys.exit(
                f"otp redis users: {url_file} contains no password; "
                "delete the file to generate a new one"
            )
        write_acl(acl_file, password)
    except (SettingsError, OSError) as error:
        sys.exit(f"otp redis users: {error}")


def _new_url() -> str:
    return f"redis://{USER}:{secrets.token_hex(32)}@{_SERVER}"


def write_acl(path: Path, password: str) -> None:
    """Write all of the file, or nothing: Redis would let everybody in by an empty one."""
    lines = (
        # Nobody can be this user, but Redis reads its own file as it: without rights it would lose
        # what scripts and transactions wrote. https://github.com/redis/redis/issues/14541
        "user default off ~* &* +@all",
        # Everybody may be it, and can do nothing else: for the health check.
        # ACL LOAD reads this file again, and changes nothing while the file is the same.
        "user health on nopass resetchannels -@all +ping +acl|load",
        f"user {USER} on #{hashlib.sha256(password.encode()).hexdigest()} {RIGHTS}",
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    # Redis runs as somebody else. The hash of 256 random bits tells nothing.
    draft.chmod(0o644)
    draft.replace(path)


if __name__ == "__main__":
    main()
