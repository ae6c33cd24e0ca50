"""The backends of apps, which get events: `python -m tests.chaos.backend FOLDER/NAME`.

Prints its URL, and writes one JSON line per request to NAME.requests. Below /takes, it answers 204.
Below /falters, it answers 503 to the first request for every fiftieth event. Below /hangs, it does
not answer, and ends its connections when it gets a line on stdin, which it confirms on stdout.
"""

import asyncio
import json
import sys
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TextIO

from docs.example.check_event import check_event
from tests.chaos.programs import Program
from tests.chaos.provider import read_request, write_answer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_BUSY_EVERY = 50


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A request, at a time in Unix seconds. `is_genuine` says that its signature is right."""

    path: str
    event_id: str
    body: str
    is_genuine: bool
    at: float

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


class Backend:
    """The program in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._requests = folder / "backend.requests"
        command = [sys.executable, "-m", "tests.chaos.backend", str(folder / "backend")]
        self.program = Program.of(command, folder / "backend.log", {}, talks=True)
        assert self.program.process.stdout
        self.url = self.program.process.stdout.readline().strip()

    def env(self, path: str = "") -> dict[str, str]:
        """What makes a service post events here, those of all apps if there is a path."""
        url = {"OTP_WEBHOOK_URL": self.url + path} if path else {}
        return {"OTP_WEBHOOK_SECRET": SECRET, "OTP_WEBHOOK_ALLOW": "127.0.0.1", **url}

    def hang_up(self) -> None:
        """End the connections of requests that hang."""
        assert self.program.process.stdin
        assert self.program.process.stdout
        print(file=self.program.process.stdin, flush=True)
        self.program.process.stdout.readline()

    def requests(self) -> Sequence[Posted]:
        lines = self._requests.read_text(encoding="utf-8").split("\n")
        # The last one may be half written.
        return [Posted(**json.loads(line)) for line in lines[:-1]]


class _Endpoints:
    def __init__(self, requests: TextIO) -> None:
        self._requests = requests
        self._seen: Counter[str] = Counter()
        self._hanging: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                path, headers, body = await read_request(reader)
                event_id = headers["webhook-id"]
                self._record(path, headers, body)
                if path.startswith("/hangs"):
                    self._hanging.add(writer)
                    # Until one side hangs up.
                    await reader.read()
                    break
                await write_answer(writer, self._status(path, event_id))
        self._hanging.discard(writer)
        writer.close()

    def hang_up(self) -> None:
        for writer in self._hanging:
            writer.close()

    def _status(self, path: str, event_id: str) -> HTTPStatus:
        self._seen[event_id] += 1
        is_unlucky = zlib.crc32(event_id.encode()) % _BUSY_EVERY == 0
        if path.startswith("/falters") and is_unlucky and self._seen[event_id] == 1:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.NO_CONTENT

    def _record(self, path: str, headers: dict[str, str], body: bytes) -> None:
        is_genuine = True
        try:
            check_event(headers, body, SECRET)
        except ValueError:
            is_genuine = False
        posted = Posted(
            path=path,
            event_id=headers["webhook-id"],
            body=body.decode(),
            is_genuine=is_genuine,
            at=time.time(),
        )
        self._requests.write(json.dumps(asdict(posted)) + "\n")
        self._requests.flush()


async def _main(path: Path) -> None:
    with path.with_suffix(".requests").open("a", encoding="utf-8") as requests:
        endpoints = _Endpoints(requests)
        server = await asyncio.start_server(endpoints.serve, "127.0.0.1", backlog=1024)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        async with server:
            while await asyncio.to_thread(sys.stdin.readline):
                endpoints.hang_up()
                print(flush=True)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
