"""How the service connects to Redis."""

import re
from typing import Any
from urllib.parse import unquote

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

# One for each thread of the largest worker, and some. redis-py would stop at 100.
MAX_CONNECTIONS = 600

_EXPECTED = (
    "expected redis://host:6379/0, rediss://, unix:///path or "
    "redis+sentinel://host:26379,host2:26379/mymaster/0"
)
_SENTINEL = re.compile(
    r"redis\+sentinel://(?:(?::(?P<password>[^@/]*))@)?(?P<hosts>[^/@]+)/(?P<master>[^/]+)(?:/(?P<db>\d+))?"
)


def connect(url: str, *, timeout_seconds: float) -> Redis:
    """A client for redis://, rediss://, unix:// or
    redis+sentinel://[:password@]host:port,host:port/master[/db]. Connects at the first command.
    Raises ValueError, which never repeats the URL: it may hold a password.

    redis-py 8 repeats a command up to ten times, also one that Redis has executed already: a
    check would be counted twice. So nothing is repeated here.
    """
    try:
        return _connect(url, timeout_seconds)
    except ValueError:
        raise ValueError(_EXPECTED) from None


def _connect(url: str, timeout_seconds: float) -> Redis:
    never = Retry(NoBackoff(), 0)
    if url.startswith("redis+sentinel:"):
        match = _SENTINEL.fullmatch(url)
        if not match:
            raise ValueError
        addresses = [host.rpartition(":") for host in match["hosts"].split(",")]
        sentinel = Sentinel(  # type: ignore[no-untyped-call]
            [(host, int(port)) for host, _, port in addresses],
            socket_timeout=timeout_seconds,
            sentinel_kwargs={"socket_timeout": timeout_seconds, "retry": never},
        )
        master: Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
            match["master"],
            db=int(match["db"] or 0),
            password=unquote(match["password"]) if match["password"] else None,
            retry=never,
            socket_timeout=timeout_seconds,
            max_connections=MAX_CONNECTIONS,
        )
        return master
    options: dict[str, Any] = (
        {} if url.startswith("unix:") else {"socket_connect_timeout": timeout_seconds}
    )
    return Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        retry=never,
        max_connections=MAX_CONNECTIONS,
        **options,
    )
