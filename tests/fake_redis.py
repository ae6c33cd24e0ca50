"""A fake Redis that costs little. fakeredis starts a Lua for each server, and each time that it
runs a script it compiles it, collects all garbage, and looks for new globals at every call. It
reads commands in Python, and goes through all that exist to find what the user of a new server may
run."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache, partial
from queue import SimpleQueue
from threading import Lock
from typing import Any

import fakeredis
from fakeredis.commands_mixins import scripting_mixin
from fakeredis.model import _acl, get_commands_by_category
from hiredis import Reader
from redis import Redis

vars(_acl)["get_commands_by_category"] = cache(get_commands_by_category)


@contextmanager
def fake_redis() -> Iterator[Redis]:
    """An empty one, whose memory is free afterwards. fakeredis keeps every server that it makes
    itself until the process ends."""
    with fakeredis.FakeRedis(server=_Server(), connection_class=_Connection) as redis:
        yield redis


def held_by(redis: Redis) -> Any:
    """The database of a fake Redis. Its `_dict` can be pickled to be restored."""
    return redis.connection_pool.connection_kwargs["server"].dbs[0]


class _Connection(fakeredis.FakeRedisConnection):
    def _connect(self) -> fakeredis._socket.FakeSocket:
        socket: Any = super()._connect()
        socket.responses = SimpleQueue()
        socket._parser = _commands(socket._process_command)
        next(socket._parser)
        return socket


def _commands(process: Callable[[list[bytes]], None]) -> Generator[None, bytes]:
    """Process the commands in the bytes that are sent to it."""
    reader = Reader()
    while True:
        reader.feed((yield))
        while (command := reader.gets()) is not False:
            process(command)


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
    socket, known = lua["_lua_current_socket"], lua["_lua_expected_globals"]
    runtime = _CompilesOnce(server._lua_runtime)

    def call(command: bytes, *args: Any) -> Any:
        return socket[0]._lua_redis_call(runtime, known, command, *args)

    def pcall(command: bytes, *args: Any) -> Any:
        return socket[0]._lua_redis_pcall(runtime, known, command, *args)

    functions = server._lua_runtime.globals()
    functions[b"redis"][b"call"] = call
    functions[b"redis"][b"pcall"] = pcall
    functions[b"cjson"][b"encode"] = partial(scripting_mixin._lua_cjson_encode, runtime, known)
    functions[b"cjson"][b"decode"] = partial(scripting_mixin._lua_cjson_decode, runtime, known)
    server._lua_runtime.execute(_NO_NEW_GLOBALS)
    return {**lua, "_lua_runtime": runtime}


# As in Redis: each script's variables are its own.
_NO_NEW_GLOBALS = """
setmetatable(_G, {__newindex = function(_, name)
    error("Script attempted to create global variable '" .. name .. "'", 2)
end})
"""


class _CompilesOnce:
    """What fakeredis calls of a LuaRuntime to run a script."""

    def __init__(self, runtime: Any) -> None:
        self.table_from = runtime.table_from
        self._compile = cache(runtime.compile)

    def globals(self) -> dict[str, Any]:
        """None to look for: there can be no new ones."""
        return {}

    def execute(self, script: bytes | str) -> Any:
        # Lua collects its garbage itself too.
        return None if script == "collectgarbage()" else self._compile(script)()
