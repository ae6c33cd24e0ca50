"""One line per event, whatever is in it."""

import io
import json
import logging
import re
import sys

import pytest

from shared.logs.lines import JsonLines, TextLines, has_colors, highlighted
from tests.fakes import Terminal


def record(event, *args, level=logging.INFO, exc_info=None, **extra):
    logger = logging.getLogger("otp.test")
    return logger.makeRecord(logger.name, level, __file__, 1, event, args, exc_info, extra=extra)


@pytest.fixture
def line():
    """The line of one event, parsed."""

    def log(event, *args, **extra):
        text = JsonLines().format(record(event, *args, **extra))
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


FORGED = ['"}\n{"event":"forged', "a\r\nb", "\x1b[31m", "\x9b31m", "\x00", "\u2028", "\ud800"]


@pytest.mark.parametrize("text", FORGED, ids=ascii)
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


@pytest.fixture
def columns():
    """The line of one event for people, without its time."""

    def log(event, *args, colors=False, **extra):
        text = TextLines(colors=colors).format(record(event, *args, **extra))
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} ", text[:13])
        return text[13:]

    return log


def test_people_read_columns_and_the_facts_that_are_known(columns):
    seen = columns("code_requested", to="+1415*****23", send=2, route=None, lacks=["a b"])
    assert seen == 'info     test     code_requested        to=+1415*****23 send=2 lacks=["a b"]'
    assert columns("redis_back") == "info     test     redis_back"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a b", '"a b"'), ("", '""'), ('"', r'"\""'), ("x=1", '"x=1"'), ("ä", r'"\u00e4"')],
)
def test_a_value_that_is_not_one_word_has_quotes(columns, value, shown):
    assert columns("x", fact=value).endswith(f" fact={shown}")


@pytest.mark.parametrize("text", FORGED, ids=ascii)
def test_nothing_that_is_logged_starts_a_line_or_steers_the_terminal(columns, text):
    seen = columns("%s", text, fact=text, facts=[text], error=ValueError(text))
    assert seen.isascii()
    assert seen.isprintable()


def test_an_exception_follows_in_lines_that_nothing_in_it_can_forge(columns):
    try:
        raise RuntimeError("first\n08:00:00.000 info forged\x1b[31m\x9b")
    except RuntimeError:
        first, *others = columns("x", exc_info=sys.exc_info()).split("\n")
    assert first == "info     test     x"
    assert "    08:00:00.000 info forged\\u001b[31m\\u009b" in others
    assert all(line.startswith("    ") and line.isprintable() for line in others)


def test_colors_tell_levels_apart(columns):
    assert columns("x", level=logging.ERROR, colors=True).startswith("\x1b[31merror    ")
    assert columns("x", level=logging.WARNING, colors=True).startswith("\x1b[33mwarning  ")
    assert columns("x", fact=1, colors=True).endswith(" \x1b[2mfact=\x1b[0m1")


@pytest.mark.parametrize(
    ("stream", "env", "colored"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_only_terminals_that_may_get_colors_do(monkeypatch, stream, env, colored):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert has_colors(stream) == colored
    assert highlighted("code=123456", stream) == (
        "\x1b[1mcode=123456\x1b[0m" if colored else "code=123456"
    )
