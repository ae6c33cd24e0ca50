"""One JSON line per event, whatever stands in it."""

import json
import logging
import sys

import pytest

from shared.logs import JsonLines, set_up


@pytest.fixture
def line():
    """The line of one event, parsed."""

    def log(event, *args, exc_info=None, **extra):
        logger = logging.getLogger("otp.test")
        record = logger.makeRecord(
            logger.name, logging.INFO, __file__, 1, event, args, exc_info, extra=extra
        )
        text = JsonLines().format(record)
        # Also what no terminal could write, and what only some readers take for a line's end.
        assert text.isascii()
        assert "\n" not in text
        return json.loads(text)

    return log


def test_a_line_holds_time_level_logger_event_and_the_extra_facts(line):
    seen = line("started", send=2, to="+1415*****23")
    assert seen.pop("time").endswith("+00:00")
    assert seen == {
        "level": "info",
        "logger": "otp.test",
        "event": "started",
        "send": 2,
        "to": "+1415*****23",
    }


@pytest.mark.parametrize(
    "text", ['"}\n{"event":"forged', "a\r\nb", "\x1b[31m", "\x00", "\u2028", "\ud800"], ids=ascii
)
def test_nothing_that_is_logged_breaks_out_of_its_line(line, text):
    seen = line("%s", text, fact=text)
    assert seen["event"] == seen["fact"] == text


def test_values_that_json_does_not_know_are_written_as_text(line):
    seen = line("x", error=ValueError("wrong"), data=b"\xff")
    assert (seen["error"], seen["data"]) == ("wrong", "b'\\xff'")


def test_an_exception_stays_in_its_line(line):
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        seen = line("x", exc_info=sys.exc_info())
    assert "RuntimeError: first\nsecond" in seen["exception"]


def test_set_up_sends_every_logger_to_stdout(capsys):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    try:
        set_up()
        logging.getLogger("somebody.else").warning("hello %s", "world")
    finally:
        root.handlers, root.level = handlers, level
    assert json.loads(capsys.readouterr().out)["event"] == "hello world"
