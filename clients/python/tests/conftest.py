"""Something that plays Sixpost: it answers what a test tells it to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sixpost import Sixpost

STARTED = {"verification_id": "VE1", "status": "pending", "channel": "sms", "message": "Sent."}
# Instead of an answer: the connection ends.
LOST: tuple[int, dict[str, str], bytes] = (0, {}, b"")


@dataclass
class Played:
    """`answers` are given in turn, and the last one from then on."""

    url: str
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    # Whether it ends a connection after an answer that does not say so.
    hangs_up: bool = False

    def will_answer(self, *answers: Any) -> None:
        self.answers = [answer if isinstance(answer, tuple) else told(answer) for answer in answers]


def told(body: Any, status: int = 200, **headers: str) -> tuple[int, dict[str, str], bytes]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, given, body if isinstance(body, bytes) else json.dumps(body).encode()


def problem(code: str, status: int, **facts: Any) -> tuple[int, dict[str, str], bytes]:
    headers = {"Retry_After": str(facts.pop("wait"))} if "wait" in facts else {}
    return told({"code": code, "detail": "In words.", "status": status, **facts}, status, **headers)


@contextmanager
def playing(host: str = "127.0.0.1") -> Iterator[Played]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            line = f"{self.command} {self.path}"
            headers = {name.lower(): value for name, value in self.headers.items()}
            played.asked.append((line, headers, json.loads(body) if body else None))
            played.connections.add(self.client_address)
            answers = played.answers
            status, given, content = answers.pop(0) if len(answers) > 1 else answers[0]
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **given}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection |= played.hangs_up

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "DELETE", "CONNECT"):
        setattr(Handler, f"do_{method}", Handler.answer)

    class Server(ThreadingHTTPServer):
        address_family = 10 if ":" in host else 2

    with Server((host, 0), Handler) as server:
        name = f"[{host}]" if ":" in host else host
        played = Played(f"http://{name}:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield played
        server.shutdown()
        thread.join()


@pytest.fixture(name="played")
def _played() -> Iterator[Played]:
    with playing() as played:
        yield played


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """The seconds that the client would have waited, each time."""
    pauses: list[float] = []
    monkeypatch.setattr("sixpost.client.time.sleep", pauses.append)
    return pauses


@pytest.fixture
def sixpost(played) -> Iterator[Sixpost]:
    client = Sixpost(played.url, "a-secret-key", timeout=2)
    yield client
    client.close()
