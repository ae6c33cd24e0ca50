"""The threads of a worker: many make attempts, one records what became of them."""

import logging
import time
from collections.abc import Sequence
from queue import SimpleQueue
from threading import BoundedSemaphore, Thread

from shared.errors import StorageUnavailable
from shared.ledger import Claim, Outcome
from worker.delivery import Deliverer, where

log = logging.getLogger("otp.worker")

# Claimed or recorded in one round trip, during which Redis does nothing else: for 2 ms at most.
MOST_AT_ONCE = 100
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0


class Crew:
    """Makes up to `size` attempts at a time. Each has a place, from before its claim until its
    outcome is recorded; so however long Redis is away, no more than that are unrecorded.

    One thread records all outcomes that are there in one round trip, and those that come meanwhile
    in the next one. So what saves round trips under load keeps nobody waiting.
    """

    def __init__(self, deliverer: Deliverer, size: int) -> None:
        self._deliverer = deliverer
        self._places = BoundedSemaphore(size)
        # None: it is over.
        self._claims: SimpleQueue[Claim | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        self._hands = [
            Thread(target=self._attempt_all, name=f"delivery-{i}", daemon=True) for i in range(size)
        ]
        self._recorder = Thread(target=self._record_all, name="recorder", daemon=True)

    def start(self) -> None:
        for thread in (*self._hands, self._recorder):
            thread.start()

    def stop(self) -> None:
        """End the threads. To be called when all places are free."""
        for _ in self._hands:
            self._claims.put(None)
        self._outcomes.put(None)
        for thread in (*self._hands, self._recorder):
            thread.join()

    def take_places(self, timeout: float | None) -> int:
        """Take the places that are free, at least one if it comes free in time. How many."""
        if not self._places.acquire(timeout=timeout):
            return 0
        places = 1
        while places < MOST_AT_ONCE and self._places.acquire(blocking=False):
            places += 1
        return places

    def leave_places(self, places: int) -> None:
        if places:
            self._places.release(places)

    def attempt(self, claims: Sequence[Claim]) -> None:
        """Make an attempt for each of these, at once. Each has a place already."""
        for claim in claims:
            self._claims.put(claim)

    def _attempt_all(self) -> None:
        while claim := self._claims.get():
            outcome = self._deliverer.attempt(claim)
            if outcome:
                self._outcomes.put(outcome)
            else:
                self.leave_places(1)

    def _record_all(self) -> None:
        while first := self._outcomes.get():
            # Nobody else takes any out.
            more = min(self._outcomes.qsize(), MOST_AT_ONCE - 1)
            there = [first, *(self._outcomes.get() for _ in range(more))]
            claims = self._next_attempts(self._record([outcome for outcome in there if outcome]))
            self.attempt(claims)
            self.leave_places(len(there) - len(claims))

    def _record(self, outcomes: Sequence[Outcome]) -> list[tuple[str, int]]:
        """Record outcomes, however long Redis is away: what is not recorded is sent again. The
        sends of which the next attempt is due at once."""
        pause = _FIRST_PAUSE_SECONDS
        while outcomes:
            try:
                return self._deliverer.record(outcomes)
            except StorageUnavailable:
                outcomes = self._deliverer.still_wanted(outcomes)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        return []

    def _next_attempts(self, sends: Sequence[tuple[str, int]]) -> list[Claim]:
        """Claims for what one sender did not take, and the next one gets at once."""
        try:
            return self._deliverer.claim(sends) if sends else []
        except StorageUnavailable:
            # The sweepers come back to them.
            return []
        except Exception as error:  # noqa: BLE001 (one send must not end the thread)
            log.error("delivery_raised", extra={"where": where(error)})  # noqa: TRY400
            return []
