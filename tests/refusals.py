"""Ways to make a real Redis refuse commands, and to make it take them again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from redis import Redis, exceptions

from shared.storage.client import connect
from tests.redis_servers import free_port, redis_server

_Way = Callable[[Redis], Callable[[], object]]


def _setting(name: str, value: int, usual: int) -> _Way:
    def refuse(admin: Redis) -> Callable[[], object]:
        admin.config_set(name, value)
        return lambda: admin.config_set(name, usual)

    return refuse


def _replica(stale: str) -> _Way:
    def refuse(admin: Redis) -> Callable[[], object]:
        admin.config_set("replica-serve-stale-data", stale)
        admin.replicaof("127.0.0.1", free_port())
        return lambda: admin.replicaof("NO", "ONE")

    return refuse


def without_right(command: str) -> _Way:
    def refuse(admin: Redis) -> Callable[[], object]:
        admin.acl_setuser("otp", enabled=True, commands=[f"-{command}"])
        return lambda: admin.acl_setuser("otp", enabled=True, commands=[f"+{command}"])

    return refuse


def _busy(admin: Redis) -> Callable[[], object]:
    admin.config_set("lua-time-limit", 50)

    def run() -> None:
        with suppress(exceptions.ResponseError):
            admin.eval("while true do end", 0)

    script = Thread(target=run, daemon=True)
    script.start()
    with suppress(exceptions.ResponseError):
        while script.is_alive():
            admin.get("x")

    def end() -> None:
        admin.script_kill()
        script.join()

    return end


# By name, what to do to a Redis that the service uses as the user otp.
WAYS: dict[str, _Way] = {
    "full": _setting("maxmemory", 1, 0),
    "without replicas": _setting("min-replicas-to-write", 1, 0),
    "a replica": _replica("yes"),
    "a replica without its master": _replica("no"),
    "without rights": without_right("evalsha"),
    "busy": _busy,
}


@contextmanager
def refusable_redis(folder: Path, program: str) -> Iterator[tuple[Redis, Redis]]:
    """A Redis as the service sees it and as its owner does."""
    with redis_server(folder, program=program) as server, Redis.from_url(server.url) as admin:
        admin.acl_setuser("otp", enabled=True, passwords=["+pw"], keys=["*"], commands=["+@all"])
        url = server.url.replace("://", "://otp:pw@")
        with connect(url, timeout_seconds=3) as redis:
            yield redis, admin
