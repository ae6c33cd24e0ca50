"""The threads of a worker: many make attempts, and one records the results."""

import logging
import time
from collections.abc import Iterable, Sequence
from queue import SimpleQueue
from threading import Condition, Lock, Thread

from shared.delivery.ledger import Claim, Outcome
from shared.errors import StorageUnavailable
from worker.deliverer import Deliverer, where

log = logging.getLogger("otp.worker")

# Claimed or recorded in one round trip, during which Redis does nothing else: for 2 ms at most.
MOST_AT_ONCE = 100
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0


class Crew:
    """Makes up to `size` attempts at a time. Each has a place, from before its claim until its
    outcome is recorded; so however long Redis is away, no more than that are unrecorded.

    A sender that hangs must not hold up the others. So a slow attempt gives its place back and
    continues in a spare thread, at most one for each sender. A sender with a slow attempt under way
    does not get the last free place. A crew of one makes one attempt at a time, and does neither.

    One thread records all outcomes that are there in one round trip, and those that come meanwhile
    in the next one. So what saves round trips under load keeps nobody waiting.
    """

    def __init__(self, deliverer: Deliverer, size: int) -> None:
        self._deliverer = deliverer
        self._size = size
        self._free = size
        # Guards the two around it, and wakes the thread that waits for a free place.
        self._changed = Condition(Lock())
        # The attempts that gave their place back, by their sender.
        self._relieved: dict[tuple[str, str], Claim] = {}
        # None ends a thread.
        self._claims: SimpleQueue[Claim | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        spare = deliverer.sender_count if size > 1 else 0
        self._hands = [
            Thread(target=self._attempt_all, name=f"delivery-{i}", daemon=True)
            for i in range(size + spare)
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
        with self._changed:
            self._relieve()
            self._changed.wait_for(lambda: self._free, timeout)
            places = min(self._free, MOST_AT_ONCE)
            self._free -= places
        return places

    def leave_places(self, places: int) -> None:
        with self._changed:
            self._free += places
            self._changed.notify()

    def begin(self, sends: Sequence[tuple[str, int]], places: int) -> None:
        """Claim sends for places that were taken, and make an attempt for each claim. Frees the
        other places, even if this raises StorageUnavailable."""
        claims: list[Claim] = []
        try:
            if sends:
                claims = self._deliverer.claim(sends, places if self._size > 1 else None)
        finally:
            self.attempt(claims)
            self.leave_places(places - len(claims))

    def attempt(self, claims: Sequence[Claim]) -> None:
        """Make an attempt for each of these, at once. Each has a place already."""
        for claim in claims:
            self._claims.put(claim)

    def _relieve(self) -> None:
        """Give back the place of one slow attempt of each sender."""
        for claim in self._deliverer.slow_attempts() if self._size > 1 else ():
            sender = claim.channel, claim.sender
            if sender not in self._relieved:
                self._relieved[sender] = claim
                self._free += 1

    def _places_of(self, ended: Iterable[Claim]) -> int:
        """How many places these attempts have, which are over and are forgotten."""
        places = 0
        with self._changed:
            for claim in ended:
                sender = claim.channel, claim.sender
                if self._relieved.get(sender) is claim:
                    del self._relieved[sender]
                else:
                    places += 1
        return places

    def _attempt_all(self) -> None:
        while claim := self._claims.get():
            outcome = self._deliverer.attempt(claim)
            if outcome:
                self._outcomes.put(outcome)
            else:
                self.leave_places(self._places_of([claim]))

    def _record_all(self) -> None:
        while first := self._outcomes.get():
            # Nobody else takes any out.
            more = min(self._outcomes.qsize(), MOST_AT_ONCE - 1)
            there = [one for one in (first, *(self._outcomes.get() for _ in range(more))) if one]
            due = self._record(there)
            places = self._places_of(outcome.claim for outcome in there)
            try:
                # What one sender did not take, the next one gets immediately.
                self.begin(due[:places], places)
            except StorageUnavailable:
                # Sweepers find these sends.
                pass
            except Exception as error:  # noqa: BLE001 (one send must not end the thread)
                log.error("delivery_raised", extra={"where": where(error)})  # noqa: TRY400

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
