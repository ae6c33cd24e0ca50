"""The audit log: what the owner did, and who tried to be the owner."""

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.storage import keys, reading
from shared.storage.scripts import Scripts

MOST_ENTRIES = 1000

Action = Literal[
    "log_in",
    "log_in_failed",
    "log_out",
    "reveal",  # a number or an address was looked up in full
    "cancel",
    "unblock",
    "pause",
    "resume",
    "release",  # the pumping guard started afresh with a range or country
    "exempt",  # it leaves one out for a while
    "end_exemption",
    "resend_event",
    "test_message",
    "erasure",
    "end_sessions",
    "key_created",  # by the command api.keys, whose actor is the command itself
    "key_rotated",
    "key_revoked",
]

log = logging.getLogger("otp.audit")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`at` is in Unix seconds, by Redis's clock. `times` counts wrong log-ins in a row, of which
    `at` and `ip` are those of the last one. `facts` say what was acted on; addresses are masked.
    `ip` is empty for a command."""

    at: float | None
    action: str
    actor: str
    ip: str
    times: int
    facts: Mapping[str, Any]


class Audit:
    """Keeps the last MOST_ENTRIES entries for `keep_seconds`, and logs each for good."""

    def __init__(self, scripts: Scripts, keep_seconds: int) -> None:
        self._scripts = scripts
        self._keep_ms = keep_seconds * 1000
        self._record = scripts.load("owner/audit", when_full=True)

    def record(self, action: Action, actor: str, ip: str, **facts: Any) -> None:
        entry = {**facts, "action": action, "actor": actor, "ip": ip}
        log.info("audit", extra=entry)
        words = [json.dumps(entry), self._keep_ms, MOST_ENTRIES]
        self._record([keys.AUDIT], words)

    def entries(self) -> list[Entry]:
        """Newest first."""
        (lines,) = self._scripts.fetch(lambda pipe: pipe.lrange(keys.AUDIT, 0, -1))
        return [_read(fields) for fields in reading.json_objects(lines)]

    def oldest_first(self, since: float | None = None, until: float | None = None) -> list[Entry]:
        """Those from `since` until before `until`, in Unix seconds. An entry whose time cannot be
        read is among them only if both are None."""
        found = reversed(self.entries())
        if since is None and until is None:
            return list(found)
        first, end = since or 0, math.inf if until is None else until
        return [entry for entry in found if entry.at is not None and first <= entry.at < end]


def _read(fields: dict[str, Any]) -> Entry:
    return Entry(
        at=reading.moment(fields.pop("at", None)),
        action=str(fields.pop("action", reading.UNKNOWN)),
        actor=str(fields.pop("actor", reading.UNKNOWN)),
        ip=str(fields.pop("ip", reading.UNKNOWN)),
        times=reading.number(fields.pop("times", None), 1),
        facts=fields,
    )
