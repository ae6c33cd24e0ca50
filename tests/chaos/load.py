"""The callers: verifications started at a steady rate, and what was answered."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, RemoteDisconnected
from itertools import count
from typing import Any, Self

import phonenumbers

_THREADS = 32
_TIMEOUT_SECONDS = 10.0
_AREA_CODES = (415, 212, 312, 213, 617, 206, 305, 702, 404, 503)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer. `status` 0: there was none, and `problem` says why; else it is the problem's
    code. Times in Unix seconds."""

    status: int
    problem: str
    to: str
    verification_id: str
    asked_at: float
    answered_at: float

    @property
    def seconds(self) -> float:
        return self.answered_at - self.asked_at

    @property
    def key(self) -> str:
        """The idempotency key of the send that it promised."""
        return f"{self.verification_id}-1"


class Caller:
    """One connection at a time, to the first of the ports that takes one; for one thread."""

    def __init__(self, ports: Sequence[int], timeout: float = _TIMEOUT_SECONDS) -> None:
        self._ports = list(ports)
        self._timeout = timeout
        self._connection: HTTPConnection | None = None

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """(status, JSON). Raises OSError and HTTPException.

        A connection that the server has closed since the last answer is made anew, as every HTTP
        client does, and so is one that it closes before the request is whole, because it stops. One
        that is refused is made to the next port.
        """
        for _ in range(2 * len(self._ports)):
            fresh = self._connection is None
            if self._connection is None:
                connection = HTTPConnection("127.0.0.1", self._ports[0], timeout=self._timeout)
                try:
                    connection.connect()
                except ConnectionRefusedError:
                    self._ports.append(self._ports.pop(0))
                    continue
                self._connection = connection
            try:
                return self._exchange(self._connection, method, path, body)
            except BrokenPipeError:
                self.close()
            except (ConnectionRefusedError, ConnectionResetError, RemoteDisconnected):
                self.close()
                if fresh:
                    raise
            except (OSError, HTTPException):
                self.close()
                raise
        raise ConnectionRefusedError

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _exchange(
        connection: HTTPConnection, method: str, path: str, body: object
    ) -> tuple[int, Any]:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None


class Load:
    """Starts verifications of ever new numbers, `rate` per second, from `begin()` until `total`
    were asked for or `end()`. No caller waits for another one's answer."""

    def __init__(
        self, ports: Sequence[int], numbers: Iterator[str], *, rate: float, total: int = 10**9
    ) -> None:
        self.answers: list[Answer] = []
        self._numbers = numbers
        self._ports = ports
        self._rate = rate
        self._total = total
        self._turns = count()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work) for _ in range(_THREADS)]

    def begin(self) -> None:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    @property
    def is_over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def end(self) -> list[Answer]:
        """Every answer."""
        self._stopped.set()
        return self.wait()

    def wait(self) -> list[Answer]:
        for thread in self._threads:
            thread.join()
        return self.answers

    def _work(self) -> None:
        caller = Caller(self._ports)
        while True:
            with self._lock:
                turn = next(self._turns)
                number = next(self._numbers)
            due = self._began + turn / self._rate
            if turn >= self._total or self._stopped.wait(max(0.0, due - time.monotonic())):
                break
            self.answers.append(start(caller, number))
        caller.close()


class Prober:
    """Asks for the liveness of one API ten times a second, beside everything else."""

    def __init__(self, port: int) -> None:
        self.slowest_seconds = 0.0
        self.asked = self.failed = 0
        self._port = port
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        caller = Caller([self._port], timeout=5)
        while not self._stopped.wait(0.1):
            begin = time.perf_counter()
            status = 0
            with suppress(OSError, HTTPException):
                status, _ = caller.call("GET", "/health/live")
            self.asked += 1
            self.failed += status != 200
            self.slowest_seconds = max(self.slowest_seconds, time.perf_counter() - begin)
        caller.close()


def start(caller: Caller, number: str) -> Answer:
    """Start a verification."""
    asked_at = time.time()
    try:
        status, body = caller.call("POST", "/generate-otp", {"phone": number})
        problem = body.get("code", "")
        verification_id = body.get("verification_id", "")
    except (OSError, HTTPException, ValueError) as error:
        status, problem, verification_id = 0, type(error).__name__, ""
    return Answer(
        status=status,
        problem=problem,
        to=number,
        verification_id=verification_id,
        asked_at=asked_at,
        answered_at=time.time(),
    )


def new_numbers() -> Iterator[str]:
    """Valid numbers, each one once."""
    for area_code in _AREA_CODES:
        for line in range(10_000):
            number = f"+1{area_code}555{line:04}"
            if phonenumbers.is_valid_number(phonenumbers.parse(number)):
                yield number
