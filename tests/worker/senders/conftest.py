"""A message, and providers on 127.0.0.1 to hand it to."""

import email.policy
import json
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.redis_servers import free_port
from worker.senders.base import DeliveryError, Message, Sender
from worker.senders.conformance.servers import (
    HttpServer,
    Reply,
    Request,
    SmtpServer,
    serving,
)
from worker.senders.smtp import SmtpSender

Answering = Callable[..., tuple[str, HttpServer]]
# What a busy machine may add to a deadline.
SLACK_SECONDS = 1.5


def make_message(**changes: Any) -> Message:
    return Message(
        **{
            "to": "+14155550123",
            "channel": "sms",
            "code": "739158",
            "subject": "739158 is your Test code",
            "text": "739158 is your Test code.",
            "html": None,
            "locale": "en",
            "expires_in": 240,
            "idempotency_key": "VE0123456789abcdef0123456789abcdef-1",
            "attempt": "VE0123456789abcdef0123456789abcdef-1-1",
            "earlier_id": None,
            "receipt_url": None,
            **changes,
        }
    )


def failure_of(sender: Sender, message: Message | None = None) -> DeliveryError:
    """What a sender raises for a message."""
    with pytest.raises(DeliveryError) as raised:
        sender.send(message or make_message())
    return raised.value


@pytest.fixture
def http_server() -> Iterator[Answering]:
    """Start a provider: http_server(answer) or http_server(status=…, body=…) answers its HOST:PORT
    and the server, which keeps its requests."""
    with ExitStack() as running:

        def start(
            answer: Callable[[Request], Reply | None] | None = None, **reply: Any
        ) -> tuple[str, HttpServer]:
            server = HttpServer(answer or (lambda _: Reply(**reply)))
            return running.enter_context(serving(server)), server

        yield start


def played_by(provider: Callable[[], Any]):
    """A fixture `provider`: the HOST:PORT at which a new one of these answers, and itself."""

    @pytest.fixture(name="provider")
    def playing(http_server) -> tuple[str, Any]:
        played = provider()
        address, _ = http_server(played)
        return address, played

    return playing


def sent_to(server: HttpServer) -> dict[str, Any]:
    """The content of the one request."""
    [request] = server.requests
    sent: dict[str, Any] = json.loads(request.body)
    return sent


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl is not installed, which makes the test server's certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


@pytest.fixture
def tls(certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


class Inbox:
    """What arrived, and over how many connections."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.connections: set[Any] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=email.policy.SMTP))
        self.envelopes.append(envelope)
        self.connections.add(session.peer)
        return "250 OK"


Mailbox = Callable[..., tuple[int, Inbox]]


@pytest.fixture
def mail_server() -> Iterator[Mailbox]:
    """Start an aiosmtpd: its port and its inbox."""
    with ExitStack() as running:

        def start(inbox: Inbox | None = None, **options: Any) -> tuple[int, Inbox]:
            inbox = inbox or Inbox()
            port = free_port()
            controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
            controller.start()
            running.callback(controller.stop)
            return port, inbox

        yield start


@pytest.fixture
def server_reply() -> Iterator[Callable[..., tuple[str, SmtpServer]]]:
    """Start a server that replies as told: its HOST:PORT and what it received."""
    with ExitStack() as running:

        def start(replies: dict[str, str | None], **options: Any) -> tuple[str, SmtpServer]:
            server = SmtpServer(replies, **options)
            return running.enter_context(serving(server)), server

        yield start


@pytest.fixture
def trusted(certificate, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def smtp_sender(address: str | int, options: str = "&tls=none", login: str = "") -> SmtpSender:
    host = address if isinstance(address, str) else f"127.0.0.1:{address}"
    return SmtpSender.from_url(f"smtp://{login}{host}?from=otp@example.com{options}")


def make_mail(**changes):
    return make_message(**{"to": "a@example.com", "channel": "email", **changes})
