"""How long answers take, on a socket."""

import json
import math
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Self

from tests.e2e.conftest import Service

KEYS = {"shop": "s" * 32, "bank": "b" * 32}
CHECKS = 10
OF_EACH_KIND = 20


class Stopwatch:
    """A service with two apps, and verifications of every kind, asked about by the app `shop`."""

    def __init__(self, start_service: Callable[..., Service]) -> None:
        self._service = start_service(
            OTP_API_KEYS=" ".join(f"{app}:{key}" for app, key in KEYS.items()),
            OTP_MAX_CHECKS=str(CHECKS),
            OTP_MAX_FAILED_CHECKS="1000000/1d",
            OTP_GUARD="off",
            API_PROCESSES="1",
        )
        self._headers = {app: {"Authorization": f"Bearer {key}"} for app, key in KEYS.items()}
        self._lines = count(2_000_000)

    def __enter__(self) -> Self:
        self._socket = socket.create_connection(("127.0.0.1", self._service.port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._service.stop()

    def measure(self, samples: int) -> dict[str, list[float]]:
        """The seconds of `samples` answers of each kind."""
        ids: dict[str, Iterator[str]] = {
            "never asked": (f"VE{random.getrandbits(128):032x}" for _ in count()),
            "pending": self._pending(samples),
            "expired": _endlessly([self._expired() for _ in range(OF_EACH_KIND)]),
            "another app's": _endlessly([self._start("bank") for _ in range(OF_EACH_KIND)]),
        }
        order = [kind for kind in ids for _ in range(samples)]
        random.shuffle(order)
        times: dict[str, list[float]] = {kind: [] for kind in ids}
        for kind in order:
            times[kind].append(self._check(next(ids[kind])))
        return times

    def _start(self, app: str = "shop") -> str:
        phone = f"+1213{next(self._lines)}"
        answer = self._service.call("POST", "/generate-otp", {"phone": phone}, self._headers[app])
        assert answer.status == 202, answer.content
        return str(answer.body["verification_id"])

    def _pending(self, samples: int) -> Iterator[str]:
        """Each as often as it has checks, but for the last, which ends it."""
        ids = [self._start() for _ in range(math.ceil(samples / (CHECKS - 1)))]
        return (id_ for id_ in ids for _ in range(CHECKS - 1))

    def _expired(self) -> str:
        """As it is after its time: the code is gone, and what is known of it is kept."""
        id_ = self._start()
        self._service.redis.delete(f"otp:code:{id_}")
        self._service.redis.hset(f"otp:verification:{id_}", "expires", int(time.time() * 1000))
        return id_

    def _check(self, verification_id: str) -> float:
        otp = f"{random.randrange(10**6):06}"
        body = json.dumps({"verification_id": verification_id, "otp": otp})
        lines = (
            "POST /verify-otp HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            f"Authorization: {self._headers['shop']['Authorization']}",
            f"Content-Length: {len(body)}",
        )
        request = ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
        begin = time.perf_counter()
        self._socket.sendall(request)
        answer = b""
        # Every answer ends its one JSON object.
        while not answer.endswith(b"}"):
            answer += self._socket.recv(65536)
        return time.perf_counter() - begin


def _endlessly(ids: Sequence[str]) -> Iterator[str]:
    return (random.choice(ids) for _ in count())


def p_of_kolmogorov_smirnov(first: Sequence[float], second: Sequence[float]) -> float:
    """The probability of two such samples, or two that differ more, when both are of one
    distribution (two-sided, asymptotic)."""
    a, b = sorted(first), sorted(second)
    i = j = 0
    largest = 0.0
    while i < len(a) and j < len(b):
        value = min(a[i], b[j])
        while i < len(a) and a[i] == value:
            i += 1
        while j < len(b) and b[j] == value:
            j += 1
        largest = max(largest, abs(i / len(a) - j / len(b)))
    t = largest**2 * len(a) * len(b) / (len(a) + len(b))
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * k * k * t) for k in range(1, 101))
    return min(1.0, sum(terms)) if t else 1.0
