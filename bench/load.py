"""Load that wrk cannot make: it needs the codes, or keeps its rate whatever the answers are."""

import json
import os
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench import recorder
from bench.wrk import NotMeasured

_LONGEST_SECONDS = 10.0


class Connection:
    """A connection that stays, with one request under way at most."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_LONGEST_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def post(self, path: str, body: dict[str, str]) -> None:
        self.send("POST", path, json.dumps(body), "Content-Type: application/json")

    def send(self, method: str, path: str, body: str, *headers: str) -> None:
        content = body.encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
        lines.append(f"Content-Length: {len(content)}")
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + content)

    def answer(self, status: int) -> dict[str, Any] | None:
        """The answer, read when the socket is readable. Returns None if it is incomplete. Raises
        NotMeasured if it has another status."""
        received = self._socket.recv(65536)
        self._received += received
        head, end, content = self._received.partition(b"\r\n\r\n")
        if not received:
            raise NotMeasured("the server has closed a connection")
        if not end:
            return None
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        if len(content) < int(length):
            return None
        self._received = b""
        if int(head.split(b" ", 2)[1]) != status:
            raise NotMeasured(f"expected {status}: {content.decode()}")
        answer: dict[str, Any] = json.loads(content)
        return answer


@dataclass(frozen=True, kw_only=True)
class Started:
    """A verification that was accepted. `asked_at` is when its request was sent, in Unix
    seconds."""

    to: str
    verification_id: str
    asked_at: float


class Starter:
    """Starts verifications at a steady rate: no request waits for the answer to another one."""

    def __init__(self, port: int, numbers: Iterator[str]) -> None:
        self._port = port
        self._numbers = numbers
        self._selector = selectors.DefaultSelector()
        self._free: list[Connection] = []
        self._under_way: dict[Connection, tuple[str, float]] = {}
        self._started: list[Started] = []

    def run(self, per_second: int, seconds: float) -> list[Started]:
        """What was accepted, which is all. Raises NotMeasured."""
        self._started = []
        begin = time.monotonic()
        for turn in range(round(per_second * seconds)):
            due = begin + turn / per_second
            while (left := due - time.monotonic()) > 0:
                self._read(left)
            self._start()
        deadline = time.monotonic() + _LONGEST_SECONDS
        while self._under_way:
            if time.monotonic() > deadline:
                raise NotMeasured(f"{len(self._under_way)} requests were not answered")
            self._read(0.1)
        return self._started

    def _start(self) -> None:
        if self._free:
            connection = self._free.pop()
        else:
            connection = Connection(self._port)
            self._selector.register(connection, selectors.EVENT_READ)
        to = next(self._numbers)
        self._under_way[connection] = to, time.time()
        connection.post("/generate-otp", {"phone": to})

    def _read(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            connection: Connection = key.fileobj  # type: ignore[assignment]
            if connection not in self._under_way:
                # The server ends those that have said nothing for a while.
                self._selector.unregister(connection)
                self._free.remove(connection)
                connection.close()
            elif answer := connection.answer(202):
                to, asked_at = self._under_way.pop(connection)
                self._free.append(connection)
                self._started.append(
                    Started(to=to, verification_id=answer["verification_id"], asked_at=asked_at)
                )


class Client(Protocol):
    """How people use a service: what they send over a connection, and the statuses of answers."""

    accepted: int
    approved: int

    def ask(self, connection: Connection, to: str) -> None: ...

    def type(self, connection: Connection, to: str, code: str) -> None: ...


class OwnClient:
    accepted, approved = 202, 200

    def ask(self, connection: Connection, to: str) -> None:
        connection.post("/generate-otp", {"phone": to})

    def type(self, connection: Connection, to: str, code: str) -> None:
        connection.post("/verify-otp", {"phone": to, "otp": code})


class People:
    """People who ask for a code, type it in as soon as it comes, and start again with another
    number. The codes come by a named pipe that a recorder writes to."""

    def __init__(
        self,
        port: int,
        pipe: Path,
        numbers: Iterator[str],
        *,
        count: int,
        client: Client = OwnClient(),  # noqa: B008 (it has no state)
    ) -> None:
        self._port = port
        self._client = client
        self._numbers = numbers
        self._pipe = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        self._count = count
        self._waiting: dict[str, _Person] = {}

    def verify(self, seconds: float) -> tuple[int, float]:
        """How many are approved, in all and in a second. Raises NotMeasured."""
        approved: list[float] = []
        end = time.monotonic() + seconds
        people = {_Person(self._port, self._client) for _ in range(self._count)}
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            for person in people:
                selector.register(person.connection, selectors.EVENT_READ, person)
                self._begin(person)
            while people:
                ready = selector.select(_LONGEST_SECONDS)
                if not ready:
                    raise NotMeasured(f"{len(people)} people wait in vain")
                for key, _ in ready:
                    person = key.data
                    if person is None:
                        self._tell_codes()
                    elif person.is_approved():
                        approved.append(time.monotonic())
                        if approved[-1] < end:
                            self._begin(person)
                        else:
                            people.remove(person)
                            selector.unregister(person.connection)
                            person.connection.close()
        return len(approved), (len(approved) - 1) / (approved[-1] - approved[0])

    def _begin(self, person: "_Person") -> None:
        self._waiting.pop(person.to, None)
        person.ask(next(self._numbers))
        self._waiting[person.to] = person

    def _tell_codes(self) -> None:
        for taken in recorder.read(os.read(self._pipe, 1000 * recorder.LINE_BYTES)):
            if taken.to in self._waiting:
                self._waiting[taken.to].get(taken.code)


class _Person:
    """Somebody who gets a code, perhaps before the answer says that it will come."""

    def __init__(self, port: int, client: Client) -> None:
        self.connection = Connection(port)
        self.to = ""
        self._client = client

    def ask(self, to: str) -> None:
        self.to, self._code, self._is_accepted, self._is_typed = to, "", False, False
        self._client.ask(self.connection, to)

    def get(self, code: str) -> None:
        self._code = code
        self._type()

    def is_approved(self) -> bool:
        """Whether the answer that has come says so."""
        answer = self.connection.answer(
            self._client.approved if self._is_typed else self._client.accepted
        )
        if answer and not self._is_typed:
            self._is_accepted = True
            self._type()
            return False
        return answer is not None

    def _type(self) -> None:
        if self._is_accepted and self._code and not self._is_typed:
            self._is_typed = True
            self._client.type(self.connection, self.to, self._code)
