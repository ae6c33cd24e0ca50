"""Walks on a server of their own."""

import logging
import random
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from redis import ConnectionPool, Redis, UnixDomainSocketConnection

from tests.redis_servers import REAL_REDIS, redis_server
from tests.simulation.invariants import Violation
from tests.simulation.moves import MOVES
from tests.simulation.walk import Walk
from tests.simulation.world import simulated


@dataclass(frozen=True, kw_only=True)
class Report:
    """`interleavings` are the different histories that verifications had: their moves, and results,
    in order. `violation` is empty if all invariants held, and `last` the last moves. `history` is a
    hash of all moves, their results and the data at the end. `words` say how often each thing has
    happened."""

    seed: int
    steps: int
    interleavings: frozenset[bytes]
    invariant: str = ""
    violation: str = ""
    last: str = ""
    history: str = ""
    words: Mapping[str, int] = field(default_factory=dict)


class OneConnection(ConnectionPool):
    """All that a single thread needs. Finding it in a pool costs as much as many a script."""

    def __init__(self, path: str) -> None:
        super().__init__(UnixDomainSocketConnection, path=path)
        self._only = self.make_connection()

    def get_connection(self, *_: Any, **__: Any) -> Any:
        return self._only

    def release(self, connection: Any) -> None:
        pass

    def disconnect(self, *_: Any, **__: Any) -> None:
        self._only.disconnect()


@contextmanager
def server(program: str = REAL_REDIS["real"]) -> Iterator[Redis]:
    """A server that is reached by a socket in a folder, which costs less than TCP."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "redis.sock"
        with (
            redis_server(Path(folder), "--unixsocket", str(path), program=program),
            closing(OneConnection(str(path))) as pool,
            Redis(connection_pool=pool) as redis,
        ):
            yield redis


def walk(
    redis: Redis,
    seed: int,
    *,
    steps: int = 0,
    seconds: float = 0,
    progress: Callable[[Walk], None] = lambda _: None,
) -> Report:
    """Walk for so many steps or seconds, or until a violation. Calls `progress` now and then."""
    moves, weights = list(MOVES), list(accumulate(MOVES.values()))
    ends = time.perf_counter() + seconds
    logging.disable()
    with simulated(redis, seed) as world:
        one = Walk(world, random.Random(seed))
        found: Exception | None = None
        try:
            while one.steps < steps or time.perf_counter() < ends:
                one.step(moves, weights)
                if one.steps % 1000 == 0:
                    progress(one)
        except Violation as violation:
            found = violation
        except Exception as error:  # noqa: BLE001 (what the service raises is a violation too)
            found = error
            one.last.append("".join(traceback.format_exception(error)))
        finally:
            one.set_full(False)
            logging.disable(logging.NOTSET)
        return Report(
            seed=seed,
            steps=one.steps,
            interleavings=one.interleavings,
            invariant=getattr(found, "invariant", type(found).__name__ if found else ""),
            violation=_words_of(found) if found else "",
            last="\n".join(one.last),
            history=one.history,
            words=dict(one.words),
        )


def _words_of(error: Exception) -> str:
    return str(error) if isinstance(error, Violation) else repr(error)
