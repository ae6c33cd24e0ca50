"""What the dashboard costs the service.

One process requests, delivers and checks codes as fast as it can, in short rounds of two kinds:
without a dashboard, and with one that is looked at. That asks every 3 s, but here in each round of
0.5 s.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from typing import Any

from redis import Redis

from bench.figures import Figure, interleave, is_noisy, ratio
from bench.parts import KEY
from shared.codes import Codes
from shared.delivery.ledger import Claim, Ledger, Outcome
from shared.owner.pumping import guarded
from shared.owner.state import SystemState
from shared.owner.statistics import WINDOWS, Statistics
from shared.policy import CHANNELS
from shared.recipient import parse_phone
from shared.settings import Settings
from shared.storage import keys
from shared.storage.scripts import Scripts
from shared.verification.model import StartRequest
from shared.verification.service import VerificationService
from shared.verification.store import Store
from tests.redis_servers import redis_server

ROUNDS = 11
ROUND_SECONDS = 0.5
POLLS = 50
# What is counted in a busy minute, hour or day: every one that is shown has as much.
COUNTS_PER_BUCKET = 100
SENDERS = {"": {channel: ["smtp"] for channel in CHANNELS}}


class Lives:
    """One verification after another, from being asked for to being used."""

    _numbers = count()

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._codes = Codes(settings.secret_keys())
        scripts = Scripts(redis)
        self._ledger = Ledger(scripts)
        self._service = VerificationService(
            Store(scripts, keep_seconds=settings.otp_keep),
            self._codes,
            lambda _: settings.policy(),
        )

    def run(self, seconds: float) -> float:
        """Verifications a second."""
        begin, done = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            self._one()
            done += 1
        return done / (time.perf_counter() - begin)

    def _one(self) -> None:
        number = next(self._numbers)
        to = parse_phone(f"+1{212 + number // 10_000 % 5}555{number % 10_000:04}")
        started = self._service.start(
            StartRequest(recipient=to, channel="sms", app="default", ip="192.0.2.1", locale="en")
        )
        (claim,) = self._ledger.claim([(started.verification_id, 1)], SENDERS)
        assert isinstance(claim, Claim)
        self._ledger.done([Outcome(claim=claim, result="accepted", provider_id="m-1")])
        code = self._codes.derive(claim.kid, started.verification_id, 0, claim.length)
        self._service.check(code, app="default", ip="192.0.2.1", recipient=to)
        # There is no worker that would take it.
        self._redis.delete(keys.QUEUE)


class Look:
    """What a dashboard that is looked at asks Redis for."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        scripts = Scripts(redis)
        self._statistics = Statistics(scripts)
        self._state = SystemState(scripts, [(channel, "smtp") for channel in CHANNELS])
        self._store = Store(scripts, keep_seconds=settings.otp_keep)
        self._guard = settings.policy().guard

    def __call__(self) -> None:
        self._statistics.read("minutes")
        self._statistics.refusals(100)
        self._state.read()
        guarded(self._store, lambda _: self._guard)


@dataclass(frozen=True, kw_only=True)
class Round:
    """How many verifications a second there were, and how long Redis ran scripts for each."""

    rate: float
    redis_us: float


def figures(folder: Path) -> Iterator[Figure]:
    settings = unlimited()
    with redis_server(folder) as server:
        redis = Redis.from_url(server.url)
        fill(redis)
        lives = Lives(redis, settings)
        with looking_process(server.url) as looking:

            def looked_at() -> Round:
                looking.set()
                return one_round(redis, lives)

            subjects = {
                "without": lambda: one_round(redis, lives),
                "looked at": looked_at,
            }
            # The first of each warms up.
            interleave(subjects, rounds=1)
            seen = interleave(subjects, rounds=ROUNDS)
        yield from _compared(seen, poll_ms(redis, Look(redis, settings)))


def one_round(redis: Redis, lives: Lives) -> Round:
    before = script_stats(redis)
    rate = lives.run(ROUND_SECONDS)
    calls, us = (b - a for a, b in zip(before, script_stats(redis), strict=True))
    # A verification is four scripts.
    return Round(rate=rate, redis_us=4 * us / calls)


def _compared(seen: dict[str, list[Round]], poll_ms: float) -> Iterator[Figure]:
    rates = {kind: [each.rate for each in rounds] for kind, rounds in seen.items()}
    redis_us = median(each.redis_us for each in seen["without"])
    noisy = is_noisy(rates["without"])
    figures = {
        "looked at, against not looked at": f"{ratio(rates['looked at'], rates['without']):.2f}",
        "Redis's scripts per verification": f"{redis_us:.0f} µs",
        "Redis per look": f"{poll_ms:.2f} ms",
        "share of Redis's time, asked every 3 s": f"{poll_ms / 3000:.2%}",
    }
    for name, value in figures.items():
        yield Figure(name=name, value=value, noisy=noisy)


def fill(redis: Redis) -> None:
    """Every bucket that is shown, as full as that of a busy service."""
    seconds, _ = redis.time()
    counts: dict[Any, Any] = {
        f"attempts:sms:sender-{n}:accepted": n for n in range(COUNTS_PER_BUCKET)
    }
    for unit, step_ms, shown in WINDOWS.values():
        newest = seconds * 1000 // step_ms
        for number in range(newest - shown, newest):
            redis.hset(f"otp:stats:{unit}:{number}", mapping=counts)


def script_stats(redis: Redis) -> tuple[int, int]:
    """Calls and microseconds of all scripts so far."""
    stats = redis.info("commandstats").get("cmdstat_evalsha", {})
    return stats.get("calls", 0), stats.get("usec", 0)


def poll_ms(redis: Redis, look: Look) -> float:
    """What one look costs Redis, in milliseconds of its one thread's time."""

    def spent() -> int:
        stats: dict[str, dict[str, int]] = redis.info("commandstats")
        return sum(command["usec"] for command in stats.values())

    before = spent()
    for _ in range(POLLS):
        look()
    return (spent() - before) / POLLS / 1000


@contextmanager
def looking_process(url: str) -> Iterator[Event]:
    """A process that looks once each time that the event is set."""
    context = get_context("spawn")
    looking = context.Event()
    process = context.Process(target=_look_when_asked, args=(url, looking), daemon=True)
    process.start()
    try:
        yield looking
    finally:
        process.kill()
        process.join()


def _look_when_asked(url: str, looking: Event) -> None:
    look = Look(Redis.from_url(url), unlimited())
    while looking.wait():
        looking.clear()
        look()


def unlimited(**env: str) -> Settings:
    limits = {"OTP_LIMIT_TO": "none", "OTP_LIMIT_IP": "none", "OTP_RESEND_SECONDS": "0"}
    return Settings.load({"OTP_SECRET_KEYS": KEY, **limits, **env}, env_file=None)
