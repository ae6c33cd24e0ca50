"""`python -m bench.provider RECORDS`: a provider that accepts every message over HTTP.

Prints its port. A POST to `/200` is answered after 200 ms, and one to `/0` immediately. With the
answer, the message is sent: the file or named pipe RECORDS (see recorder.py) gets its line, with
the time at which the request arrived. The provider does as little work per request as Python
allows, because it shares the machine with what it helps to measure.
"""

import asyncio
import base64
import re
import sys
import time
from pathlib import Path
from typing import Self, cast

import uvloop

from bench.recorder import Recorder
from tests.chaos.programs import Program

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TO = re.compile(rb'"to": ?"([^"]+)"')
# "otp" is what go_peer.py's peer calls it.
_CODE = re.compile(rb'"(?:code|otp)": ?"([^"]+)"')
_PATH = re.compile(rb"POST /(\d+)")
# A key that signs nothing that matters.
_KEY = f"whsec_{base64.b64encode(bytes(32)).decode()}"


class Answers(asyncio.Protocol):
    """A connection that has at most one request under way."""

    _transport: asyncio.Transport

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._received = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of uvloop have its methods, but not its class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or not length or len(body) < int(length[1]):
            return
        self._received = b""
        to, code, path = _TO.search(body), _CODE.search(body), _PATH.match(head)
        assert to, body
        assert code, body
        assert path, head
        self._loop.call_later(
            int(path[1]) / 1000, self._answer, time.time_ns(), to[1].decode(), code[1].decode()
        )

    def _answer(self, came_at_ns: int, to: str, code: str) -> None:
        self._recorder.note(came_at_ns, to, code)
        self._transport.write(_ANSWER)


async def _serve(records: str) -> None:
    recorder = Recorder(records)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answers(recorder), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Provider:
    """The program in a process of its own, and how others reach it."""

    def __init__(self, folder: Path, records: Path) -> None:
        log = folder / "provider.log"
        command = [sys.executable, "-m", "bench.provider", str(records)]
        self._program = Program.of(command, log, {}, talks=True)
        assert self._program.process.stdout
        self._port = int(self._program.process.stdout.readline())
        self.pid = self._program.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._program.kill()

    def env(self, seconds: float = 0.0) -> dict[str, str]:
        """What makes workers send here, and wait that long for an answer."""
        at = f"127.0.0.1:{self._port}/{1000 * seconds:.0f}"
        return {
            "OTP_SMS_SENDERS": f"webhook://{_KEY}@{at}?tls=none",
            "BENCH_PROVIDER": f"http://{at}",
        }


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
