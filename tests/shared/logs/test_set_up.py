"""What a process writes once its logs are set up."""

import json
import logging
import sys
import threading
import warnings

import pytest

from shared.logs import set_up


@pytest.fixture(autouse=True)
def put_back():
    """All that setting up changes in this process."""
    root, ours = logging.getLogger(), logging.getLogger("otp")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    hooks = sys.excepthook, threading.excepthook
    root.handlers = []
    yield
    logging.captureWarnings(capture=False)
    root.handlers = handlers
    root.level, ours.level = levels
    sys.excepthook, threading.excepthook = hooks


@pytest.fixture
def lines(capsys):
    """The lines since the last look, parsed."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_logger_writes_to_stdout(lines):
    set_up()
    logging.getLogger("somebody.else").warning("hello %s", "world")
    (line,) = lines()
    assert (line["event"], line["logger"]) == ("hello world", "somebody.else")


def test_text_is_for_people(capsys):
    set_up("text")
    logging.getLogger("otp.api").info("api_started", extra={"port": 5000})
    assert capsys.readouterr().out.endswith(" info     api      api_started           port=5000\n")


def test_debug_is_for_our_own_lines_only(lines):
    """Libraries may show codes and addresses at that level."""
    for level, ours in (("info", []), ("debug", ["ours"])):
        set_up(level=level)
        logging.getLogger("urllib3").debug("GET /?code=123456")
        logging.getLogger("otp.api").debug("ours")
        assert [line["event"] for line in lines()] == ours


def test_warnings_are_lines_too(lines):
    set_up()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old", stacklevel=1)
    (line,) = lines()
    assert line["logger"] == "py.warnings"
    assert "UserWarning: old" in line["event"]


def test_what_ends_a_thread_is_a_line_too(lines):
    set_up()
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    (line,) = lines()
    assert (line["event"], line["level"]) == ("crashed", "critical")
    assert "ZeroDivisionError" in line["exception"]


def test_what_ends_a_process_is_a_line_too(lines, capsys):
    set_up()
    # As Python calls it.
    sys.excepthook(RuntimeError, RuntimeError("first\nsecond"), None)
    (line,) = lines()
    assert line["event"] == "crashed"
    assert line["exception"] == "RuntimeError: first\nsecond"
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr() == ("", "KeyboardInterrupt\n")
