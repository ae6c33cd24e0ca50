"""What an earlier version wrote to Redis is still good after an upgrade.

tests/data/redis_1.0.0.json was written by the tree at commit 9203736.
"""

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from redis import Redis

from tests.conftest import Caller
from tests.fake_redis import fake_redis

DUMP = json.loads(
    (Path(__file__).parent / "data/redis_1.0.0.json").read_text(encoding="utf-8"),
)


@pytest.fixture
def env() -> dict[str, str]:
    return DUMP["settings"]


@pytest.fixture
def redis() -> Iterator[Redis]:
    """The Redis of the dump, at the moment when it was dumped."""
    moment = datetime.fromisoformat(DUMP["dumped_at"])
    with time_machine.travel(moment, tick=False), fake_redis() as redis:
        for one in DUMP["keys"]:
            _restore(redis, one)
        yield redis


def _restore(redis: Redis, one: dict[str, Any]) -> None:
    key, value = one["key"], one["value"]
    match one["type"]:
        case "string":
            redis.set(key, value)
        case "hash":
            redis.hset(key, mapping={name: _bytes(field) for name, field in value.items()})
        case "list":
            redis.rpush(key, *value)
        case "set":
            redis.sadd(key, *value)
        case "zset":
            redis.zadd(key, dict(value))
    if one["ttl_ms"] > 0:
        redis.pexpire(key, one["ttl_ms"])


def _bytes(value: str | dict[str, str]) -> str | bytes:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


@pytest.fixture
def caller(client, codes) -> Caller:
    return Caller(client, codes)


@pytest.fixture
def headers(env) -> dict[str, str]:
    app, _, key = env["OTP_API_KEYS"].partition(":")
    basic = base64.b64encode(f"{app}:{key}".encode()).decode()
    return {"Authorization": f"Basic {basic}"}


def _code(codes, verification_id: str) -> str:
    return codes.derive("k1", verification_id, 0, 6)


@pytest.mark.parametrize("to", [{"phone": "+14155550101"}, {"email": "ada@example.com"}])
def test_a_pending_code_is_approved_by_its_address(caller, codes, headers, to):
    id_ = DUMP["queued" if "phone" in to else "by_mail"]
    answer = caller.verify(_code(codes, id_), headers=headers, **to)
    assert (answer.status_code, answer.json["verification_id"]) == (200, id_)


def test_a_pending_code_is_approved_by_its_id(caller, codes, headers):
    id_ = DUMP["queued"]
    answer = caller.verify(_code(codes, id_), headers=headers, verification_id=id_)
    assert answer.status_code == 200


def test_every_queued_send_is_delivered(run_worker, sender, clock, codes):
    # Wake-ups of another version may mean nothing to this one: the sweeper finds the sends.
    clock.shift(20)
    run_worker()
    sent = {message.to: message.code for message in sender.messages}
    assert sent == {
        "+14155550101": _code(codes, DUMP["queued"]),
        "ada@example.com": _code(codes, DUMP["by_mail"]),
        "+14155550102": _code(codes, DUMP["limited"]),
        "+14155550103": _code(codes, DUMP["guessed"]),
        "+14155550105": "735146",
    }


def test_limits_go_on_counting(caller, clock, headers, problem):
    clock.shift(31)
    answer = caller.generate("+14155550102", headers=headers)
    assert problem(answer, 429, "rate_limited")["scope"] == "to"
    guessed = caller.verify("123456", headers=headers, phone="+14155550103")
    problem(guessed, 429, "too_many_checks")


@pytest.mark.parametrize("name", ["queued", "by_mail", "limited", "guessed", "canceled"])
def test_a_verification_can_be_looked_up(caller, headers, name):
    answer = caller.client.get(f"/verifications/{DUMP[name]}", headers=headers)
    assert answer.status_code == 200
    assert answer.json["status"] == ("canceled" if name == "canceled" else "pending")


def test_a_service_is_there_with_its_rate_limits(client, headers):
    path = f"/v2/Services/{DUMP['service']}"
    assert client.get(path, headers=headers).json["friendly_name"] == "My Shop"
    again = {"To": "+14155550107", "Channel": "sms", "RateLimits": '{"ip":"192.0.2.7"}'}
    assert client.post(f"{path}/Verifications", data=again, headers=headers).status_code == 429


def test_a_code_that_the_caller_made_is_approved(client, headers):
    path = f"/v2/Services/{DUMP['service']}/VerificationCheck"
    right = {"VerificationSid": DUMP["of_service"], "Code": "735146"}
    assert client.post(path, data=right, headers=headers).json["status"] == "approved"


def test_a_trusted_number_is_still_trusted(client, headers):
    found = client.get("/v2/SafeList/Numbers/+14155550106", headers=headers)
    assert found.status_code == 200
