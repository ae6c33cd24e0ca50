"""Sentinel: the master dies, and a replica takes its place."""

import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from itertools import pairwise
from typing import Any, Self, cast

from redis import Redis

from tests.chaos.load import Answer, Caller
from tests.chaos.programs import Provider, RedisServer, wait_for
from tests.chaos.provider import Behaviour, Call
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import Measure, deliveries

_DOWN_AFTER_SECONDS = 5
_CHECKERS = 4


def master_killed(scene: Scene) -> Sequence[Measure]:
    options = ("--min-replicas-to-write", "1", "--min-replicas-max-lag", "2")
    master = scene.redis(*options)
    for _ in range(2):
        scene.redis("--replicaof", f"127.0.0.1 {master.port}", *options)
    sentinels = [_sentinel(scene, master, number) for number in range(3)]
    for sentinel in sentinels:
        with sentinel.client() as client:
            wait_for(partial(_knows_all, client), 30, "the sentinels to meet")
    hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
    provider = scene.provider(behaviour=Behaviour(before_seconds=0.02, after_seconds=0.03))
    service = scene.service(f"redis+sentinel://{hosts}/mymaster/0", provider)
    port, _ = service.start_api()
    service.start_workers(2)

    load = scene.load(port, rate=30)
    with _Checkers(port, provider) as checkers:
        time.sleep(2)
        master.kill()
        time.sleep(scene.scaled(long=15, short=8))
        # It takes itself for the master until a sentinel has told it otherwise.
        master.start()
        time.sleep(scene.scaled(long=15, short=2))
    answers = load.end()
    with _new_master(sentinels[0]) as client:
        open_sends = settle(client, 60)
    found = deliveries(answers, provider.calls())
    return [
        Measure(name="verifications", value=found.accepted),
        Measure(name="unavailable", value=_longest_gap(answers), at_most=8, unit=" s"),
        Measure(name="checks answered", value=len(checkers.answered)),
        Measure(name="lost of them", value=_forgotten(port, checkers.answered), at_most=0),
        Measure(name="sends lost", value=found.lost + open_sends),
        Measure(name="duplicates", value=found.duplicates),
    ]


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """A check that was answered: `approved`, or else wrong and counted."""

    verification_id: str
    approved: bool


class _Checkers:
    """Check each code that arrives, first by a wrong guess."""

    def __init__(self, port: int, provider: Provider) -> None:
        self.answered: list[_Checked] = []
        self._port = port
        self._provider = provider
        self._arrived: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._check_all) for _ in range(_CHECKERS)]
        self._threads.append(threading.Thread(target=self._watch))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _watch(self) -> None:
        seen = 0
        while not self._stopped.wait(0.05):
            for call in self._provider.calls()[seen:]:
                self._arrived.put(call)
                seen += 1
        for _ in range(_CHECKERS):
            self._arrived.put(None)

    def _check_all(self) -> None:
        caller = Caller([self._port])
        while call := self._arrived.get():
            verification_id = call.key.rpartition("-")[0]
            wrong = f"{(int(call.code) + 1) % 10**6:06}"
            for otp in (wrong, call.code):
                body = {"verification_id": verification_id, "otp": otp}
                with suppress(OSError, HTTPException):
                    status, _ = caller.call("POST", "/verify-otp", body)
                    if status in (200, 400):
                        self.answered.append(
                            _Checked(verification_id=verification_id, approved=status == 200)
                        )
        caller.close()


def _forgotten(port: int, answered: Sequence[_Checked]) -> int:
    """How many answered checks the service does not know of."""
    caller = Caller([port])
    forgotten = 0
    for check in answered:
        status, body = caller.call("GET", f"/verifications/{check.verification_id}")
        if status != 200:
            forgotten += 1
        elif check.approved:
            forgotten += body["status"] != "approved"
        else:
            forgotten += body["checks_left"] > 4
    caller.close()
    return forgotten


def _longest_gap(answers: Sequence[Answer]) -> float:
    taken = sorted(answer.answered_at for answer in answers if answer.status == 202)
    return max((later - earlier for earlier, later in pairwise(taken)), default=float("inf"))


def _sentinel(scene: Scene, master: RedisServer, number: int) -> RedisServer:
    config = scene.folder / f"sentinel-{number}.conf"
    config.write_text(
        f"sentinel monitor mymaster 127.0.0.1 {master.port} 2\n"
        f"sentinel down-after-milliseconds mymaster {1000 * _DOWN_AFTER_SECONDS}\n"
        "sentinel failover-timeout mymaster 10000\n",
        encoding="utf-8",
    )
    sentinel = RedisServer(scene.folder, sentinel=config)
    scene.running.callback(sentinel.kill)
    return sentinel


def _knows_all(sentinel: Redis) -> bool:
    state = cast(dict[str, Any], sentinel.sentinel_master("mymaster"))
    return bool(state["num-slaves"] == 2 and state["num-other-sentinels"] == 2)


def _new_master(sentinel: RedisServer) -> Redis:
    with sentinel.client() as client:
        host, port = client.sentinel_get_master_addr_by_name("mymaster")
    return Redis(host=host.decode(), port=int(port))
