"""What another version of the service wrote to Redis, or a person by hand. What cannot be read is
left out or is unknown, and everything that reads answers all the same."""

import base64
import json
import logging
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from redis import Redis

from tests.fake_redis import fake_redis, held_by
from tests.user import OTHER_PHONE, PHONE, wrong
from worker.senders.base import DeliveryError

PASSWORD = "correct horse battery staple"
KEY = "s" * 40
BASIC = {"Authorization": "Basic " + base64.b64encode(f"shop:{KEY}".encode()).decode()}
JSON = {"Accept": "application/json"}


@pytest.fixture
def env() -> dict[str, str]:
    return {
        "OTP_API_KEYS": f"shop:{KEY}",
        "OTP_ADMIN_PASSWORD": PASSWORD,
        "OTP_RESEND_SECONDS": "0",
        "OTP_MAX_FAILED_CHECKS": "100/24h",
        "OTP_ALLOWED_COUNTRIES": "US",
        "OTP_WEBHOOK_URL": "https://shop.example/events",
        "OTP_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }


@pytest.fixture
def redis() -> Iterator[Redis]:
    with fake_redis() as fake:
        yield fake


Read = Callable[[], list[str]]


class World:
    """A service with a past, and all that reads of it."""

    def __init__(self, client, caller, run_worker, sender, redis) -> None:
        self._client = client
        self._redis = redis
        phone = {"headers": BASIC}
        sender.failures = [
            DeliveryError("unknown", "smtp_451"),
            DeliveryError("refused", "no_route"),
        ]
        started = caller.generate(PHONE, **phone)
        self.id = started.json["verification_id"]
        caller.verify(wrong(caller.code(started)), **phone, phone=PHONE)
        run_worker()
        caller.generate(PHONE, **phone)
        caller.generate("+4915123456789", **phone)
        other = caller.generate(OTHER_PHONE, **phone)
        caller.verify(caller.code(other), **phone, phone=OTHER_PHONE)
        made = self._v2("POST", "/Services", FriendlyName="My Shop")
        self.service = made["sid"]
        at = f"/Services/{self.service}"
        self.limit = self._v2("POST", f"{at}/RateLimits", UniqueName="ip")["sid"]
        self._v2("POST", f"{at}/RateLimits/{self.limit}/Buckets", Max="5", Interval="60")
        self.of_service = self._v2(
            "POST", f"{at}/Verifications", To=PHONE, Channel="sms", RateLimits='{"ip":"192.0.2.1"}'
        )["sid"]
        run_worker()
        self._log_in()
        self._phone_message()
        self._database = held_by(redis)
        self._keys = redis.keys()
        for key in self._keys:
            redis.persist(key)
        self._held = pickle.dumps(dict(self._database._dict))

    def _v2(self, method: str, path: str, **form: str) -> Any:
        answer = self._client.open(f"/v2{path}", method=method, data=form, headers=BASIC)
        assert answer.status_code in (200, 201), answer.json
        return answer.json

    def _log_in(self) -> None:
        https = {"base_url": "https://localhost"}
        page = self._client.get("/admin/login", **https).get_data(as_text=True)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        form = {"password": PASSWORD, "csrf_token": token}
        assert self._client.post("/admin/login", data=form, **https).status_code == 303
        page = self._client.get("/admin/", **https).get_data(as_text=True)
        self._token = page.split('data-csrf-token="')[1].split('"')[0]

    def _phone_message(self) -> None:
        message = {
            "verification_id": self.id,
            "send": 1,
            "attempt": 1,
            "channel": "sms",
            "to": "+1415*****23",
            "locale": "en",
            "subject": "s",
            "text": "t \x1a",
            "kid": "k1",
            "generation": 0,
            "length": 6,
            "carrier": "deliver",
        }
        now = int(self._redis.time()[0]) * 1000
        kept = {**message, "at": now, "appears_at": now}
        self._redis.lpush("otp:phone", json.dumps(kept))
        self._redis.zadd("otp:phone:receipts", {f"{self.id}:1:1:delivered": now})
        self._redis.set("otp:phone:carrier", "lose")

    def restore(self) -> None:
        self._database._dict = pickle.loads(self._held)

    def keys_of(self, read: Read) -> set[bytes]:
        """The keys that `read` looks for. It answers the same whatever the others hold."""
        self._database._dict = noting = Noting(self._database._dict)
        assert read() == []
        return set(noting.looked_for)

    @property
    def keys(self) -> list[bytes]:
        """One of each kind; keys of one kind are alike."""
        kinds: dict[bytes, bytes] = {}
        for key in sorted(self._keys, key=lambda key: self.id.encode() not in key):
            kinds.setdefault(b":".join(key.split(b":")[:2]), key)
        return list(kinds.values())

    @property
    def reads(self) -> Iterator[Read]:
        """Everything that reads. Each call answers what fails."""
        at = f"/v2/Services/{self.service}"
        gets = (
            *(f"/verifications/{self.id}", f"/verify/{self.id}", f"/verify/{self.id}/status"),
            *("/metrics", f"/verify/{self.of_service}"),
            *(f"{at}", f"{at}/Verifications/{self.of_service}", "/v2/Services"),
            *("/v2/Attempts", "/v2/Attempts/Summary"),
            *(f"{at}/RateLimits", f"{at}/RateLimits/{self.limit}/Buckets"),
        )
        for path in gets:
            yield partial(self._ask, "GET", path, headers=BASIC)
        owner = {"headers": {**JSON, "X-CSRF-Token": self._token}, "base_url": "https://localhost"}
        yield partial(self._ask, "POST", "/admin/timeline", json={"to": PHONE}, **owner)
        yield partial(self._ask, "GET", "/phone/messages", **owner)
        for window in ("minutes", "days"):
            yield partial(self._ask, "GET", f"/admin/stats.json?window={window}", **owner)
        yield partial(self._ask, "GET", "/admin/stats.json?events=true", **owner)

    def _ask(self, method: str, path: str, **more: Any) -> list[str]:
        answer = self._client.open(path, method=method, **more)
        return [f"{method} {path}: {answer.status_code}"] if answer.status_code >= 500 else []


@pytest.fixture
def world(client, caller, run_worker, sender, redis) -> World:
    return World(client, caller, run_worker, sender, redis)


class Noting(dict[bytes, Any]):
    """What a fake Redis holds, which notes the keys that a command looks for."""

    def __init__(self, held: dict[bytes, Any]) -> None:
        super().__init__(held)
        self.looked_for: set[bytes] = set()

    def __getitem__(self, key: bytes) -> Any:
        self.looked_for.add(key)
        return super().__getitem__(key)


Change = tuple[str, Callable[[], object]]
ODD = (b"\xff?", b"1e999", b"-1")
LINES = (b"", b"[]", b"null", b"[" * 5000, b"\xff")
MEMBERS = ("gone", None, "odd \ud800", 1e300, {"y": 1})


def lines_like(line: bytes, odd: tuple[Any, ...] = MEMBERS) -> Iterator[bytes]:
    """Other versions of a line of JSON."""
    yield from LINES
    known = json.loads(line)
    if isinstance(known, list):
        yield from (json.dumps([one]).encode() for one in odd)
        for other in lines_like(json.dumps(known[0]).encode() if known else b"{}", odd[:4]):
            yield b"[" + other + b"]"
        return
    yield json.dumps({**known, "of_a_newer_version": {"a": [1]}}).encode()
    for name in known:
        for value in odd:
            changed = {**known, name: value}
            if value == "gone":
                del changed[name]
            yield json.dumps(changed).encode()


def is_json(value: bytes) -> bool:
    return value[:1] in (b"{", b"[")


def changes(redis, key: bytes) -> Iterator[Change]:
    """What another version may have written in place of a key."""
    yield "gone", partial(redis.delete, key)
    for name, write in (("text", "set"), ("list", "rpush"), ("set", "sadd")):
        yield f"a {name}", partial(replace, redis, key, write)
    kind = redis.type(key)
    if kind == b"string" and is_json(value := redis.get(key)):
        for line in lines_like(value):
            yield f"{line[:60]!r}", partial(redis.set, key, line)
    elif kind == b"list" and is_json(value := redis.lindex(key, 0)):
        for line in lines_like(value):
            yield f"{line[:60]!r}", partial(redis.lset, key, 0, line)
    elif kind == b"hash":
        yield from changes_of_hash(redis, key)
    elif kind in (b"zset", b"set"):
        odd = [b"", b"\xff", b"x:y:z", b"VE12:x", b"VE" + b"f" * 32 + b":99", b"a:b:c:d"]
        scores = dict.fromkeys(odd, 9e12)
        add = (
            partial(redis.zadd, key, scores) if kind == b"zset" else partial(redis.sadd, key, *odd)
        )
        yield "odd", add


def replace(redis, key: bytes, write: str) -> None:
    redis.delete(key)
    getattr(redis, write)(key, "text")


def changes_of_hash(redis, key: bytes) -> Iterator[Change]:
    fields = redis.hgetall(key)
    names = (b"new", b"new:a:b:c:d", b"to_sent:sms", b"attempt:x", b"check:x")
    yield "newer", partial(redis.hset, key, mapping=dict.fromkeys(names, b"\xff{"))
    # Counts are alike.
    for name in list(fields)[: 4 if key.startswith((b"otp:counts", b"otp:stats")) else None]:
        yield f"{name!r} gone", partial(redis.hdel, key, name)
        odd = lines_like(fields[name]) if is_json(fields[name]) else ODD
        for value in odd:
            yield f"{name!r} {value[:60]!r}", partial(redis.hset, key, name, value)


def broken(world: World, redis) -> list[str]:
    """What fails after any of the changes."""
    found: list[str] = []
    *others, minutes, (days, keys_of_days) = [(read, world.keys_of(read)) for read in world.reads]
    # The dashboard reads the counts of each window, and everything else alike.
    keys_by_read = [*others, minutes, (days, keys_of_days - minutes[1])]
    for key in world.keys:
        reads = [read for read, keys in keys_by_read if key in keys]
        world.restore()
        for name, change in [*changes(redis, key)]:
            world.restore()
            change()
            found += [f"{key!r} {name}: {what}" for read in reads for what in read()]
    return found


def test_all_that_reads_answers_whatever_another_version_wrote(world, redis, caplog):
    caplog.set_level(logging.CRITICAL)
    assert broken(world, redis) == []
