"""Providers for the checks of a sender: servers on 127.0.0.1 that do as they are told."""

import atexit
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO

# What a client may take to hang up on a server that says nothing.
LONGEST_SILENCE_SECONDS = 30.0


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, handler: type[socketserver.BaseRequestHandler] = socketserver.BaseRequestHandler
    ) -> None:
        """Without a handler, finish_request() talks to the client."""
        super().__init__(("127.0.0.1", 0), handler)
        self._over = threading.Condition()
        self._connections_over = 0
        self._stopped = threading.Event()

    def serve(self) -> None:
        """Serve clients until stop() is called. Unlike serve_forever, this does not poll."""
        while not self._stopped.is_set():
            self.handle_request()

    def stop(self) -> None:
        self._stopped.set()
        # One more connection wakes serve(), which waits for it.
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.server_address[1]), timeout=5).close()

    def verify_request(self, *_: Any) -> bool:
        return not self._stopped.is_set()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._over:
            self._connections_over += 1
            self._over.notify_all()

    def wait_for_hang_ups(self, count: int) -> None:
        """Until so many connections are over, though not for ever."""
        with self._over:
            self._over.wait_for(lambda: self._connections_over >= count, timeout=5)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to talk about."""


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """`headers` are added, or take the place of those that would be sent. `hang_up` closes the
    connection behind the answer without saying so in it."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang_up: bool = False


# None sends no answer.
Answer = Callable[[Request], Reply | None]


class HttpServer(_Server):
    def __init__(self, answer: Answer) -> None:
        super().__init__(_HttpHandler)
        self.answer = answer
        self.requests: list[Request] = []

    @property
    def received(self) -> list[bytes]:
        return [request.path.encode() + b"\n" + request.body for request in self.requests]


class _HttpHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = LONGEST_SILENCE_SECONDS
    # One packet for an answer: two would wait for each other (Nagle, delayed ACK).
    wbufsize = -1
    server: HttpServer

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        request = Request(
            method=self.command,
            path=self.path,
            headers=dict(self.headers),
            body=self.rfile.read(length),
        )
        self.server.requests.append(request)
        reply = self.server.answer(request)
        if reply is None:
            self.rfile.read(1)
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = self.close_connection or reply.hang_up

    do_GET = do_POST = do_PUT = _handle  # noqa: N815 (http.server looks for these names)


class SmtpServer(_Server):
    """`replies` takes the place of what it says to a command, "" being the greeting and "." the end
    of a mail; None is silence, "" hangs up. {said} in a reply is all that the client has said."""

    def __init__(self, replies: Mapping[str, str | None], mails_per_connection: int = 1000) -> None:
        super().__init__()
        self.replies = {
            "": "220 ready",
            "EHLO": "250-here\r\n250 AUTH PLAIN",
            "AUTH": "235 welcome",
            "MAIL": "250 ok",
            "RCPT": "250 ok",
            "DATA": "354 go on",
            ".": "250 taken",
            **replies,
        }
        self.mails_per_connection = mails_per_connection
        self.received: list[bytes] = []

    def finish_request(self, request: Any, _: Any) -> None:
        request.settimeout(LONGEST_SILENCE_SECONDS)
        with request.makefile("rwb") as stream:
            said = b""
            self._reply("", said, stream)
            mails = 0
            while mails < self.mails_per_connection and (line := stream.readline()):
                said += line
                verb = line[:4].decode().upper().strip()
                reply = self._reply(verb, said, stream)
                if verb == "DATA" and reply == "354 go on":
                    mail = b"".join(iter(stream.readline, b".\r\n"))
                    said += mail
                    mails += 1
                    self.received.append(mail)
                    self._reply(".", said, stream)

    def _reply(self, verb: str, said: bytes, stream: BinaryIO) -> str | None:
        reply = self.replies.get(verb, "502 what?")
        if reply is None:
            stream.read(1)
        if not reply:
            raise ConnectionAbortedError
        words = " ".join(said.decode(errors="replace").split())
        stream.write(reply.replace("{said}", words[-400:]).encode() + b"\r\n")
        stream.flush()
        return reply


class TcpServer(_Server):
    """Takes connections and says nothing, or hangs up at once."""

    def __init__(self, *, hang_up: bool = False) -> None:
        super().__init__()
        self.hang_up = hang_up

    def finish_request(self, request: Any, _: Any) -> None:
        request.settimeout(LONGEST_SILENCE_SECONDS)
        while not self.hang_up and request.recv(65536):
            pass


class DripServer(_Server):
    """Reads up to and including `after`, says `head`, and then `drip` for as long as the client
    listens: byte by byte, or without a pause if it `floods`."""

    def __init__(
        self, drip: bytes, *, head: bytes = b"", after: bytes = b"", floods: bool = False
    ) -> None:
        super().__init__()
        self.drip = drip * (1000 if floods else 1)
        self.head = head
        self.after = after
        self.step = len(self.drip) if floods else 1
        self.pause_seconds = 0.0 if floods else 0.02

    def finish_request(self, request: Any, _: Any) -> None:
        request.settimeout(LONGEST_SILENCE_SECONDS)
        heard = b""
        while not heard.endswith(self.after) and (byte := request.recv(1)):
            heard += byte
        request.sendall(self.head)
        while True:
            for at in range(0, len(self.drip), self.step):
                request.sendall(self.drip[at : at + self.step])
                time.sleep(self.pause_seconds)


@contextmanager
def serving(server: _Server) -> Iterator[str]:
    """HOST:PORT of a server, while it runs."""
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.stop()
        thread.join()
        server.server_close()


@cache
def _silent() -> socket.socket:
    """Takes a port and never listens. If it were closed, another program could get the port."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    atexit.register(taken.close)
    return taken


def nobody() -> str:
    """HOST:PORT where nobody listens."""
    return f"127.0.0.1:{_silent().getsockname()[1]}"


def accepting(speaks: str, accepted: str, *, hang_up: bool = False) -> HttpServer | SmtpServer:
    """Takes every message; with `hang_up`, one per connection."""
    if speaks == "smtp":
        return SmtpServer({}, mails_per_connection=1 if hang_up else 1000)
    headers = {"Content-Type": "application/json"}
    reply = Reply(headers=headers, body=accepted.encode(), hang_up=hang_up)
    return HttpServer(lambda _: reply)


def silent(speaks: str, *, hang_up: bool) -> HttpServer | SmtpServer:
    """Hears the whole message, and says nothing to it or hangs up."""
    if speaks == "smtp":
        return SmtpServer({".": "" if hang_up else None})
    return HttpServer(_hang_up if hang_up else lambda _: None)


def dripping(speaks: str) -> Iterator[DripServer]:
    """Servers whose answers have no end."""
    if speaks == "smtp":
        yield DripServer(b"220-x\r\n")
        yield DripServer(b"250-x\r\n", head=b"220 ready\r\n")
        return
    request, status = b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n"
    yield DripServer(b"X-Name: value\r\n", head=status, after=request)
    yield DripServer(
        b"1\r\nx\r\n", head=status + b"Transfer-Encoding: chunked\r\n\r\n", after=request
    )


def _hang_up(_: Request) -> Reply:
    raise ConnectionAbortedError


def refusing(speaks: str) -> tuple[HttpServer | SmtpServer, Iterator[tuple[str, bool]]]:
    """A server, and all that it can answer that one does not hope for. Each step gives the server
    its next answer, and returns the name and whether no one can read the answer as accepted."""
    if speaks == "smtp":
        smtp = SmtpServer({})
        return smtp, _smtp_refusals(smtp)
    http = HttpServer(lambda _: None)
    return http, _http_refusals(http)


def _smtp_refusals(server: SmtpServer) -> Iterator[tuple[str, bool]]:
    usual = dict(server.replies)
    for command in usual:
        for reply in ("421 {said}", "451 4.3.0 {said}", "550 5.1.1 {said}", "554 {said}", "{said}"):
            server.replies = {**usual, command: reply}
            # A client may do without EHLO and AUTH.
            yield f"{reply} to {command or 'the connection'}", command not in ("EHLO", "AUTH")


def _http_refusals(server: HttpServer) -> Iterator[tuple[str, bool]]:
    for name, is_clear, server.answer in _http_answers():
        yield name, is_clear


def _http_answers() -> Iterator[tuple[str, bool, Answer]]:
    for status in (200, 204, 300, 304, *range(400, 452), *range(500, 512), 599):
        # 409 is how some say that they have it already.
        is_clear = status >= 300 and status != 409
        yield f"a {status}", is_clear, partial(_echo, status, {})
        yield f"a {status} in JSON", is_clear, partial(_echo_as_json, status)
    for body in (b"", b"null", b"[]", b'"no"', b"{", b"\xff\xfe", b"[" * 100_000):
        for status in (200, 400, 500):
            reply = Reply(status=status, body=body)
            yield f"a {status} with {body[:9]!r}", status > 200, lambda _, reply=reply: reply  # type: ignore[misc]
    short = {"Content-Length": "100000", "Connection": "close"}
    yield "an answer that breaks off", False, partial(_echo, 200, short)
    yield "20 MB", False, lambda _: Reply(body=b" " * 20_000_000)
    yield "an answer that is not gzip", False, partial(_echo, 200, {"Content-Encoding": "gzip"})
    nonsense = {"Content-Type": "text/plain; charset=nonsense"}
    yield "a charset that does not exist", False, partial(_echo, 200, nonsense)


def _echo(status: int, headers: Mapping[str, str], request: Request) -> Reply:
    return Reply(status=status, headers=headers, body=request.body)


def _echo_as_json(status: int, request: Request) -> Reply:
    said = request.body.decode(errors="replace")
    names = ("id", "sid", "message", "error", "code", "detail", "status")
    return Reply(status=status, body=json.dumps(dict.fromkeys(names, said)).encode())
