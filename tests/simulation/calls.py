"""How the actors reach Redis: an answer can get lost, or come too late."""

from collections.abc import Callable
from typing import Any

from shared.errors import StorageUnavailable
from tests.simulation import invariants
from tests.simulation.walk import Walk
from tests.simulation.world import Line


class Unavailable(Exception):
    """The caller was told that Redis is unreachable. `is_done` says whether Redis did it."""

    def __init__(self, *, is_done: bool) -> None:
        super().__init__()
        self.is_done = is_done


def ask(walk: Walk, line: Line, run: Callable[[], Any], *, faults: str = "") -> Any:
    """The answer, unless one of the `faults` happens: the answer is `lost`, or it comes so `late`
    that the caller has given up before. Raises Unavailable."""
    chance = walk.random.random() if walk.has_faults else 1
    knows_time = walk.world.core.store._clock_ms is not None
    if chance < 0.01 and "lost" in faults:
        line.fault = "lost"
    elif chance < 0.015 and "late" in faults and knows_time:
        line.fault = "late"
    line.happened, line.answer = "", None
    was_broken = walk.world.is_broken(line)
    try:
        return run()
    except StorageUnavailable:
        walk.advance(0)
        if not line.happened and not was_broken and not walk.is_full:
            invariants.answered_as_the_model("a call", "unavailable", "something")
        raise Unavailable(is_done=line.happened == "lost") from None
    finally:
        line.fault = ""
