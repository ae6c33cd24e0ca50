"""Reads what is in Redis. Another version of the service may have written it, or a person by hand.
What cannot be read is left out or is unknown, and everything else is shown."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

UNKNOWN = "unknown"
# Beyond this, numbers in JSON are not exact.
_LARGEST = 2**53
# The end of the year 9999, in Unix milliseconds.
_LATEST_MS = 253_402_300_800_000


def text(value: object) -> str | None:
    """Text that every encoder accepts. Returns None if the value is not text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else None


def fields(found: object) -> dict[str, str]:
    """The fields of a hash."""
    if not isinstance(found, Mapping):
        return {}
    return {str(text(name)): str(text(value)) for name, value in found.items()}


def number(value: object, default: int = 0) -> int:
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return default
    # Neither infinite nor NaN.
    return int(found) if abs(found) <= _LARGEST else default


def moment(milliseconds: object) -> float | None:
    """A time in Unix seconds. Returns None if the value is not a time."""
    found = number(milliseconds)
    return found / 1000 if 0 < found < _LATEST_MS else None


def word(value: object, known: Collection[str]) -> str:
    return value if isinstance(value, str) and value in known else UNKNOWN


def json_object(line: object) -> dict[str, Any] | None:
    """Returns None if the line is not a JSON object."""
    found = _json(line)
    return found if isinstance(found, dict) else None


def json_list(line: object) -> list[Any]:
    found = _json(line)
    return found if isinstance(found, list) else []


def _json(line: object) -> Any:
    if not isinstance(line, str | bytes):
        return None
    try:
        found = json.loads(line, parse_constant=_refuse)
        if "\\u" in str(text(line)):
            # Half a surrogate pair, which nothing could encode, becomes a question mark.
            found = json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return found


def json_objects(lines: object) -> list[dict[str, Any]]:
    """Those of a list that can be read."""
    found = map(json_object, lines if isinstance(lines, Iterable) else ())
    return [one for one in found if one is not None]


def counts(found: object) -> dict[str, int]:
    """A hash of counts by their names."""
    return {
        name: int(value)
        for name, value in fields(found).items()
        if value.isdecimal() and number(value, -1) >= 0
    }


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def timestamp(unix_seconds: float) -> str:
    """A time as RFC 3339 writes it, in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(unix_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
