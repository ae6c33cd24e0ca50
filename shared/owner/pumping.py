"""What the pumping guard sees: messages to ranges and countries, and how many verified."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from shared.policy import Guard
from shared.verification.store import GuardCount, Store

# Those with the latest messages are looked at.
_MOST = 200
_NAME = re.compile("[^:]+:(range|country):.+")
# The worst first.
GuardState = Literal["held", "monitored", "exempt", "released", "ok"]


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """Messages to a range of numbers or a country (`subject`) of an app, and how many of them led
    to a verified number, in the guard's window. `monitored` is what would be held, `released` what
    the owner had the guard start afresh with, `exempt` what it does not watch for
    `exempt_seconds`. `name` tells the guard from all others."""

    name: str
    app: str
    kind: str
    subject: str
    sent: int
    verified: int
    state: GuardState
    exempt_seconds: float | None


def guarded(store: Store, guard_of: Callable[[str], Guard]) -> list[Guarded]:
    """What is held first, then the busiest. `guard_of` answers the guard of an app. Raises
    StorageUnavailable."""
    names = [name for name in store.guarded(_MOST) if _NAME.fullmatch(name)]
    rows = [
        _row(name, counted, guard_of)
        for name, counted in zip(names, store.guards(*names), strict=True)
        if counted.sent or counted.released or counted.exempt_ms
    ]
    return sorted(rows, key=lambda row: (get_args(GuardState).index(row.state), -row.sent))


def _row(name: str, counted: GuardCount, guard_of: Callable[[str], Guard]) -> Guarded:
    app, kind, subject = name.split(":", 2)
    return Guarded(
        name=name,
        app=app,
        kind=kind,
        subject=subject,
        sent=counted.sent,
        verified=counted.verified,
        state=_state(counted, guard_of(app), kind),
        exempt_seconds=counted.exempt_ms / 1000 if counted.exempt_ms else None,
    )


def _state(counted: GuardCount, guard: Guard, kind: str) -> GuardState:
    if counted.exempt_ms:
        return "exempt"
    enough = (guard.ranges if kind == "range" else guard.countries).count
    # As start.lua decides.
    if counted.sent >= enough and counted.verified * 100 < guard.percent * counted.sent:
        return "held" if guard.mode == "block" else "monitored"
    return "released" if counted.released else "ok"
