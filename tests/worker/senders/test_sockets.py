"""A provider that answers byte by byte or without end costs a send its deadline and no memory, at
whatever point of the conversation it begins."""

import base64
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import ModuleType

import pytest

from tests.worker.senders.conftest import SLACK_SECONDS, failure_of, make_message
from worker.senders import sender_for
from worker.senders.base import DeliveryError, Sender
from worker.senders.conformance.servers import DripServer, TcpServer, serving
from worker.senders.http_post import Poster
from worker.senders.sockets import bounded

DEADLINE_SECONDS = 0.8

SECRET = "whsec_" + base64.b64encode(b"0" * 24).decode()
REQUEST = b"\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"

# What the server says before, and then without end. Of each the request has left.
HTTP_ANSWERS = {
    "a status line": (b"HTTP/1.1 200 ", b"x"),
    "headers": (OK, b"X-Name: value\r\n"),
    "one long header": (OK + b"X-Name: ", b"x"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 Early Hints": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a body": (OK + b"Content-Length: 60000\r\n\r\n", b"x"),
    "a body without a length": (OK + b"\r\n", b"x"),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a chunk's extension": (OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Name: value\r\n"),
    "a redirect": (b"HTTP/1.1 307 There\r\nLocation: /\r\n", b"X-Name: value\r\n"),
    "a refusal": (b"HTTP/1.1 500 No\r\nContent-Length: 60000\r\n\r\n", b"x"),
}
# Those whose first 64 kB are an answer.
BODIES = {"a body", "a body without a length", "chunks", "a refusal"}
# libcurl reads over this one, which costs no memory.
SKIPPED = {"a chunk's extension"}


@pytest.fixture
def drips() -> Iterator[Callable[..., str]]:
    """Start a server that drips or floods: its HOST:PORT."""
    with ExitStack() as running:

        def start(drip: bytes, **options) -> str:
            return running.enter_context(serving(DripServer(drip, **options)))

        yield start


def late_failure(send: Callable[[], object]) -> DeliveryError:
    """What a send raises that has DEADLINE_SECONDS, and ends with them."""
    begun = time.monotonic()
    with bounded(DEADLINE_SECONDS), pytest.raises(DeliveryError) as raised:
        send()
    assert time.monotonic() - begun < DEADLINE_SECONDS + SLACK_SECONDS
    assert raised.value.__context__ is None
    return raised.value


def failure_in_time(sender: Sender, **message) -> tuple[str, str]:
    error = late_failure(lambda: sender.send(make_message(**message)))
    return error.failure, error.error


def webhook(address: str) -> Sender:
    return sender_for(f"webhook://{SECRET}@{address}/?tls=none")


@pytest.mark.parametrize("answer", HTTP_ANSWERS)
def test_an_http_answer_that_drips_ends_at_the_deadline(drips, answer):
    head, drip = HTTP_ANSWERS[answer]
    address = drips(drip, head=head, after=REQUEST)
    failure, error = failure_in_time(webhook(address))
    assert (failure, error) == ("unknown", "TimeoutError")


@pytest.mark.parametrize("answer", [a for a in HTTP_ANSWERS if a not in BODIES | SKIPPED])
def test_an_http_answer_without_end_is_read_up_to_a_limit(drips, answer):
    head, drip = HTTP_ANSWERS[answer]
    address = drips(drip, head=head, after=REQUEST, floods=True)
    assert failure_of(webhook(address)).failure == "unknown"


@pytest.mark.parametrize("answer", sorted(SKIPPED))
def test_what_is_skipped_without_end_is_skipped_until_the_deadline(drips, answer):
    head, drip = HTTP_ANSWERS[answer]
    address = drips(drip, head=head, after=REQUEST, floods=True)
    assert failure_in_time(webhook(address)) == ("unknown", "TimeoutError")


@pytest.mark.parametrize("answer", ["a body without a length", "chunks"])
def test_the_first_bytes_of_a_long_body_are_enough(drips, answer):
    head, drip = HTTP_ANSWERS[answer]
    webhook(drips(drip, head=head, after=REQUEST, floods=True)).send(make_message())


def test_the_deadline_is_of_the_send_also_on_a_kept_connection(http_server):
    """The second answer over it is the one that drips."""
    go_on = threading.Event()
    address, server = http_server(body=b"{}")
    poster = Poster()
    poster.post(f"http://{address}/", b"", {})
    server.answer = lambda _: go_on.wait(10) and None
    assert late_failure(lambda: poster.post(f"http://{address}/", b"", {})).failure == "unknown"
    go_on.set()


# A TLS record of 16 kB, and a handshake message that is longer still.
HELLO = b"\x16\x03\x03\x40\x00\x02\x00\xff\xff"


def test_a_tls_handshake_that_drips_is_transient(drips):
    sender = sender_for(f"webhook://{SECRET}@{drips(b'0', head=HELLO)}/")
    assert failure_in_time(sender) == ("transient", "TimeoutError")


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n"])
@pytest.mark.parametrize("floods", [False, True])
def test_a_proxy_that_drips_its_answer_to_connect_is_transient(drips, monkeypatch, head, floods):
    address = drips(b"X-Name: value\r\n", head=head, after=REQUEST, floods=floods)
    monkeypatch.setenv("https_proxy", f"http://{address}")
    monkeypatch.setenv("no_proxy", "")
    failure, _ = failure_in_time(sender_for(f"webhook://{SECRET}@provider.invalid/"))
    assert failure == "transient"


@pytest.fixture
def tls_drips(tls) -> Iterator[Callable[..., str]]:
    """Like drips, over TLS."""
    with ExitStack() as running:

        def start(drip: bytes, **options) -> str:
            server = DripServer(drip, **options)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
            return running.enter_context(serving(server))

        yield start


@pytest.mark.parametrize("floods", [False, True])
def test_an_answer_over_tls_is_bounded_too(tls_drips, certificate, monkeypatch, floods):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    address = tls_drips(b"X-Name: value\r\n", head=OK, after=REQUEST, floods=floods)
    failure, _ = failure_in_time(sender_for(f"webhook://{SECRET}@{address}/"))
    assert failure == "unknown"


def test_so_is_a_proxy_over_tls(tls_drips, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    address = tls_drips(b"X-Name: value\r\n", head=OK, after=REQUEST)
    monkeypatch.setenv("https_proxy", f"https://{address}")
    monkeypatch.setenv("no_proxy", "")
    failure, _ = failure_in_time(sender_for(f"webhook://{SECRET}@provider.invalid/"))
    assert failure == "transient"


def test_many_addresses_that_do_not_answer_share_one_deadline(monkeypatch):
    """A host whose queue of connections is full answers no other one."""
    with socket.socket() as full, ExitStack() as others:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        for _ in range(3):
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(address)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)] * 20
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert failure_in_time(mailer("many.invalid"), **MAIL) == ("transient", "TimeoutError")


def test_a_name_server_that_does_not_answer_is_waited_for_until_the_deadline(monkeypatch):
    go_on = threading.Event()

    def look_up(*_, **__):
        go_on.wait(10)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert failure_in_time(mailer("slow.invalid"), **MAIL)[0] == "transient"
    go_on.set()


MAIL = {"channel": "email", "to": "a@example.com"}
# What a mail server says, reply by reply. It need not wait for the commands.
TALK = {
    "the greeting": b"220 ready\r\n",
    "EHLO": b"250-here\r\n250 AUTH PLAIN\r\n",
    "AUTH": b"235 in\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go on\r\n",
    "the mail": b"250 taken\r\n",
}
REPLIES = {"many lines": (b"", b"250-x\r\n"), "a long line": (b"250-", b"x")}


def said_before(step: str) -> bytes:
    steps = list(TALK)
    return b"".join(TALK[one] for one in steps[: steps.index(step)])


def mailer(address: str) -> Sender:
    return sender_for(f"smtp://me:password@{address}?from=otp@example.com&tls=none")


@pytest.mark.parametrize("step", TALK)
@pytest.mark.parametrize("reply", REPLIES)
def test_a_mail_server_that_drips_is_unknown_only_once_the_mail_has_left(drips, step, reply):
    head, drip = REPLIES[reply]
    address = drips(drip, head=said_before(step) + head)
    failure = "unknown" if step == "the mail" else "transient"
    assert failure_in_time(mailer(address), **MAIL) == (failure, "TimeoutError")


@pytest.mark.parametrize("step", TALK)
@pytest.mark.parametrize("reply", REPLIES)
def test_a_mail_server_without_end_is_read_up_to_a_limit(drips, step, reply):
    head, drip = REPLIES[reply]
    address = drips(drip, head=said_before(step) + head, floods=True)
    error = failure_of(mailer(address), make_message(**MAIL))
    failure = "unknown" if step == "the mail" else "transient"
    assert (error.failure, error.error) == (failure, "AnswerTooLong")


@pytest.mark.parametrize(
    "url", ["smtps://{}?from=otp@example.com", "smtp://{}?from=otp@example.com"]
)
def test_so_is_its_tls_handshake(drips, url):
    starttls = b"220 ready\r\n250-here\r\n250 STARTTLS\r\n220 go on\r\n"
    address = drips(b"0", head=HELLO if url.startswith("smtps") else starttls)
    assert failure_in_time(sender_for(url.format(address)), **MAIL)[0] == "transient"


def apprise(address: str) -> Sender:
    return sender_for(f"apprise+json://{address}/?:to={{to}}")


@pytest.mark.parametrize(
    "answer", ["a status line", "headers", "a body without a length", "chunks"]
)
@pytest.mark.parametrize("floods", [False, True])
def test_apprise_keeps_the_deadline(drips, answer, floods):
    head, drip = HTTP_ANSWERS[answer]
    address = drips(drip, head=head, after=REQUEST, floods=floods)
    assert failure_in_time(apprise(address)) == ("unknown", "apprise_no_answer")


def test_apprise_is_transient_when_nothing_was_said_to_the_provider(drips):
    sender = sender_for(f"apprise+jsons://{drips(b'0', head=HELLO)}/?:to={{to}}")
    assert failure_in_time(sender) == ("transient", "apprise_no_connection")


@pytest.mark.parametrize("floods", [False, True])
def test_apprise_keeps_it_with_a_mail_server_too(drips, floods):
    host, port = drips(b"220-x\r\n", floods=floods).split(":")
    url = f"apprise+mailto://me:password@{host}:{port}?mode=insecure&from=a@b.example&to={{to}}"
    assert failure_in_time(sender_for(url), **MAIL) == ("transient", "apprise_no_connection")


def test_outside_of_a_send_connections_are_as_ever():
    with bounded():
        pass
    with serving(TcpServer(hang_up=True)) as address:
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            assert connection.recv(1) == b""


def test_sends_while_another_thread_imports_urllib3(monkeypatch):
    half_imported = ModuleType("urllib3.util.connection")
    monkeypatch.setitem(sys.modules, half_imported.__name__, half_imported)
    with bounded() as bounds:
        assert bounds.wait() > 0
