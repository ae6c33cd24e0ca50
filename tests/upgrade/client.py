"""Calls a service over HTTP, as its callers and its owner do."""

import base64
import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode


class Client:
    """The app shop, whose key is KEY, at an API on this machine."""

    KEY = "s" * 40

    def __init__(self, port: int) -> None:
        self._port = port
        basic = base64.b64encode(f"shop:{self.KEY}".encode()).decode()
        self._login = {"Authorization": f"Basic {basic}"}

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        expected: int | tuple[int, ...] = 200,
    ) -> Any:
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self._ask(method, path, content, headers, expected)

    def text(self, path: str) -> str:
        status, text, _ = self._exchange("GET", path, None, self._login)
        assert status == 200, f"{path}: {status} {text}"
        return text

    def form(self, path: str, **form: str) -> Any:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(form), headers, (200, 201))

    def _ask(
        self,
        method: str,
        path: str,
        content: str | None,
        headers: Mapping[str, str],
        expected: int | tuple[int, ...],
    ) -> Any:
        status, text, _ = self._exchange(method, path, content, {**self._login, **headers})
        wanted = expected if isinstance(expected, tuple) else (expected,)
        assert status in wanted, f"{method} {path}: {status} {text}"
        return json.loads(text or "null")

    def browse(self, path: str, cookie: str = "", **form: str) -> tuple[str, str]:
        """The page, and the cookie that it sets."""
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        method, content = ("POST", urlencode(form)) if form else ("GET", None)
        status, text, set_cookie = self._exchange(method, path, content, headers)
        assert status in (200, 303), f"{path}: {status} {text}"
        return text, set_cookie.partition(";")[0]

    def _exchange(
        self, method: str, path: str, content: str | None, headers: Mapping[str, str]
    ) -> tuple[int, str, str]:
        """The status, the body and the cookie."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers.get("Set-Cookie", "")
        finally:
            connection.close()
