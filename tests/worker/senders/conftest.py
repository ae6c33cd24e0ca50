"""A message, and providers on 127.0.0.1 to hand it to."""

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from worker.senders.base import DeliveryError, Message, Sender
from worker.senders.conformance.servers import HttpServer, Reply, Request, serving

Answering = Callable[..., tuple[str, HttpServer]]


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
