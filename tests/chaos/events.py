"""Events for the backends of apps: workers and APIs are killed, all codes expire together, and most
endpoints hang."""

import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from http.client import HTTPException

from redis import Redis

from tests.chaos.apps import AppStarter
from tests.chaos.backend import Posted
from tests.chaos.load import Answer, Caller
from tests.chaos.programs import Program, Service
from tests.chaos.provider import Behaviour, Call
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import Measure, deliveries, quantile
from tests.chaos.workers import KILL_EVERY_SECONDS, Killer
from tests.counts import counts

_ENDERS = 4
# The events of a send by its status, as GET /verifications/{id} shows it.
_OF_SEND = {"sent": "send.accepted", "failed": "send.failed", "dropped": "send.dropped"}
# A verification's id, a type, and a send's number or 0.
_Happening = tuple[str, str, int]


def event_kills(scene: Scene) -> Sequence[Measure]:
    """Each verification comes to some end. Meanwhile a worker and one of two APIs are killed every
    other second."""
    redis = scene.redis()
    provider = scene.provider(behaviour=Behaviour(before_seconds=0.02, after_seconds=0.03))
    backend = scene.backend()
    service = scene.service(
        redis.url,
        provider,
        **backend.env("/falters"),
        OTP_TTL_SECONDS="60",
        OTP_MAX_CHECKS="1",
    )
    apis = _Apis(scene, service)
    killer = Killer(scene, service, service.start_workers(scene.scaled(long=4, short=2)))
    ends = _Ends(apis.ports, leave=scene.scaled(long=True, short=False))
    load = scene.load(*apis.ports, rate=50, total=scene.scaled(long=10_000, short=150))
    while not load.is_over:
        killer.turn()
        apis.turn()
        ends.bring(provider.calls())
        time.sleep(scene.scaled(long=0.5, short=0.1))
    started = [answer for answer in load.wait() if answer.status == 202]
    with redis.client() as client:
        settle(client, 60)
        ends.bring(provider.calls())
        ends.wait()
        time.sleep(scene.scaled(long=61, short=0))
        waiting = _wait_for_events(client, 60)
        given_up = counts(client).get("webhooks:given_up", 0)
    expected = _expected(apis.ports, started)
    arrived = backend.requests()
    seen = Counter(map(_happening, arrived))
    return [
        Measure(name="verifications", value=len(started)),
        Measure(name="kills of workers", value=killer.kills),
        Measure(name="of APIs", value=apis.kills),
        Measure(name="events expected", value=len(expected)),
        Measure(name="arrived", value=len(expected & seen.keys())),
        Measure(name="lost", value=len(expected - seen.keys()) + waiting, at_most=0),
        Measure(name="given up", value=given_up, at_most=0),
        Measure(name="of nothing that happened", value=_made_up(seen, expected), at_most=0),
        Measure(name="repeated", value=len(arrived) - len(seen)),
        Measure(name="with another id or body", value=_changed(arrived), at_most=0),
        Measure(name="with a gap in their revisions", value=_gaps(arrived), at_most=0),
        Measure(name="forged", value=sum(not one.is_genuine for one in arrived), at_most=0),
    ]


def event_expiries(scene: Scene) -> Sequence[Measure]:
    """Many codes expire in the same millisecond, and nobody asks for their verifications."""
    redis = scene.redis()
    provider = scene.provider()
    backend = scene.backend()
    service = scene.service(redis.url, provider, **backend.env("/takes"))
    port, _ = service.start_api()
    service.start_workers(2)
    answers = scene.load(port, rate=100, total=scene.scaled(long=10_000, short=200)).wait()
    ids = [answer.verification_id for answer in answers if answer.status == 202]
    with redis.client() as client:
        settle(client, 60)
        _wait_for_events(client, 60)
        expires_at = time.time() + 1
        with client.pipeline(transaction=False) as pipe:
            for id_ in ids:
                pipe.hset(f"otp:verification:{id_}", "expires", int(1000 * expires_at))
            pipe.zadd("otp:webhooks:ends", dict.fromkeys(ids, int(1000 * expires_at)))
            pipe.execute()
        time.sleep(1)
        waiting = _wait_for_events(client, 60)
    posted = [one for one in backend.requests() if one.event["type"] == "verification.expired"]
    told = {one.event["data"]["verification_id"] for one in posted}
    noticed = max(map(_moment, posted))
    return [
        Measure(name="codes that expired", value=len(ids)),
        Measure(name="without an event", value=len(ids) - len(told) + waiting, at_most=0),
        Measure(
            name="worst until noticed", value=max(0, noticed - expires_at), at_most=5, unit=" s"
        ),
        Measure(
            name="until it arrived",
            value=max(one.at for one in posted) - expires_at,
            at_most=scene.scaled(long=10, short=5),
            unit=" s",
        ),
    ]


def endpoints_hang(scene: Scene) -> Sequence[Measure]:
    """All apps have an endpoint that hangs, except for one."""
    redis = scene.redis()
    provider = scene.provider(behaviour=Behaviour(before_seconds=0.02, after_seconds=0.03))
    backend = scene.backend()
    apps = [f"app-{n}" for n in range(scene.scaled(long=1_000, short=250))]
    tables = (f'[{app}]\nwebhook_url = "{backend.url}/hangs/{app}"' for app in apps)
    env = {**backend.env("/takes"), "OTP_APPS": "\n".join(tables)}
    service = scene.service(redis.url, provider, **env)
    port, _ = service.start_api()
    service.start_workers(1)
    with redis.client() as client:
        starter = AppStarter(client, service.env)
        for app in apps:
            starter.start(app, next(scene.numbers))
        load = scene.load(port, rate=10)
        time.sleep(scene.scaled(long=60, short=3))
        answers = load.end()
        settle(client, 30)
        time.sleep(1)
    found = deliveries(answers, provider.calls())
    posted = backend.requests()
    delays = [one.at - _moment(one) for one in posted if one.path == "/takes"]
    return [
        Measure(name="endpoints that hang", value=len(apps)),
        Measure(name="requests to them", value=sum(one.path != "/takes" for one in posted)),
        Measure(name="other events", value=2 * found.accepted),
        Measure(name="missing", value=2 * found.accepted - len(delays), at_most=0),
        # At first, no endpoint has answered: a worker tries a hundred a second. That is most of a
        # short run.
        Measure(
            name="p50",
            value=quantile(delays, 0.5),
            at_most=scene.scaled(long=0.5, short=5),
            unit=" s",
        ),
        Measure(name="worst", value=max(delays), at_most=15, unit=" s"),
        Measure(name="codes lost", value=found.lost, at_most=0),
        Measure(name="p99 of codes", value=found.delay(0.99), at_most=1, unit=" s"),
    ]


class _Apis:
    """Two of them. Every other second one is killed and started again on its port."""

    def __init__(self, scene: Scene, service: Service) -> None:
        self.kills = 0
        self._random = scene.random
        self._service = service
        self._programs: dict[int, Program] = dict(service.start_api() for _ in range(2))
        self.ports = tuple(self._programs)
        self._next = time.monotonic() + KILL_EVERY_SECONDS / 2

    def turn(self) -> None:
        """Kill when it is time."""
        if time.monotonic() < self._next:
            return
        port = self._random.choice(self.ports)
        self._programs[port].kill()
        _, self._programs[port] = self._service.start_api(port)
        self.kills += 1
        self._next = time.monotonic() + KILL_EVERY_SECONDS


class _Ends:
    """Bring verifications to an end as soon as their code arrives: by the code, a wrong code or a
    cancellation. With `leave`, a quarter is left to expire."""

    def __init__(self, ports: Sequence[int], *, leave: bool) -> None:
        self._ports = ports
        self._ways = 4 if leave else 3
        self._pool = ThreadPoolExecutor(_ENDERS)
        self._begun: set[str] = set()

    def bring(self, calls: Iterable[Call]) -> None:
        for call in calls:
            if call.key not in self._begun:
                self._begun.add(call.key)
                self._pool.submit(self._end, call)

    def wait(self) -> None:
        self._pool.shutdown()

    def _end(self, call: Call) -> None:
        verification_id = call.key.rpartition("-")[0]
        wrong = f"{(int(call.code) + 1) % 10**6:06}"
        caller = Caller(self._ports)
        # What an API that is killed has done of it, the verification says in the end.
        with suppress(OSError, HTTPException):
            match zlib.crc32(call.key.encode()) % self._ways:
                case 0:
                    _check(caller, verification_id, call.code)
                case 1:
                    _check(caller, verification_id, wrong)
                case 2:
                    caller.call("DELETE", f"/verifications/{verification_id}")
        caller.close()


def _check(caller: Caller, verification_id: str, otp: str) -> None:
    caller.call("POST", "/verify-otp", {"verification_id": verification_id, "otp": otp})


def _expected(ports: Sequence[int], started: Iterable[Answer]) -> set[_Happening]:
    """What happened, by what the API says of each verification."""
    expected: set[_Happening] = set()
    caller = Caller(ports)
    for answer in started:
        id_ = answer.verification_id
        _, found = caller.call("GET", f"/verifications/{id_}")
        expected.add((id_, "verification.started", 0))
        # The call that was to end it may have met an API that was killed.
        if found["status"] != "pending":
            expected.add((id_, f"verification.{found['status']}", 0))
        expected |= {(id_, _OF_SEND[send["status"]], send["number"]) for send in found["sends"]}
    caller.close()
    return expected


def _happening(posted: Posted) -> _Happening:
    event = posted.event
    return event["data"]["verification_id"], event["type"], event["data"].get("send", 0)


def _made_up(seen: Iterable[_Happening], expected: set[_Happening]) -> int:
    """Verifications whose start was not answered have events too."""
    known = {verification_id for verification_id, *_ in expected}
    return sum(one[0] in known and one not in expected for one in seen)


def _changed(arrived: Iterable[Posted]) -> int:
    """How many events came with different ids, or with different bodies."""
    said: dict[_Happening, set[tuple[str, str]]] = defaultdict(set)
    for posted in arrived:
        said[_happening(posted)].add((posted.event_id, posted.body))
    return sum(len(ways) > 1 for ways in said.values())


def _gaps(arrived: Iterable[Posted]) -> int:
    """How many verifications have events whose revisions are not 1, 2, 3 and so on."""
    revisions: dict[str, set[int]] = defaultdict(set)
    for posted in arrived:
        data = posted.event["data"]
        revisions[data["verification_id"]].add(data["revision"])
    return sum(seen != set(range(1, len(seen) + 1)) for seen in revisions.values())


def _moment(posted: Posted) -> float:
    return datetime.fromisoformat(posted.event["timestamp"]).timestamp()


def _wait_for_events(redis: Redis, timeout: float) -> int:
    """Wait until every event is delivered. Returns how many are not."""
    deadline = time.monotonic() + timeout
    while (waiting := int(redis.zcard("otp:webhooks:since"))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return waiting
