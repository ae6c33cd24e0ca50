"""How a log record becomes a line: JSON for programs, columns for a person at a terminal."""

import json
import logging
import os
import re
from datetime import UTC, datetime
from typing import Any, TextIO

from shared.logs.request import add_request

# json.dumps would make one for each line.
_JSON = json.JSONEncoder(default=str)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# What a terminal shows as it is, without quotes.
_PLAIN = re.compile(r"""[!#-<>-~]+""")
_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLORS = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31m"}


class JsonLines(logging.Formatter):
    """Formats `log.info("event", extra={"verification_id": …})`; JSON escapes what would break
    out of the line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _JSON.encode(line)


class TextLines(logging.Formatter):
    """Formats the same as columns: local time, level, logger, event and `name=value` for each
    field. An exception follows in indented lines. Everything but printable ASCII is escaped, so
    logged text can neither start a line nor steer the terminal."""

    def __init__(self, *, colors: bool) -> None:
        super().__init__()
        self._colors = colors

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        time = at.isoformat(timespec="milliseconds")[11:23]
        what = (
            f"{record.levelname.lower():<8} {_printable(record.name.removeprefix('otp.')):<8} "
            f"{_printable(record.getMessage()):<21}"
        )
        facts = [
            f"{self._painted(_DIM, f'{name}=')}{_value(value)}"
            for name, value in _fields(record).items()
            if value is not None
        ]
        what = self._painted(_COLORS.get(record.levelname, ""), what)
        lines = [" ".join((time, what, *facts)).rstrip()]
        if record.exc_info:
            exception = self.formatException(record.exc_info)
            lines += (f"    {_printable(line)}" for line in exception.splitlines())
        return "\n".join(lines)

    def _painted(self, color: str, text: str) -> str:
        return f"{color}{text}{_RESET}" if self._colors and color else text


def has_colors(stream: TextIO) -> bool:
    """Whether to color what is written there. https://no-color.org"""
    is_wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return is_wanted and stream.isatty()


def highlighted(text: str, stream: TextIO) -> str:
    """Text that stands out among other lines there, if it is a terminal."""
    return f"{_BOLD}{text}{_RESET}" if has_colors(stream) else text


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    add_request(found)
    return found


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _JSON.encode(text)[1:-1]


def _value(value: object) -> str:
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else _JSON.encode(value)
    return _JSON.encode(value)
