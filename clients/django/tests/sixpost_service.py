"""The running Sixpost: OTP_FOLDER has its logs, REDIS_URL is its Redis, SIXPOST_URL its API."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from django.test import override_settings
from redis import Redis
from sixpost_django.service import sixpost

from tests.clock import clock_of

LOGS = Path(os.environ["OTP_FOLDER"])
_numbers = count(1)


def new_phone() -> str:
    return f"+1415553{next(_numbers):04}"


def code_for(phone: str, sends: int = 1) -> str:
    """The code in the newest of so many messages to a number."""
    sent = re.compile(rf"to=\{phone} code=(\d+)")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        logs = [log.read_text() for log in LOGS.glob("worker-*.log")]
        codes = [code for log in logs for code in sent.findall(log)]
        if len(codes) == sends:
            return codes[-1]
        time.sleep(0.02)
    raise AssertionError(f"no code for {phone}")


def let_codes_expire() -> None:
    with Redis.from_url(os.environ["REDIS_URL"]) as redis, clock_of(redis) as clock:
        clock.shift(301)


@contextmanager
def sixpost_away() -> Iterator[None]:
    """Nothing listens where the client calls."""
    sixpost.cache_clear()
    with override_settings(SIXPOST_URL="http://127.0.0.1:9"):
        yield
    sixpost.cache_clear()
