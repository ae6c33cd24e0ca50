"""Sixpost, for threads and for asyncio."""

import asyncio
import json
import random
import re
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sixpost._calls import AsyncCalls, Calls
from sixpost._http import Server
from sixpost.api import NoAnswer, NoConnection, SixpostError

_ATTEMPTS, _LONGEST_PAUSE_SECONDS = 3, 5


class Sixpost(Calls):
    """Sixpost at a URL, for all threads. Calls raise SixpostError.

    A call is repeated, at most twice, if there was no connection, after a 503 with a Retry-After of
    up to 5 seconds and, unless that could do harm, if the answer was lost. Each attempt waits up to
    `timeout` seconds for a connection, and then for data. `tls` can name your own authorities."""

    def __init__(
        self, url: str, key: str = "", *, timeout: float = 5, tls: ssl.SSLContext | None = None
    ) -> None:
        # The error of http.client would quote it.
        if not re.fullmatch("[!-~]*", key):
            raise ValueError("key: expected visible ASCII characters")
        self._server = Server(url, timeout, tls)
        authorization = {"Authorization": f"Bearer {key}"} if key else {}
        self._headers = {"Content-Type": "application/json", **authorization}
        self.close = self._server.close

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        # An ID could lead elsewhere.
        if not re.fullmatch(r"(/[\w-]+)+", path, re.ASCII):
            raise ValueError("expected the ID of a verification")
        given = {name: value for name, value in (body or {}).items() if value is not None}
        content = json.dumps(given).encode() if given else None
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._server.ask(method, path, headers, content)
            except SixpostError as error:
                pause = _pause_after(error, is_harmless=bool(key) or method == "GET")
                if pause is None or attempt == _ATTEMPTS:
                    raise
            time.sleep(pause)
        return None


class AsyncSixpost(AsyncCalls):
    """Sixpost for asyncio, with the same arguments. Each call runs in a thread, so one that is
    canceled may still take effect."""

    def __init__(self, url: str, key: str = "", **options: Any) -> None:
        self._sixpost = Sixpost(url, key, **options)
        self._threads = ThreadPoolExecutor(64, "sixpost")  # asyncio's own are for the app.

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._sixpost.close()

    async def ask(self, *request: Any) -> Any:
        run = asyncio.get_running_loop().run_in_executor
        return await run(self._threads, self._sixpost.ask, *request)


def _pause_after(error: SixpostError, *, is_harmless: bool) -> float | None:
    """Seconds until the next attempt, or None if there must be none."""
    if error.status == 503 and error.retry_after is not None:
        return error.retry_after if error.retry_after <= _LONGEST_PAUSE_SECONDS else None
    # A proxy that got no answer says 502 or 504.
    is_lost = isinstance(error, NoAnswer) or error.status in {502, 504}
    is_repeated = isinstance(error, NoConnection) or (is_lost and is_harmless)
    return random.uniform(0.2, 0.8) if is_repeated else None  # noqa: S311 (no secret)
