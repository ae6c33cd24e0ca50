"""A fake Redis whose Lua costs little: fakeredis starts one for each server, and compiles a script
and collects all garbage each time that it runs one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import fakeredis
from redis import Redis


@contextmanager
def fake_redis() -> Iterator[Redis]:
    """An empty one, whose memory is free afterwards. fakeredis keeps every server that it makes
    itself until the process ends."""
    with fakeredis.FakeRedis(server=_Server()) as redis:
        yield redis


class _Server(fakeredis.FakeServer):
    """One of those that share Lua, and a lock, because Lua runs one script at a time."""

    _one_at_a_time = Lock()

    def __init__(self) -> None:
        super().__init__()
        self.lock = self._one_at_a_time
        vars(self).update(_lua())


@cache
def _lua() -> dict[str, Any]:
    """What fakeredis keeps on a server whose first script has run."""
    server: Any = fakeredis.FakeServer()
    with fakeredis.FakeRedis(server=server) as redis:
        redis.eval("return 1", 0)
    lua = {name: value for name, value in vars(server).items() if name.startswith("_lua_")}
    return {**lua, "_lua_runtime": _CompilesOnce(server._lua_runtime)}


class _CompilesOnce:
    """What fakeredis calls of a LuaRuntime to run a script."""

    def __init__(self, runtime: Any) -> None:
        self.table_from = runtime.table_from
        self.globals = runtime.globals
        self._compile = cache(runtime.compile)

    def execute(self, script: bytes | str) -> Any:
        # Lua collects its garbage itself too.
        return None if script == "collectgarbage()" else self._compile(script)()
