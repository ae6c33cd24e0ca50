"""A walk: one move after the other, each on the real parts and on the model, which must agree."""

import hashlib
import json
import random
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Any

from shared.storage import keys
from tests.simulation import invariants, scene
from tests.simulation.model import Model
from tests.simulation.nouns import Send, Verification
from tests.simulation.world import World

Move = Callable[["Walk"], None]

# Wherever one could begin, also inside a longer number.
_MAYBE_CODES = re.compile(rb"(?=([0-9]{%d}))" % scene.CODE_LENGTH)

# What is compared of a verification with so many sends.
_LOOK = """
local answers = {}
for i = 1, #ARGV, 2 do
  local id = ARGV[i]
  local one = redis.call('HMGET', 'otp:verification:' .. id, 'status', 'checks_left', 'expires',
    'sends', 'revision', 'step', 'next_step_at')
  table.insert(one, redis.call('EXISTS', 'otp:code:' .. id))
  table.insert(one, redis.call('ZSCORE', 'otp:due', id .. ':0'))
  for n = 1, tonumber(ARGV[i + 1]) do
    local send = redis.call('HMGET', 'otp:send:' .. id .. ':' .. n, 'status', 'attempts',
      'generation', 'channel', 'not_before')
    table.insert(send, redis.call('HEXISTS', 'otp:send:' .. id .. ':' .. n, 'token'))
    table.insert(send, redis.call('ZSCORE', 'otp:due', id .. ':' .. n))
    table.insert(one, send)
  end
  table.insert(answers, one)
end
return answers
"""
# All keys with their values.
_EVERYTHING = """
local read = {
  string = function(key) return {redis.call('GET', key)} end,
  hash = function(key) return redis.call('HGETALL', key) end,
  list = function(key) return redis.call('LRANGE', key, 0, -1) end,
  set = function(key) return redis.call('SMEMBERS', key) end,
  zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
}
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  table.insert(found, {key, kind, read[kind](key)})
end
return found
"""
_ENDLESS = """
local endless = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('PTTL', key) < 0 and not string.find(key, '^sim:') then
    table.insert(endless, key)
  end
end
return endless
"""
# What stays after the last verification: limits, guards, counts, and events for their backends.
_HISTORY = (
    *("limit", "failed", "verified", "budget", "guard", "guarded", "refusals", "idempotency"),
    *("breaker", "apps", "webhook", "webhooks", "counts", "events", "stats", "rolled_up"),
)


class Walk:
    """`model` and `world` after some moves. `random` decides what comes next."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.random = world, rng
        self.is_full, self.has_faults = False, True
        self.model = self._new_model()
        self.steps = 0
        # The last moves in words, and a hash of all of them.
        self.last: deque[str] = deque(maxlen=60)
        self._history = hashlib.sha256()
        # What happened to each verification, in one number, and all that were ever seen.
        self._paths: dict[str, bytes] = {}
        self._ended_paths: set[bytes] = set()
        # How often each thing has happened.
        self.words: Counter[str] = Counter()
        self.approvals: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()
        # When wrong codes were compared, by recipient and by network.
        self.guesses: dict[str, list[int]] = defaultdict(list)
        self._touched: set[str] = set()
        self._is_step = False
        self._look = world.redis.script_load(_LOOK)
        self._everything = world.redis.script_load(_EVERYTHING)
        self._endless = world.redis.script_load(_ENDLESS)

    def _new_model(self) -> Model:
        policies = scene.policies(self.world.settings)
        keep = scene.KEEP_SECONDS * 1000
        now = self.world.clock.now_ms
        return Model(now, keep, policies, scene.ACCOUNTS, scene.SENDERS)

    def step(self, moves: Sequence[Move], weights: Sequence[float]) -> None:
        """`weights` are cumulative."""
        if self.is_full and self.random.random() < 0.03:
            self.set_full(False)
        (move,) = self.random.choices(moves, cum_weights=weights)
        self.make(move)

    def make(self, move: Move) -> None:
        """A move that has nothing to do is no step."""
        self._is_step = False
        move(self)
        if not self._is_step:
            return
        self.steps += 1
        self._compare()
        if self.steps % 100 == 0:
            self.look_at_everything()

    def tell(self, told: str, *touched: str) -> None:
        """Note what happened, and to which verifications."""
        ids = [id_ for id_ in dict.fromkeys(touched) if id_]
        self._is_step = True
        line = f"{self.steps} {self.model.now} {told} {' '.join(ids)}"
        self.last.append(line)
        self._history.update(line.encode())
        self._touched.update(ids)
        self.words[" ".join(told.split()[:2])] += 1
        for id_ in ids:
            before = self._paths.get(id_, b"")
            self._paths[id_] = hashlib.blake2b(before + told.encode(), digest_size=8).digest()

    def advance(self, ms: int) -> None:
        if ms:
            self.world.clock.advance(ms)
        before = set(self.model.verifications)
        self.model.pass_time(self.world.clock.now_ms)
        for id_ in before - set(self.model.verifications):
            self._ended_paths.add(self._paths.pop(id_, b""))

    def set_full(self, is_full: bool) -> None:
        """A full Redis refuses what needs memory."""
        self.is_full = is_full
        self.world.redis.config_set("maxmemory", int(is_full))

    def any_verification(self) -> str:
        """Mostly one of the last ones."""
        ids = list(self.model.verifications)
        if not ids:
            return ""
        return self.random.choice(ids[-6:] if self.random.random() < 0.9 else ids)

    def open_of(self, to: str) -> list[str]:
        """The last verifications of a person, one of which a start may replace."""
        ids = list(self.model.verifications.items())[-8:]
        return [id_ for id_, one in ids if one.ask.to == to]

    def facts(self) -> Any:
        """What is forgotten with the data."""
        world = self.world
        recorded = {
            handover.token
            for handovers in world.handed.values()
            for handover in handovers
            if handover.recorded_at is not None
        }
        return self.approvals, self.compared, self.guesses, world.leases, recorded

    def restore_facts(self, facts: Any) -> None:
        world = self.world
        known = world.leases
        self.approvals, self.compared, self.guesses, world.leases, recorded = facts
        # The server does not know the claims of the last second any more, nor what was recorded.
        world.forgotten |= known.keys() - world.leases.keys()
        for member, handovers in world.handed.items():
            kept = [one for one in handovers if one.token not in world.forgotten]
            world.handed[member] = kept
            for handover in kept:
                if handover.token not in recorded:
                    handover.recorded_at = None
        world.event_leases.clear()

    def begin_again(self) -> None:
        """Everything has expired."""
        world = self.world
        left = [key.decode() for key in world.redis.keys() if not key.startswith(b"sim:")]
        invariants.only_history_remains(left)
        for known in (world.handed, world.codes, world.inbox, world.leases, world.event_leases):
            known.clear()
        world.told.clear()
        world.forgotten.clear()
        self.approvals.clear()
        self.compared.clear()
        self.guesses.clear()
        self.model = self._new_model()

    @property
    def interleavings(self) -> frozenset[bytes]:
        """The different histories that verifications have had so far."""
        return frozenset(self._ended_paths.union(self._paths.values()))

    @property
    def history(self) -> str:
        """The same for the same moves with the same results and the same data at the end."""
        everything = self._history.copy()
        for key, kind, values in sorted(self.world.look(self._everything)):
            told: list[Any] = list(map(_in_order, values))
            if kind == b"hash":
                told = sorted(zip(told[::2], told[1::2], strict=True))
            elif kind == b"set":
                told.sort()
            everything.update(key + repr(told).encode())
        return everything.hexdigest()

    def _compare(self) -> None:
        touched = sorted(self._touched)
        self._touched.clear()
        if not touched:
            return
        found = {id_: self.model.verifications.get(id_) for id_ in touched}
        words: list[Any] = []
        for id_, one in found.items():
            words += (id_, len(one.sends) if one else 0)
        answers = self.world.look(self._look, *words)
        for (id_, one), real in zip(found.items(), answers, strict=True):
            expected = _expected(one, id_, self.model) if one else [None] * 7 + [0, None]
            invariants.records_are_as_the_model(id_, _readable(real), expected)

    def look_at_everything(self) -> None:
        endless = self.world.look(self._endless)
        invariants.every_key_expires(sorted(key.decode() for key in endless))
        counted: Counter[str] = Counter()
        redis = self.world.redis
        for name, times in redis.hgetall(keys.COUNTS).items():
            counted[name.decode()] += int(times)
        for event, times in redis.hgetall(keys.EVENTS).items():
            for name in event.decode().split("\n")[2:]:
                counted[name] += int(times)
        # The buckets of durations, and what is counted again for an app, are left out.
        real = {name: n for name, n in counted.items() if not name.startswith(("to_", "app\n"))}
        invariants.counts_equal_the_events(real, self.model.counts)
        if self.steps % 500 == 0:
            self.look_for_secrets()

    def look_for_secrets(self) -> None:
        """Clear addresses are in otp:code:* alone, and codes are nowhere."""
        found = []
        codes = {code.encode() for code in self.world.codes.values()}
        addresses = [person.to.encode() for person in scene.PEOPLE]
        for key, _, values in self.world.look(self._everything):
            text = b"\n".join([key, *values])
            hidden = codes.intersection(_MAYBE_CODES.findall(text))
            if not key.startswith(b"otp:code:"):
                hidden.update(address for address in addresses if address in text)
            found += [key.decode()] * len(hidden)
        invariants.nothing_secret_is_kept(found)

    def look_at_open_sends(self) -> None:
        invariants.every_send_ends_in_time(
            {
                f"{id_}:{number}": send.status
                for id_, one in self.model.verifications.items()
                for number, send in enumerate(one.sends, 1)
                if send.status in ("queued", "sending")
            }
        )

    def look_at_events(self) -> None:
        told, events = self.world.told, self.model.events
        invariants.every_event_is_told({id_: events[id_] for id_ in events if id_ not in told})

    def look_at_history(self) -> None:
        kinds = {key.decode().split(":")[1] for key in self.world.redis.keys("otp:*")}
        invariants.only_history_remains(sorted(kinds.difference(_HISTORY)))
        invariants.only_history_remains(sorted(self.world.redis.keys("rq:job:*")))


def _expected(one: Verification, id_: str, model: Model) -> list[Any]:
    has_code = one.status == "pending" and one.expires > model.now
    head = [one.status, one.checks_left, one.expires, len(one.sends), one.revision or None]
    steps = [one.step or None, one.next_step or None, int(has_code)]
    timer = model.timers.get(id_)
    sends = [_send(send, model.due.get(f"{id_}:{n}")) for n, send in enumerate(one.sends, 1)]
    return [*head, *steps, None if timer is None else keys.STEPS_FROM + timer, *sends]


def _send(send: Send, due: float | None) -> list[Any]:
    return [
        send.status,
        len(send.attempts),
        send.generation,
        send.channel,
        send.not_before or None,
        int(bool(send.token)),
        due,
    ]


def _readable(real: Any) -> Any:
    if isinstance(real, list):
        return [_readable(one) for one in real]
    if isinstance(real, bytes):
        text = real.decode()
        return int(float(text)) if text[:1].isdigit() else text
    return real


def _in_order(value: bytes) -> bytes:
    """JSON with its names in order, which cjson does not give them. Anything else as it is."""
    head, brace, rest = value.partition(b"{")
    try:
        return head + json.dumps(json.loads(brace + rest), sort_keys=True).encode()
    except ValueError:
        return value
