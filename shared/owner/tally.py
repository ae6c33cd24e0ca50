"""The requests of a process of the API, and its calls of Redis.

/metrics shows those of all processes, whichever of them is scraped. So each brings its counts to
Redis every few seconds.
"""

from bisect import bisect_left
from collections import Counter, deque
from contextlib import suppress
from itertools import chain
from threading import Lock, Thread, main_thread

from shared.errors import StorageUnavailable
from shared.storage import keys
from shared.storage.scripts import Scripts

# The buckets of the histograms. Longer ones are in `inf`.
LATENCY_BOUNDS_MS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
FLUSH_SECONDS = 5
# More than a process answers in that time. A program that never flushes keeps no more.
_MOST_NOTED = 100_000
# A client can make others up.
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_BOUNDS = [ms / 1000 for ms in LATENCY_BOUNDS_MS]
_NAMES = [*(f"{ms:g}" for ms in LATENCY_BOUNDS_MS), "inf"]


class Tally:
    """Notes requests and calls, adds them up, and brings the counts to Redis. While Redis is
    unreachable, it keeps one number for each name."""

    def __init__(self, scripts: Scripts) -> None:
        self._add = scripts.load("owner/add_counts", when_full=True)
        # Appending takes no lock, and costs a request a tenth of a microsecond.
        self._requests: deque[tuple[str, str, str, float]] = deque(maxlen=_MOST_NOTED)
        self._calls: deque[float] = deque(maxlen=_MOST_NOTED)
        self._counts: Counter[str] = Counter()
        self._lock = Lock()
        scripts.measure(self._calls.append)

    def note(self, method: str, route: str, status: str, seconds: float) -> None:
        """Note a request. `route` is the rule of its endpoint, or `none`."""
        self._requests.append((method, route, status, seconds))

    def flush(self) -> None:
        """Bring everything that was noted to Redis, if there were requests. Raises
        StorageUnavailable, and keeps it then. If only the answer was lost, it counts twice."""
        with self._lock:
            # A flush is a call too. Without a request, it would be the only thing to flush.
            if self._requests or self._counts:
                self._add_up()
                self._add([keys.API_COUNTS], list(chain.from_iterable(self._counts.items())))
                self._counts.clear()

    def keep_flushing(self) -> None:
        """Flush every few seconds and when the process ends, in a thread of its own."""
        Thread(target=self._keep_flushing, name="tally").start()

    def _keep_flushing(self) -> None:
        # Not a daemon, so the process waits for the last flush.
        process = main_thread()
        while process.is_alive():
            process.join(FLUSH_SECONDS)
            with suppress(StorageUnavailable):
                self.flush()

    def _add_up(self) -> None:
        # Others may go on appending meanwhile.
        for _ in range(len(self._requests)):
            method, route, status, seconds = self._requests.popleft()
            method = method if method in _METHODS else "other"
            self._counts[f"requests:{method}:{status}:{route}"] += 1
            self._took(f"request_took:{method}:{route}", seconds)
        for _ in range(len(self._calls)):
            self._took("redis_took:", self._calls.popleft())

    def _took(self, what: str, seconds: float) -> None:
        self._counts[f"{what}:{_NAMES[bisect_left(_BOUNDS, seconds)]}"] += 1
        self._counts[f"sum:{what}"] += round(seconds * 1_000_000)
