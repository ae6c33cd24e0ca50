"""What all log lines of a request have in common: its id, and the trace that it belongs to."""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

# W3C Trace Context, section 3.2. Version 00 ends here; later ones may add more after a dash.
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<ids>(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_SAMPLED = 1


@dataclass(slots=True)
class Request:
    """`trace` is a traceparent as parse_traceparent() returns it. `app` is the caller's, as soon as
    that is known."""

    id: str
    trace: str | None = None
    app: str | None = None


# The request that the current thread answers.
current: ContextVar[Request | None] = ContextVar("request", default=None)


def called_by(app: str) -> str:
    """Note the app that has made the current request, and return it."""
    if request := current.get():
        request.app = app
    return app


def caller() -> str | None:
    """The app that has made the current request."""
    request = current.get()
    return request.app if request else None


def trace() -> str | None:
    """The traceparent of the current request."""
    request = current.get()
    return request.trace if request else None


def parse_traceparent(header: str) -> str | None:
    """A `traceparent` in the form of version 00, with no flag but `sampled`, so that it has 55
    characters whatever the version. Returns None if it is invalid.
    https://www.w3.org/TR/trace-context/#traceparent-header"""
    found = _TRACEPARENT.fullmatch(header)
    if not found or (found["version"] == "00" and found["more"] is not None):
        return None
    return f"00-{found['ids']}-{int(found['flags'], 16) & _SAMPLED:02x}"


def traced(kept: object = None) -> dict[str, str]:
    """The field of a line about something that keeps this traceparent. Empty if it keeps none, or
    if another program has written something else there."""
    valid = parse_traceparent(kept) if isinstance(kept, str) else None
    return {"trace_id": _trace_id(valid)} if valid else {}


def add_request(line: dict[str, Any]) -> None:
    """Add what a line has in common with the others of the current request. A verification keeps
    the trace that it was started in, so a later request about it can belong to another one."""
    request = current.get()
    if request is None:
        return
    line["request_id"] = request.id
    if request.trace:
        own = _trace_id(request.trace)
        is_other = line.get("trace_id", own) != own
        line["request_trace_id" if is_other else "trace_id"] = own


def _trace_id(traceparent: str) -> str:
    return traceparent[3:35]
