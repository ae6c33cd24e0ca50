"""What the pumping guard sees: the ranges and countries that get messages, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shared.policy import Guard
from shared.store import GuardCount, Store

# Those with the latest messages are looked at.
_MOST = 200
_WORST_FIRST = ("held", "monitored", "ok")


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """Messages to a range of numbers or a country (`subject`) of an app, and how many of them led
    to a verified number, in the guard's window. `monitored` is what would be held."""

    app: str
    kind: str
    subject: str
    sent: int
    verified: int
    state: Literal["held", "monitored", "ok"]


def guarded(store: Store, guard_of: Callable[[str], Guard]) -> list[Guarded]:
    """What is held first, then the busiest. `guard_of` answers the guard of an app. Raises
    StorageUnavailable."""
    names = store.guarded(_MOST)
    rows = [
        _row(name, counted, guard_of)
        for name, counted in zip(names, store.guards(*names), strict=True)
        if counted.sent
    ]
    return sorted(rows, key=lambda row: (_WORST_FIRST.index(row.state), -row.sent))


def _row(name: str, counted: GuardCount, guard_of: Callable[[str], Guard]) -> Guarded:
    app, kind, subject = name.split(":", 2)
    guard = guard_of(app)
    enough = (guard.ranges if kind == "range" else guard.countries).count
    # As start.lua decides.
    is_suspect = counted.sent >= enough and counted.verified * 100 < guard.percent * counted.sent
    state: Literal["held", "monitored", "ok"] = "ok"
    if is_suspect:
        state = "held" if guard.mode == "block" else "monitored"
    return Guarded(
        app=app,
        kind=kind,
        subject=subject,
        sent=counted.sent,
        verified=counted.verified,
        state=state,
    )
