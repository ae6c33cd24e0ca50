"""What Redis says."""

import re
import time
from collections.abc import Generator, Iterator, Mapping
from statistics import median
from typing import Any

from redis import Redis, exceptions

from shared.errors import StorageUnavailable
from shared.owner.findings import Finding
from shared.redis_users import COMMANDS
from shared.storage.client import reason
from shared.storage.refusals import NO_RIGHT, refusal
from shared.storage.scripts import Scripts
from shared.storage.server import WRITES, info, write_something

_OLDEST = (6, 2)
_SLOW_MS = 5.0
_CLOCK_SECONDS = 2.0
_FULL_PERCENT = 70
_ASKED = 20

# Redis 6.2 cannot tell. Newer ones can, from version 8 on only with as many words as the command
# takes. A command that the provider has removed counts as refused.
_REFUSED = """
if not redis.acl_check_cmd then
  return nil
end
local key = 'otp:doctor'
local function may_run(command)
  if command == 'script|load' then
    return redis.acl_check_cmd('script', 'load', '')
  elseif command == 'eval' or command == 'evalsha' then
    return redis.acl_check_cmd(command, '', '1', key)
  end
  local words = {command, key, key, key}
  for length = #words, 1, -1 do
    local is_known, may = pcall(redis.acl_check_cmd, unpack(words, 1, length))
    if is_known then
      return may
    end
  end
end
local refused = {}
for _, command in ipairs(ARGV) do
  if not may_run(command) then
    table.insert(refused, command)
  end
end
return refused
"""


def found(redis: Redis) -> Generator[Finding, None, bool]:
    """Returns whether Redis can be used."""
    try:
        redis.ping()
        if not (yield from _takes_writes(redis)):
            return False
        yield from _pace(redis)
        yield from _itself(redis)
        yield _rights(redis)
    except exceptions.RedisError as error:
        words = refusal(error)
        told = f"refuses: {words}" if words else f"can't be reached ({reason(error)})"
        yield Finding("wrong", f"Redis: {told}")
        return False
    return True


def _takes_writes(redis: Redis) -> Generator[Finding, None, bool]:
    try:
        Scripts(redis).run(write_something)
    except StorageUnavailable as error:
        yield Finding("wrong", f"Redis: {error}")
        if NO_RIGHT in str(error):
            yield _rights(redis)
        return False
    return True


def _pace(redis: Redis) -> Iterator[Finding]:
    took = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        redis.ping()
        took.append((time.perf_counter() - began) * 1000)
    ms = median(took)
    seconds, micros = redis.time()
    yield Finding("warning" if ms > _SLOW_MS else "ok", f"Redis: answers within {ms:.1f} ms")
    ahead = time.time() - (seconds + micros / 1e6)
    if abs(ahead) > _CLOCK_SECONDS:
        way = "ahead of" if ahead > 0 else "behind"
        told = f"this machine is {abs(ahead):.0f} s {way} Redis; synchronize both with NTP"
        yield Finding("warning", f"clock: {told}")


def _itself(redis: Redis) -> Iterator[Finding]:
    # Redis 7 and newer tell scripts their version, whatever the user's rights are.
    told = redis.eval("return redis.REDIS_VERSION", 0)
    version = told.decode() if told else str(info(redis, "server").get("redis_version", ""))
    if not version:
        yield Finding("unknown", "Redis: this user may not ask for the version")
    elif tuple(int(part) for part in re.findall("[0-9]+", version)[:2]) < _OLDEST:
        yield Finding("wrong", f"Redis: version {version}; Sixpost needs 6.2 or newer")
    else:
        yield Finding("ok", f"Redis: version {version}")
    memory, files = info(redis, "memory"), info(redis, "persistence")
    if not memory or not files:
        yield Finding("unknown", "Redis: this user may not ask for memory and disk (INFO)")
    yield from _disk(files)
    yield from _memory(memory)


def _disk(files: Mapping[str, Any]) -> Iterator[Finding]:
    for name in WRITES:
        if files.get(name, "ok") != "ok":
            yield Finding("wrong", f"Redis: {name} is {files[name]}; is its disk full?")
    if files.get("aof_enabled") == 0:
        told = "keeps no append-only file, so a restart of Redis loses codes and queued messages"
        yield Finding("warning", f"Redis: {told}")


def _memory(memory: Mapping[str, Any]) -> Iterator[Finding]:
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        told = f"maxmemory-policy is {policy}, so a full Redis forgets limits and codes"
        yield Finding("wrong", f"Redis: {told}. Set noeviction")
    used, most = memory.get("used_memory", 0), memory.get("maxmemory", 0)
    if most and used * 100 > most * _FULL_PERCENT:
        yield Finding("warning", f"Redis: {used * 100 // most} % of its memory is used")


def _rights(redis: Redis) -> Finding:
    try:
        refused = redis.eval(_REFUSED, 0, *COMMANDS)
    except exceptions.NoPermissionError:
        refused = [b"eval"]
    if refused is None:
        return Finding("unknown", "Redis: this version can't tell which commands a user may run")
    if refused:
        names = ", ".join(name.decode() for name in refused)
        told = f"the user may not run {names} on the keys otp:*; see Rights in docs/redis.md"
        return Finding("wrong", f"Redis: {told}")
    return Finding("ok", "Redis: the user has all rights that Sixpost needs")
