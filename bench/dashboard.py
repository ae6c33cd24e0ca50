"""What the dashboard costs the service, in one run on a Redis of its own:

    python -m bench.dashboard [SECONDS]

One process lets codes be asked for, handed over and checked, as fast as it can, in short rounds of
three kinds in any order, so that whatever else the machine does falls on each alike: without a
dashboard; with one that is looked at, which asks every 3 s, but here in each round of 0.5 s;
and with scripts that count nothing for it. The ratios are medians over the rounds. What Redis says
that its commands took is of the least disturbed round.
"""

import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

from redis import Redis

from shared import redis_scripts
from shared.codes import Codes
from shared.ledger import Claim, Ledger
from shared.policy import CHANNELS
from shared.pumping import guarded
from shared.queue import WakeUps
from shared.recipient import parse_phone
from shared.settings import Settings
from shared.state import ServiceState
from shared.statistics import WINDOWS, Statistics
from shared.store import Store
from shared.verification import VerificationService
from tests.conftest import KEY, redis_server

ROUND_SECONDS = 0.5
POLLS = 50
# What is counted in a busy minute, hour or day: every one that is shown has as much.
COUNTS_PER_BUCKET = 100
SENDERS = {"": {channel: ["smtp"] for channel in CHANNELS}}
# Behind the prelude, in place of its functions: what metrics show, and nothing else.
COUNT_FOR_METRICS_ONLY = """
count = function(_, ...)
  redis.call('HINCRBY', 'otp:counts', table.concat({...}, ':'), 1)
  redis.call('EXPIRE', 'otp:counts', 86400)
end
count_duration = function() end
"""


class Load:
    """One verification after another, from being asked for to being used."""

    _numbers = count()

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._codes = Codes(settings.secret_keys())
        self._ledger = Ledger(redis)
        self._wake_ups = WakeUps(redis, self._codes.job_keys)
        self._service = VerificationService(
            Store(redis, keep_seconds=settings.otp_keep),
            self._ledger,
            self._codes,
            self._wake_ups,
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
        started = self._service.start(to, "sms", app="default", ip="192.0.2.1", locale="en")
        claim = self._ledger.claim(started.verification_id, 1, SENDERS)
        assert isinstance(claim, Claim)
        self._ledger.done(claim, "accepted", provider_id="m-1")
        code = self._codes.derive(claim.kid, started.verification_id, 0, claim.length)
        self._service.check(code, app="default", ip="192.0.2.1", recipient=to)
        # There is no worker that would take it.
        self._redis.delete(self._wake_ups.queue_key)


class Look:
    """What a dashboard that is looked at asks Redis for."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._statistics = Statistics(redis)
        self._state = ServiceState(redis, "rq:queue:otp", SENDERS[""])
        self._store = Store(redis, keep_seconds=settings.otp_keep)
        self._guard = settings.policy().guard

    def __call__(self) -> None:
        self._statistics.read("minutes")
        self._statistics.refusals(100)
        self._state.read()
        guarded(self._store, lambda _: self._guard)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    settings = _settings()
    with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as server:
        redis = Redis.from_url(server.url)
        fill(redis)
        with scripts_that_count_for_metrics_only():
            uncounted = Load(redis, settings)
        counted = Load(redis, settings)
        for load in (counted, uncounted):
            load.run(1)
        process, looking = start_looking(server.url)
        throughput, redis_us = defaultdict(list), defaultdict(list)
        try:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                rounds = [("without", counted), ("looked at", counted), ("uncounted", uncounted)]
                random.shuffle(rounds)
                for kind, load in rounds:
                    if kind == "looked at":
                        looking.set()
                    before = script_stats(redis)
                    throughput[kind].append(load.run(ROUND_SECONDS))
                    calls, us = (b - a for a, b in zip(before, script_stats(redis), strict=True))
                    # A verification is four scripts.
                    redis_us[kind].append(4 * us / calls)
        finally:
            process.kill()
            process.join()
        show(throughput, redis_us, poll_ms=poll_ms(redis, Look(redis, settings)))


def show(
    throughput: dict[str, list[float]], redis_us: dict[str, list[float]], *, poll_ms: float
) -> None:
    rate = {kind: statistics.median(values) for kind, values in throughput.items()}
    us = {kind: min(values) for kind, values in redis_us.items()}
    looked_at = statistics.median(
        a / b for a, b in zip(throughput["looked at"], throughput["without"], strict=True)
    )
    counting = statistics.median(
        a / b for a, b in zip(throughput["without"], throughput["uncounted"], strict=True)
    )
    lines = {
        "verifications/s, no dashboard looked at": f"{rate['without']:.0f}",
        "verifications/s, a dashboard looked at": f"{rate['looked at']:.0f}",
        "ratio": f"{looked_at:.3f}",
        "verifications/s, nothing counted for it": f"{rate['uncounted']:.0f}",
        "ratio, counted to not counted": f"{counting:.3f}",
        "Redis per verification (4 scripts), counted": f"{us['without']:.0f} us",
        "Redis per verification, not counted": f"{us['uncounted']:.0f} us",
        "Redis per look at the dashboard": f"{poll_ms:.2f} ms",
        "share of Redis's time, asked every 3 s": f"{poll_ms / 3000:.2%}",
    }
    for name, value in lines.items():
        print(f"{name:<48}{value:>12}")


def fill(redis: Redis) -> None:
    """Every bucket that is shown, as full as that of a busy service."""
    seconds, _ = redis.time()  # type: ignore[misc]
    counts = {f"attempts:sms:sender-{n}:accepted": n for n in range(COUNTS_PER_BUCKET)}
    for unit, step_ms, shown in WINDOWS.values():
        newest = seconds * 1000 // step_ms
        for number in range(newest - shown, newest):
            redis.hset(f"otp:stats:{unit}:{number}", mapping=counts)  # type: ignore[arg-type]


def script_stats(redis: Redis) -> tuple[int, int]:
    """Calls and microseconds of all scripts so far."""
    stats = redis.info("commandstats")["cmdstat_evalsha"]  # type: ignore[index]
    return stats["calls"], stats["usec"]


def poll_ms(redis: Redis, look: Look) -> float:
    """What one look costs Redis, in milliseconds of its one thread's time."""

    def spent() -> int:
        stats: dict[str, dict[str, int]] = redis.info("commandstats")  # type: ignore[assignment]
        return sum(command["usec"] for command in stats.values())

    before = spent()
    for _ in range(POLLS):
        look()
    return (spent() - before) / POLLS / 1000


def start_looking(url: str):
    """A process that looks once each time that the event is set."""
    context = get_context("spawn")
    looking = context.Event()
    process = context.Process(target=_look_when_asked, args=(url, looking), daemon=True)
    process.start()
    return process, looking


def _look_when_asked(url: str, looking: Event) -> None:
    look = Look(Redis.from_url(url), _settings())
    while looking.wait():
        looking.clear()
        look()


@contextmanager
def scripts_that_count_for_metrics_only() -> Iterator[None]:
    prelude = redis_scripts._PRELUDE
    redis_scripts._PRELUDE = prelude + COUNT_FOR_METRICS_ONLY
    try:
        yield
    finally:
        redis_scripts._PRELUDE = prelude


def _settings() -> Settings:
    unlimited = {"OTP_LIMIT_TO": "none", "OTP_LIMIT_IP": "none", "OTP_RESEND_SECONDS": "0"}
    return Settings.load({"OTP_SECRET_KEYS": KEY, **unlimited}, env_file=None)


if __name__ == "__main__":
    main()
