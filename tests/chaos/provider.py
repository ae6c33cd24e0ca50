"""A provider to send to, in a process of its own: `python -m tests.chaos.provider FOLDER/NAME`.

It speaks the protocol of the webhook:// sender, and writes one JSON line per call to NAME.calls.
How it behaves is told by a JSON line on stdin (the fields of Behaviour), which it confirms on
stdout; its first line there is the URL of a sender for it.
"""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Literal, TextIO

_SIGNING_KEY = base64.b64encode(b"a key that signs nothing that matters").decode()

Outcome = Literal["accepted", "repeated", "busy", "hung", "gone"]


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What becomes of a call.

    ok                 taken `before_seconds` after it came, answered `after_seconds` later
    busy               answered at once that it should be tried later
    hang               never taken, and never answered: the connection ends after `hang_seconds`
    accept_then_hang   taken like ok, never answered

    A caller that hangs up before its message was taken has sent none. An `idempotent` provider
    takes no second message with the key of an earlier one.
    """

    mode: Literal["ok", "busy", "hang", "accept_then_hang"] = "ok"
    before_seconds: float = 0.0
    after_seconds: float = 0.0
    hang_seconds: float = 30.0
    idempotent: bool = False


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a sender. `at` and `came_at` in Unix seconds; `at` is when it was decided."""

    key: str
    to: str
    code: str
    outcome: Outcome
    came_at: float
    at: float


class _Provider:
    def __init__(self, calls: TextIO) -> None:
        self.behaviour = Behaviour()
        self._calls = calls
        self._taken: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays."""
        _, headers, body = await read_request(reader)
        message = json.loads(body)
        key = headers.get("idempotency-key") or headers["webhook-id"]
        came_at = time.time()
        behaviour = self.behaviour

        def record(outcome: Outcome) -> None:
            call = Call(
                key=key,
                to=message["to"],
                code=message["code"],
                outcome=outcome,
                came_at=came_at,
                at=time.time(),
            )
            self._calls.write(json.dumps(asdict(call)) + "\n")
            self._calls.flush()

        if behaviour.mode == "busy":
            record("busy")
            await write_answer(writer, HTTPStatus.SERVICE_UNAVAILABLE)
            return True
        if behaviour.mode == "hang":
            record("hung")
            await asyncio.sleep(behaviour.hang_seconds)
            return False
        await asyncio.sleep(behaviour.before_seconds)
        if reader.at_eof() or reader.exception():
            record("gone")
            return False
        record("repeated" if behaviour.idempotent and key in self._taken else "accepted")
        self._taken.add(key)
        if behaviour.mode == "accept_then_hang":
            await asyncio.sleep(behaviour.hang_seconds)
            return False
        await asyncio.sleep(behaviour.after_seconds)
        await write_answer(writer, HTTPStatus.OK, {"id": f"provider-{key}"})
        return True


async def read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """(path, headers by their names in lower case, body)"""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    fields = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    body = await reader.readexactly(int(headers["content-length"]))
    return first.split(" ")[1], headers, body


async def write_answer(
    writer: asyncio.StreamWriter, status: HTTPStatus, body: Mapping[str, str] | None = None
) -> None:
    content = json.dumps(body or {}).encode()
    writer.write(
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n".encode()
        + content
    )
    await writer.drain()


async def _main(path: Path) -> None:
    with path.with_suffix(".calls").open("a", encoding="utf-8") as calls:
        provider = _Provider(calls)
        server = await asyncio.start_server(provider.serve, "127.0.0.1", backlog=1024)
        port = server.sockets[0].getsockname()[1]
        print(f"webhook://whsec_{_SIGNING_KEY}@127.0.0.1:{port}/?tls=none", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            provider.behaviour = Behaviour(**json.loads(line))
            print("ok", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
