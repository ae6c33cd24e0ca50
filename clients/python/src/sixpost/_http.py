"""HTTP over connections that are kept open, by http.client. Threads can share them."""

import json
import os
import selectors
import ssl
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from sixpost.api import ERRORS, NoAnswer, NoConnection, SixpostError


class Server:
    """Sixpost at a URL, through the proxy that the environment names. Follows no redirects. The
    timeout is for the connection, and for each wait for data."""

    def __init__(self, url: str, timeout: float, tls: ssl.SSLContext | None = None) -> None:
        self._url, self._timeout = urlsplit(url), timeout
        is_web = self._url.scheme in {"http", "https"} and self._url.hostname
        if not is_web or "@" in self._url.netloc or self._url.query or self._url.fragment:
            raise ValueError("url: expected http:// or https://, a host, and at most a path")
        self._is_secure = self._url.scheme == "https"
        self._open: Callable[..., HTTPConnection] = HTTPConnection
        if self._is_secure:
            self._open = partial(HTTPSConnection, context=tls or ssl.create_default_context())
        proxy = "" if proxy_bypass(self._url.netloc) else getproxies().get(self._url.scheme)
        self._proxy = urlsplit(proxy) if proxy else None
        if self._proxy and self._proxy.scheme != "http":
            raise ValueError("the proxy in the environment: expected http://")
        self._for_proxy = {}
        if self._proxy and self._proxy.username:
            user = unquote(f"{self._proxy.username}:{self._proxy.password or ''}").encode()
            self._for_proxy["Proxy-Authorization"] = f"Basic {b64encode(user).decode()}"
        # Each with its process: one that was forked must not use those of its parent.
        self._idle: deque[tuple[int, HTTPConnection]] = deque()

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Any:
        """The JSON of a success. Raises the SixpostError that anything else stands for."""
        connection = self._connection()
        failure: type[NoAnswer] = NoConnection
        target = self._url.path.rstrip("/") + path
        if self._proxy and not self._is_secure:
            target, headers = f"http://{self._url.netloc}{target}", headers | self._for_proxy
        try:
            if connection.sock is None:
                connection.connect()
            failure = NoAnswer
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            content = response.read(1_048_576)
            # Not the whole body, or too much of it.
            if response.length or not (response.isclosed() or response.will_close):
                raise IncompleteRead(content)
        except (OSError, HTTPException) as error:
            connection.close()
            raise failure(f"Sixpost did not answer ({type(error).__name__}).") from error
        if not response.will_close:
            self._idle.append((os.getpid(), connection))
        return _read(response, content)

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[1].close()

    def _connection(self) -> HTTPConnection:
        """One that is open, or a new one."""
        with suppress(IndexError):
            while True:
                pid, kept = self._idle.pop()
                with selectors.DefaultSelector() as selector:
                    selector.register(kept.sock, selectors.EVENT_READ)
                    # The server has closed one that can be read.
                    if pid == os.getpid() and not selector.select(0):
                        return kept
                kept.close()
        at = self._proxy or self._url
        new = self._open(at.hostname or "", at.port, timeout=self._timeout)
        if self._proxy and self._is_secure:
            new.set_tunnel(self._url.netloc, headers=self._for_proxy)
        return new


def _read(response: HTTPResponse, content: bytes) -> Any:
    body: dict[str, Any] = {}
    with suppress(ValueError, TypeError):
        body = {**json.loads(content or "{}")}
    if 200 <= response.status < 300 and (body or response.status == 204):
        return body
    if not isinstance(body.get("code"), str):
        body = {"code": "unexpected_answer", "detail": f"Not of Sixpost: status {response.status}."}
    seconds = response.headers.get("Retry-After", "")
    body["retry_after"] = int(seconds) if seconds.isdecimal() else None
    # An error of a newer Sixpost has no class here.
    raise ERRORS.get(body["code"], SixpostError)(**body | {"status": response.status})
