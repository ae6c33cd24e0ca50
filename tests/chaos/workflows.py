"""Workflows whose workers are killed, and whose verifications are approved when a step is due."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from redis import Redis

from shared.storage import keys
from tests.chaos.load import Answer, Caller
from tests.chaos.provider import Behaviour
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import Measure
from tests.chaos.workers import Killer

_WAIT_SECONDS = 15
_STEPS = f"sms {_WAIT_SECONDS}s, sms"
_USUAL = Behaviour(before_seconds=0.02, after_seconds=0.03)
_AT_ONCE = 500
_CALLERS = 8


def workflow_kills(scene: Scene) -> Sequence[Measure]:
    """Each verification has a second step. The short form does not wait for its time."""
    redis = scene.redis()
    provider = scene.provider(behaviour=_USUAL)
    service = scene.service(redis.url, provider, OTP_WORKFLOW=_STEPS)
    port, _ = service.start_api()
    killer = Killer(scene, service, service.start_workers(scene.scaled(long=5, short=2)))
    load = scene.load(port, rate=60, total=scene.scaled(long=10_000, short=60))
    with redis.client() as client:
        while not load.is_over:
            killer.turn()
            time.sleep(0.05)
        ids = _accepted(load.wait())
        if scene.scaled(long=False, short=True):
            now = time.time() * 1000
            _set_timers(client, {one: now + scene.random.uniform(0, 2500) for one in ids})
        deadline = time.monotonic() + _WAIT_SECONDS + 60
        while client.zcard(keys.DUE) and time.monotonic() < deadline:
            killer.turn()
            time.sleep(0.05)
        late = [_seconds_late(client, one) for one in ids]
        unrecorded = sum(_unrecorded(client, one, send) for one in ids for send in (1, 2))
    messages = Counter(call.key for call in provider.calls() if call.outcome == "accepted")
    started = [one for one in late if one is not None]
    return [
        Measure(name="workflows", value=len(ids)),
        Measure(name="kills", value=killer.kills),
        Measure(name="steps lost", value=len(ids) - len(started), at_most=0),
        Measure(
            name="not sent",
            value=sum(not messages[f"{one}-{send}"] for one in ids for send in (1, 2)),
            at_most=0,
        ),
        Measure(name="started twice", value=sum(f"{one}-3" in messages for one in ids), at_most=0),
        Measure(
            name="duplicates",
            value=sum(messages.values()) - len(messages),
            at_most=unrecorded,
        ),
        Measure(name="early", value=sum(one < 0 for one in started), at_most=0),
        Measure(name="latest step", value=max(started, default=0), at_most=2, unit=" s"),
    ]


def workflow_race(scene: Scene) -> Sequence[Measure]:
    """Codes are entered while the next steps of their verifications are due."""
    redis = scene.redis()
    provider = scene.provider(behaviour=Behaviour(before_seconds=0, after_seconds=0))
    service = scene.service(redis.url, provider, OTP_WORKFLOW=_STEPS, OTP_TTL_SECONDS="3600")
    port, _ = service.start_api()
    service.start_workers(scene.scaled(long=2, short=1))
    total = scene.scaled(long=10_000, short=150)
    approved: dict[str, float] = {}
    claimed: dict[str, float | None] = {}
    with redis.client() as client, ThreadPoolExecutor(_CALLERS) as callers:
        while len(approved) < total:
            load = scene.load(port, rate=400, total=min(_AT_ONCE, total - len(approved)))
            ids = _accepted(load.wait())
            _settle_sends(client)
            codes = {call.key: call.code for call in provider.calls()}
            now = time.time() * 1000
            # Steps start about a second from now, and so do some of the checks.
            _set_timers(client, dict.fromkeys(ids, now))
            parts = [ids[n::_CALLERS] for n in range(_CALLERS)]
            for answered in callers.map(partial(_approve, port, codes), parts):
                approved |= answered
        left = settle(client, 20)
        for one in approved:
            at = client.hget(keys.send(one, 2), "claimed")
            claimed[one] = float(at) / 1000 if at else None
    attempts = {one: at for one, at in claimed.items() if at is not None}
    return [
        Measure(name="approvals", value=len(approved), at_least=total),
        Measure(
            name="attempts claimed after their answers",
            value=sum(at > approved[one] for one, at in attempts.items()),
            at_most=0,
        ),
        Measure(name="claimed before", value=len(attempts)),
        Measure(name="timers and sends left", value=left, at_most=0),
    ]


def _accepted(answers: Iterable[Answer]) -> list[str]:
    return [answer.verification_id for answer in answers if answer.status == 202]


def _set_timers(redis: Redis, times: Mapping[str, float]) -> None:
    """Have the next steps start at these times, in Unix milliseconds."""
    with redis.pipeline() as pipe:
        for one, at in times.items():
            pipe.hset(keys.verification(one), "next_step_at", int(at))
            pipe.hset(keys.verification(one), "was_due_at", int(at))
            pipe.zadd(keys.DUE, {f"{one}:0": keys.STEPS_FROM + int(at)})
        pipe.execute()


def _seconds_late(redis: Redis, verification_id: str) -> float | None:
    """How long after its time the second step was started. Returns None if it was not."""
    asked = [_ms(redis.hget(keys.send(verification_id, send), "asked")) for send in (1, 2)]
    at = _ms(redis.hget(keys.verification(verification_id), "was_due_at"))
    return (asked[1] - (at or asked[0] + _WAIT_SECONDS * 1000)) / 1000 if asked[1] else None


def _unrecorded(redis: Redis, verification_id: str, send: int) -> int:
    """The attempts whose workers died: each may have sent a message that the next one repeats."""
    kept: dict[bytes, bytes] = redis.hgetall(keys.send(verification_id, send))  # type: ignore[assignment]
    return int(kept.get(b"attempts", 0)) - sum(name.startswith(b"attempt:") for name in kept)


def _ms(value: bytes | str | None) -> int:
    return int(value or 0)


def _settle_sends(redis: Redis) -> None:
    while redis.zcount(keys.DUE, "-inf", f"({keys.STEPS_FROM}"):
        time.sleep(0.02)


def _approve(port: int, codes: Mapping[str, str], ids: Sequence[str]) -> dict[str, float]:
    """Enter the codes of these verifications. Returns when each was approved, in Unix seconds."""
    caller = Caller([port])
    answered = {}
    for one in ids:
        body = {"verification_id": one, "otp": codes[f"{one}-1"]}
        status, _ = caller.call("POST", "/verify-otp", body)
        if status == 200:
            answered[one] = time.time()
    caller.close()
    return answered
