"""The deadline of a send, and sockets that keep it and limit how much of an answer is read.

The timeouts of Python's HTTP and SMTP libraries begin again with every byte. A provider that
answers byte by byte could hold a thread forever, and an endless answer could fill the memory.
Within `bounded()` no call of a connection lasts beyond the deadline, whatever the library does. A
client with its own connections, such as libcurl, needs the remaining seconds: `seconds_left()`.
"""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from worker.senders.base import LONGEST_SEND_SECONDS

# Providers answer with a few kilobytes. Covers headers, interim responses and SMTP replies too.
MOST_BYTES = 256 * 1024


class AnswerTooLong(OSError):
    """The provider has said more than MOST_BYTES in one send."""


@dataclass(kw_only=True)
class Bounds:
    """What a send has left. `over_at` is by the monotonic clock. `opened` and `sent` say whether it
    has connected to something, and whether it has said anything there."""

    over_at: float
    bytes_left: int = MOST_BYTES
    opened: bool = False
    sent: bool = False

    def wait(self, at_most: float | None = None) -> float:
        """The seconds that the next call may take. Raises TimeoutError after the deadline."""
        left = self.over_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if at_most is None else min(at_most, left)

    def count(self, size: int) -> None:
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise AnswerTooLong


class _Thread(threading.local):
    bounds: Bounds | None = None


_thread = _Thread()


@contextmanager
def bounded(seconds: float = LONGEST_SEND_SECONDS) -> Iterator[Bounds]:
    """Bound every connection that this thread uses in the block, also one kept from an earlier
    block, as long as requests, urllib3, smtplib or `socket.create_connection` has opened it. A
    block within another one shares its bounds."""
    _bound_libraries()
    outer = _thread.bounds
    _thread.bounds = outer or Bounds(over_at=time.monotonic() + seconds)
    try:
        yield _thread.bounds
    finally:
        _thread.bounds = outer


def seconds_left(at_most: float) -> float:
    """The seconds that a call of this thread may take. Raises TimeoutError after the deadline."""
    bounds = _thread.bounds
    return bounds.wait(at_most) if bounds else at_most


class _Socket(socket.socket):
    """Raises TimeoutError at the deadline, and AnswerTooLong."""

    def recv(self, *args: Any) -> bytes:
        with self._in_time() as bounds:
            data = super().recv(*args)
        if bounds:
            bounds.count(len(data))
        return data

    def recv_into(self, buffer: Any, *args: Any) -> int:
        with self._in_time() as bounds:
            size = super().recv_into(buffer, *args)
        if bounds:
            bounds.count(size)
        return size

    def send(self, data: Any, *args: Any) -> int:
        with self._in_time(sends=True):
            return super().send(data, *args)

    def sendall(self, data: Any, *args: Any) -> None:
        with self._in_time(sends=True):
            super().sendall(data, *args)

    @contextmanager
    def _in_time(self, *, sends: bool = False) -> Iterator[Bounds | None]:
        bounds, usual = _thread.bounds, self.gettimeout()
        if bounds is None:
            yield None
            return
        bounds.sent = bounds.sent or sends
        self.settimeout(bounds.wait(usual))
        try:
            yield bounds
        finally:
            self.settimeout(usual)


class _TlsSocket(_Socket, ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        with self._in_time():
            super().do_handshake(block)


def _bound_libraries() -> None:
    """Have the libraries open these connections. None of them takes a socket from us wherever it
    opens one (a proxy over TLS, what apprise calls), but all of them come by here. Outside of
    `bounded()` nothing changes. urllib3 is slow to import, so it is bounded once a sender has
    imported it."""
    ssl.SSLContext.sslsocket_class = _TlsSocket
    for name in ("socket", "urllib3.util.connection"):
        module = sys.modules.get(name)
        # While another thread imports a module, its functions are missing.
        if hasattr(module, "create_connection"):
            _bound(module)


@cache
def _bound(module: Any) -> None:
    module.create_connection = _bounded_one(module.create_connection)


def _bounded_one(usual: Callable[..., socket.socket]) -> Callable[..., socket.socket]:
    """The `create_connection` of socket or urllib3, bounded."""

    def create_connection(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        bounds = _thread.bounds
        if bounds is None:
            return usual(address, *args, **kwargs)
        given = dict(zip(("timeout", "source_address", "socket_options"), args, strict=False))
        given |= kwargs
        timeout = given.get("timeout")
        # Each module has its own object for "the default".
        seconds = timeout if isinstance(timeout, int | float) else None
        return _connect(bounds, *address, seconds, given.get("socket_options") or ())

    return create_connection


def _connect(
    bounds: Bounds, host: str, port: int, timeout: float | None, options: Sequence[Any]
) -> _Socket:
    """Connect to the first address of a host that answers. `timeout` seconds are for each address,
    and for each call of the connection. Raises OSError."""
    error = OSError("the name has no address")
    for family, kind, protocol, _, address in _addresses(host.strip("[]"), port, bounds):
        connection = _Socket(family, kind, protocol)
        try:
            for option in options:
                connection.setsockopt(*option)
            connection.settimeout(bounds.wait(timeout))
            connection.connect(address)
        except OSError as failed:
            connection.close()
            error = failed
        else:
            connection.settimeout(timeout)
            bounds.opened = True
            return connection
    raise error


def _addresses(host: str, port: int, bounds: Bounds) -> list[Any]:
    """Look a name up. The system's resolver cannot be interrupted, so it gets a thread of its own,
    which is left behind at the deadline and ends when the resolver gives up."""
    answer: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 (raised where the answer is waited for)
            answer.set_exception(error)

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    return answer.result(bounds.wait())
