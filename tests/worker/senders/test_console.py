"""The line in the worker's log, which people read and scripts parse."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.policy import Channel
from tests.fakes import Terminal
from worker.senders import sender_for
from worker.senders.base import Message

LINE = re.compile(
    r"console-sender host=(\S+) channel=(sms|whatsapp|telegram|call|email) to=(\S+) "
    r"code=(\d{4,10}) expires_in=(\d+)s"
)


def message(
    to: str = "+14155550123", channel: Channel = "sms", code: str = "012345", **route: str
) -> Message:
    return Message(
        to=to,
        channel=channel,
        code=code,
        subject="subject",
        text="text",
        html=None,
        locale="en",
        expires_in=299,
        idempotency_key="key",
        attempt="key-1",
        earlier_id=None,
        receipt_url=None,
        **route,
    )


@pytest.mark.parametrize(
    ("to", "channel", "code"),
    [
        ("+14155550123", "sms", "012345"),
        ("+14155550123", "whatsapp", "0123456789"),
        ("+14155550123", "call", "0123"),
        ("a@example.com", "email", "012345"),
    ],
)
def test_a_message_is_one_line_that_can_be_parsed(capsys, to, channel, code):
    assert sender_for("console://").send(message(to, channel, code)) is None
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    assert LINE.fullmatch(line).groups()[1:] == (channel, to, code, "299")
    assert printed.err == ""


def test_a_message_stands_out_in_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Terminal())
    sender_for("console://").send(message())
    line = sys.stdout.getvalue()
    assert line.startswith("\x1b[1mconsole-sender ")
    assert line.endswith("\x1b[0m\n")


def test_lines_of_many_threads_do_not_mix(capsys):
    sender = sender_for("console://")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(sender.send, [message(code=f"{n:06}") for n in range(200)]))
    lines = capsys.readouterr().out.splitlines()
    assert sorted(LINE.fullmatch(line)[4] for line in lines) == [f"{n:06}" for n in range(200)]


def test_the_line_ends_with_what_the_route_of_the_country_says(capsys):
    route = {"from_number": "My Shop", "dlt_entity": "1101", "dlt_template": "1107"}
    sender_for("console://").send(message(**route))
    line = capsys.readouterr().out
    assert line.endswith("expires_in=299s dlt_entity=1101 dlt_template=1107 from=My Shop\n")
