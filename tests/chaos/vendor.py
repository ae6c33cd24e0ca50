"""A vendor of tests/providers in a process of its own: `python -m tests.chaos.vendor FOLDER/NAME
VENDOR`.

Its first line on stdout is the URL of a sender for it. It refuses what the vendor's documentation
does not allow, and writes one JSON line per message that it took to NAME.calls.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from tests.chaos.provider import Call
from tests.providers import telnyx, vonage
from worker.senders.conformance.servers import HttpServer, Reply, Request


@dataclass(frozen=True, kw_only=True)
class _Vendor:
    """`send_of` finds the idempotency key of a message in a request and its content."""

    url: str
    play: Callable[[], Any]
    send_of: Callable[[Request, dict[str, str]], str]


_VENDORS = {
    "telnyx": _Vendor(
        url=f"telnyx://{telnyx.KEY}@+15005550006",
        play=telnyx.Telnyx,
        send_of=lambda request, _: request.headers["Idempotency-Key"],
    ),
    "vonage": _Vendor(
        url=f"vonage://{vonage.ACCOUNT}@+15005550006",
        play=vonage.Vonage,
        send_of=lambda _, content: content["client_ref"].rpartition("-")[0],
    ),
}


class _Server(HttpServer):
    # When it is killed, a figure takes its port.
    allow_reuse_address = True


class _Recorder:
    def __init__(self, vendor: _Vendor, calls: TextIO) -> None:
        self._vendor = vendor
        self._played = vendor.play()
        self._calls = calls
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Reply:
        came_at = time.time()
        with self._lock:
            already = len(self._played.taken)
            reply: Reply = self._played(request)
            for content in self._played.taken[already:]:
                self._record(request, content, came_at)
        return reply

    def _record(self, request: Request, content: dict[str, str], came_at: float) -> None:
        call = Call(
            key=self._vendor.send_of(request, content),
            to="+" + content["to"].removeprefix("+"),
            code=re.findall("[0-9]{6}", content["text"])[0],
            outcome="accepted",
            came_at=came_at,
            at=time.time(),
        )
        self._calls.write(json.dumps(asdict(call)) + "\n")
        self._calls.flush()


def _main(path: Path, name: str) -> None:
    vendor = _VENDORS[name]
    with path.with_suffix(".calls").open("a", encoding="utf-8") as calls:
        server = _Server(_Recorder(vendor, calls))
        print(f"{vendor.url}?api=http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
