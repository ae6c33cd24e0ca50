"""The console's messages on the virtual phone."""

from dataclasses import replace

import pytest

from shared.delivery.virtual_phone import Phone
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from tests.redis_servers import free_port
from tests.worker.senders.conftest import failure_of, make_message
from worker.senders.console import ConsoleSender
from worker.senders.virtual_phone import VirtualPhoneSender


@pytest.fixture
def phone(scripts) -> Phone:
    return Phone(scripts)


@pytest.fixture
def message(user):
    started = user.ask()
    code = user.code(started)
    return make_message(
        code=code,
        text=f"{code} is your code.",
        idempotency_key=f"{started.verification_id}-{started.send}",
        attempt=f"{started.verification_id}-{started.send}-1",
        earlier_id=None,
    )


def test_a_message_is_printed_and_comes_to_the_phone(phone, message, capsys):
    sender = VirtualPhoneSender(ConsoleSender(), phone)
    assert set(sender.channels) == set(ConsoleSender.channels)
    assert sender.send(message) is None
    assert f"to=+14155550123 code={message.code} expires_in=240s\n" in capsys.readouterr().out
    (shown,) = phone.look().messages
    assert (shown.to, shown.channel, shown.locale) == ("+1415*****23", "sms", "en")


@pytest.mark.parametrize(
    ("carrier", "failure"), [("refuse", "refused"), ("unreachable", "unreachable")]
)
def test_fails_where_the_carrier_is_told_so(phone, message, capsys, carrier, failure):
    sender = VirtualPhoneSender(ConsoleSender(), phone)
    phone.look()
    phone.tell_carrier(carrier)
    error = failure_of(sender, message)
    assert (error.failure, error.error) == (failure, f"carrier_{failure}")
    assert f"code={message.code}" in capsys.readouterr().out
    assert sender.send(replace(message, channel="whatsapp")) is None


def test_without_redis_it_is_printed_all_the_same_and_the_log_says_so(message, capsys, caplog):
    away = connect(f"redis://127.0.0.1:{free_port()}/0", timeout_seconds=0.1)
    assert VirtualPhoneSender(ConsoleSender(), Phone(Scripts(away))).send(message) is None
    assert f"code={message.code}" in capsys.readouterr().out
    (missed,) = [record for record in caplog.records if record.message == "phone_missed"]
    assert missed.error
