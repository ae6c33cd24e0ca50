"""What an earlier version wrote to Redis is still good after an upgrade.

tests/data/redis/ has what the trees at these commits wrote (tests/upgrade/dump.py):

- 9203736: the first version
- 55a3a8a: packages that show the design
- b4bb98b: shorter records, jobs as plain JSON, counts as events
- 9c0bd0d: seven more providers, routes, texts of one's own
- 5d13fcb: workflows, events for backends, receipts
- 62b62d6: hooks and clients
- afcea50: traces, figures by app, keys that expire at a time
"""

import base64
import json
import pickle
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import time_machine
from redis import Redis

from tests.conftest import Caller
from tests.fake_redis import fake_redis, held_by
from tests.shared.delivery.events import take_all

DUMPS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "data/redis").glob("*.json"))
}
# What waits for a worker, in the versions that have it.
WAITING = {
    *("queued", "by_mail", "limited", "guessed", "of_service"),
    *("retried", "under_way", "by_call", "idempotent"),
}


def having(what: str) -> pytest.MarkDecorator:
    """For the versions that wrote this."""
    names = [name for name, one in DUMPS.items() if what in {*one, *one["verifications"]}]
    assert names
    return pytest.mark.parametrize("dump", names, indirect=True)


@pytest.fixture(params=DUMPS)
def dump(request) -> dict[str, Any]:
    return DUMPS[request.param]


@pytest.fixture
def env(dump) -> dict[str, str]:
    return dump["settings"]


@pytest.fixture
def redis(dump) -> Iterator[Redis]:
    """The Redis of the dump, at the moment when it was dumped."""
    with time_machine.travel(_moment(dump), tick=False), fake_redis() as redis:
        held_by(redis)._dict = pickle.loads(_held(dump["dumped_at"]))
        yield redis


@cache
def _held(dumped_at: str) -> bytes:
    """What a fake Redis holds of a dump. To run its commands again takes longer than most tests."""
    (dump,) = [one for one in DUMPS.values() if one["dumped_at"] == dumped_at]
    with time_machine.travel(_moment(dump), tick=False), fake_redis() as redis:
        for one in dump["keys"]:
            _restore(redis, one)
        return pickle.dumps(dict(held_by(redis)._dict))


def _moment(dump: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(dump["dumped_at"])


def _restore(redis: Redis, one: dict[str, Any]) -> None:
    key, value = one["key"], one["value"]
    match one["type"]:
        case "string":
            redis.set(key, _bytes(value))
        case "hash":
            redis.hset(key, mapping={name: _bytes(field) for name, field in value.items()})
        case "list":
            redis.rpush(key, *map(_bytes, value))
        case "set":
            redis.sadd(key, *value)
        case "zset":
            redis.zadd(key, dict(value))
    if one["ttl_ms"] > 0:
        redis.pexpire(key, one["ttl_ms"])


def _bytes(value: str | dict[str, str]) -> str | bytes:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


@pytest.fixture
def id_of(dump):
    return lambda name: dump["verifications"][name]["id"]


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


@pytest.mark.parametrize("name", ["queued", "by_mail"])
def test_a_pending_code_is_approved_by_its_address(caller, codes, headers, dump, name):
    id_, to = dump["verifications"][name].values()
    field = {"email" if "@" in to else "phone": to}
    answer = caller.verify(_code(codes, id_), headers=headers, **field)
    assert (answer.status_code, answer.json["verification_id"]) == (200, id_)


def test_a_pending_code_is_approved_by_its_id(caller, codes, headers, id_of):
    id_ = id_of("queued")
    answer = caller.verify(_code(codes, id_), headers=headers, verification_id=id_)
    assert answer.status_code == 200


@having("sent")
def test_a_code_that_was_sent_is_approved_once(caller, codes, headers, id_of, problem):
    id_ = id_of("sent")
    answers = [
        caller.verify(_code(codes, id_), headers=headers, verification_id=id_) for _ in range(2)
    ]
    assert answers[0].status_code == 200
    problem(answers[1], 404, "verification_not_found")


@having("approved")
def test_a_code_that_was_used_stays_used(caller, codes, headers, id_of, problem):
    id_ = id_of("approved")
    again = caller.verify(_code(codes, id_), headers=headers, verification_id=id_)
    problem(again, 404, "verification_not_found")


def test_every_waiting_send_is_delivered_once(run_worker, sender, clock, codes, dump):
    # Wake-ups of another version may mean nothing to this one: the sweeper finds the sends.
    clock.shift(20)
    run_worker()
    waiting = {name: of for name, of in dump["verifications"].items() if name in WAITING}
    sent = [(message.to, message.code) for message in sender.messages]
    assert sorted(sent) == sorted(
        (of["to"], "735146" if name == "of_service" else _code(codes, of["id"]))
        for name, of in waiting.items()
        # Both of its sends wait.
        for _ in range(2 if name == "limited" else 1)
    )


def test_limits_go_on_counting(caller, clock, headers, problem):
    clock.shift(31)
    answer = caller.generate("+14155550102", headers=headers)
    assert problem(answer, 429, "rate_limited")["scope"] == "to"
    guessed = caller.verify("123456", headers=headers, phone="+14155550103")
    problem(guessed, 429, "too_many_checks")


@having("by_call")
def test_the_budget_stays_used_up(caller, headers, problem):
    answer = caller.generate("+14155550117", headers=headers, channel="call")
    assert problem(answer, 429, "rate_limited")["scope"] == "budget"


@having("idempotent")
def test_a_repeated_request_gets_the_answer_of_the_first(caller, headers, id_of):
    again = caller.generate("+14155550110", headers={**headers, "Idempotency-Key": "order-1"})
    assert (again.status_code, again.json["verification_id"]) == (202, id_of("idempotent"))


@pytest.mark.parametrize("name", ["queued", "by_mail", "limited", "guessed", "canceled"])
def test_a_verification_can_be_looked_up(caller, headers, id_of, name):
    answer = caller.client.get(f"/verifications/{id_of(name)}", headers=headers)
    assert answer.status_code == 200
    assert answer.json["status"] == ("canceled" if name == "canceled" else "pending")


def test_a_service_is_there_with_its_rate_limits(client, headers, dump):
    path = f"/v2/Services/{dump['service']}"
    assert client.get(path, headers=headers).json["friendly_name"] == "My Shop"
    again = {"To": "+14155550107", "Channel": "sms", "RateLimits": '{"ip":"192.0.2.7"}'}
    assert client.post(f"{path}/Verifications", data=again, headers=headers).status_code == 429


def test_a_code_that_the_caller_made_is_approved(client, headers, dump, id_of):
    path = f"/v2/Services/{dump['service']}/VerificationCheck"
    right = {"VerificationSid": id_of("of_service"), "Code": "735146"}
    assert client.post(path, data=right, headers=headers).json["status"] == "approved"


def test_a_trusted_number_is_still_trusted(client, headers, dump):
    found = client.get(f"/v2/SafeList/Numbers/{dump['safe']}", headers=headers)
    assert found.status_code == 200


@having("workflow")
def test_the_next_step_of_a_workflow_starts(run_worker, sender, clock, codes, dump):
    id_, to = dump["verifications"]["workflow"].values()
    clock.shift(31)
    run_worker()
    sent = [message for message in sender.messages if message.to == to]
    assert [(message.channel, message.code) for message in sent] == [
        ("whatsapp", _code(codes, id_))
    ]


@having("workflow")
def test_events_that_wait_are_told(webhooks, clock, dump):
    clock.shift(60)
    events = take_all(webhooks)
    assert {"verification.started", "send.accepted", "verification.canceled"} <= {
        event.type for event in events
    }
    told = {event.data["verification_id"] for event in events}
    assert {of["id"] for of in dump["verifications"].values()} <= told


@having("session")
def test_the_owner_stays_logged_in_and_sees_what_happened(client, dump):
    name, _, value = dump["session"].partition("=")
    client.set_cookie(name, value)
    shown = client.get("/admin/stats.json?events=true", base_url="https://localhost").json
    assert "log_in" in {entry["action"] for entry in shown["audit"]}


def test_metrics_go_on_counting(client, headers, dump):
    text = client.get("/metrics", headers=headers).text
    started = sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("otp_started_total{")
    )
    assert started == len(dump["verifications"])
