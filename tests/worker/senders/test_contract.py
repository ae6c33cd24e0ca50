"""What base.py asks of every sender."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from tests.conftest import free_port
from tests.fakes import FakeSender
from worker.senders import sender_for
from worker.senders.base import Message, Sender


@pytest.fixture(params=["fake", "console", "smtp"])
def sender(request) -> Iterator[Sender]:
    """Each sender, with a provider that accepts everything."""
    if request.param == "smtp":
        port = free_port()
        controller = Controller(Sink(), "127.0.0.1", port)
        controller.start()
        yield sender_for(f"smtp://127.0.0.1:{port}?from=otp@example.com&tls=none")
        controller.stop()
    else:
        yield FakeSender() if request.param == "fake" else sender_for("console://")


def message(number: int) -> Message:
    return Message(
        to=f"a{number}@example.com",
        channel="email",
        code="123456",
        subject="123456 is your code",
        text="123456 is your code.",
        expires_in=299,
        idempotency_key=f"VE{number:032x}-1",
    )


def test_an_accepted_message_is_answered_with_the_id_of_the_provider_or_none(sender):
    answer = sender.send(message(1))
    assert answer is None or (isinstance(answer, str) and answer)
    assert "123456" not in str(answer)


def test_a_sender_is_called_from_many_threads(sender):
    with ThreadPoolExecutor(8) as threads:
        assert len(list(threads.map(sender.send, map(message, range(32))))) == 32
