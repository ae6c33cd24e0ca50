"""Our RQ worker: many deliveries at once, nothing but our task, and no end while Redis is away."""

import json
import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError
from rq import Queue, worker_registration
from rq.utils import now
from rq.worker import BaseWorker, WorkerStatus

from shared.errors import StorageUnavailable
from shared.ledger import LEASE_SECONDS, Ledger
from shared.queue import QUEUE_NAME, ForeignJob, WakeUps
from worker import health
from worker.delivery import Deliverer, where

log = logging.getLogger("otp.worker")

TICK_SECONDS = 1
HEARTBEAT_SECONDS = 2.0
WORKER_TTL_SECONDS = 30
LONGEST_BACK_OFF_SECONDS = 2.0
# Docker kills ten seconds after SIGTERM.
GRACE_SECONDS = 8.0
_DAY_SECONDS = 86400


class OtpWorker(BaseWorker):
    """One RQ worker (one registration, one queue) that makes up to `concurrency` deliveries at a
    time in threads.

    The delivery ledger carries the promise that every send is delivered; a job only wakes a worker
    up. So a job is taken off the queue and deleted at once, and RQ's registries, retries and
    maintenance have nothing to do. What a job names is compared and never imported, and RQ's
    remote commands are not listened to: whoever can write to Redis can run nothing here.
    """

    def __init__(
        self,
        redis: Redis,
        ledger: Ledger,
        deliverer: Deliverer,
        wake_ups: WakeUps,
        concurrency: int,
    ) -> None:
        queue = Queue(QUEUE_NAME, connection=redis)
        super().__init__([queue], connection=redis, worker_ttl=WORKER_TTL_SECONDS)
        self._queue = queue
        self._ledger = ledger
        self._deliverer = deliverer
        self._wake_ups = wake_ups
        self._concurrency = concurrency
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="delivery")
        self._free = BoundedSemaphore(concurrency)
        self._next_beat = self._next_sweep = 0.0

    @property
    def connection_timeout(self) -> int:
        """RQ would wait minutes for a Redis that hangs."""
        return 3 * TICK_SECONDS

    def stop_at_signals(self) -> None:
        """A signal only sets a flag: RQ's own handler would drop a job that is just arriving."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def run(self, *, burst: bool = False) -> None:
        """Work until a signal, or in burst mode until nothing is queued or overdue; then finish
        what is under way. Survives a Redis that is away, for however long."""
        log.info("worker_started", extra={"worker": self.name, "host": self.hostname})
        self.birth_date = now()
        back_off = 0.1
        while not self._stop_requested:
            try:
                took = self._turn(wait=not burst)
                if burst and not took and self._queue.is_empty():
                    break
            except (RedisError, StorageUnavailable) as error:
                log.warning("redis_away", extra={"error": str(error), "retry_in": back_off})
                # Whoever holds a finished attempt records it first.
                self._next_sweep = time.monotonic() + LEASE_SECONDS
                time.sleep(back_off)
                back_off = min(2 * back_off, LONGEST_BACK_OFF_SECONDS)
                continue
            back_off = 0.1
        self._finish()

    def _stop(self, _signum: int, _frame: FrameType | None) -> None:
        self._stop_requested = True

    def _turn(self, *, wait: bool) -> int:
        """Give the free threads what is queued or overdue, waiting for it a second at most. How
        much that was."""
        self._keep_alive()
        free = self._acquire(wait)
        taken: list[tuple[str, int]] = []
        try:
            if free and time.monotonic() >= self._next_sweep:
                taken += self._ledger.sweep(self._queue.key, free)
                self._next_sweep = time.monotonic() + (TICK_SECONDS if wait else 0)
            if free > len(taken):
                taken += self._take_jobs(free - len(taken), wait=wait and not taken)
        finally:
            for _ in range(free - len(taken)):
                self._free.release()
            for send in taken:
                self._pool.submit(self._deliver, *send)
        return len(taken)

    def _acquire(self, wait: bool) -> int:
        """Take all free threads, at least one if it comes free within a second."""
        if not self._free.acquire(timeout=TICK_SECONDS if wait else None):
            return 0
        free = 1
        while self._free.acquire(blocking=False):
            free += 1
        return free

    def _take_jobs(self, most: int, *, wait: bool) -> list[tuple[str, int]]:
        """(verification id, send) of the jobs taken off the queue, up to `most`."""
        ids: list[Any] = []
        if wait:
            popped = self.connection.blpop([self._queue.key], timeout=TICK_SECONDS)
            if not popped:
                return []
            ids.append(popped[1])
        if most > len(ids):
            ids += self.connection.lpop(self._queue.key, most - len(ids)) or []
        if not ids:
            return []
        # Bytes to bytes: an id that somebody else wrote need not be text.
        prefix = self.job_class.redis_job_namespace_prefix.encode()
        keys = [prefix + job_id for job_id in ids]
        with self.connection.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hget(key, "data")
                pipe.delete(key)
            answers = pipe.execute(raise_on_error=False)
        sends = []
        for data in answers[::2]:
            # None: the job's code has expired while it waited.
            if data is not None:
                try:
                    sends.append(self._wake_ups.read(data))
                except ForeignJob as error:
                    log.warning("job_refused", extra={"why": str(error)})
        return sends

    def _deliver(self, verification_id: str, send: int) -> None:
        try:
            self._deliverer.deliver(verification_id, send)
        except StorageUnavailable as error:
            log.warning(
                "delivery_put_off", extra={"verification_id": verification_id, "error": str(error)}
            )
        except Exception as error:  # noqa: BLE001 (one send must not end the worker)
            log.error(  # noqa: TRY400 (the text of an exception may hold the code)
                "delivery_raised", extra={"verification_id": verification_id, "where": where(error)}
            )
        finally:
            self._free.release()

    def _keep_alive(self) -> None:
        """The heartbeat, and the leases of what is under way."""
        if time.monotonic() < self._next_beat:
            return
        self.last_heartbeat = now()
        under_way = self._deliverer.under_way_by
        beat = {
            **self.serialize(),
            "state": (WorkerStatus.BUSY if under_way else WorkerStatus.IDLE).value,
            # What RQ does not tell the dashboard.
            "name": self.name,
            "concurrency": self._concurrency,
            "under_way": json.dumps(under_way),
        }
        with self.connection.pipeline(transaction=False) as pipe:
            pipe.hset(self.key, mapping=beat)
            pipe.expire(self.key, WORKER_TTL_SECONDS)
            # Each time, since Redis may have come back without it; and with an end, which RQ
            # gives neither.
            worker_registration.register(self, pipe)
            pipe.expire(self.redis_workers_keys, _DAY_SECONDS)
            pipe.expire(worker_registration.WORKERS_BY_QUEUE_KEY % QUEUE_NAME, _DAY_SECONDS)
            # A Redis that is full takes no heartbeat, and work goes on.
            pipe.execute(raise_on_error=False)
        try:
            worker_registration.clean_worker_registry(self._queue)
        except (UnicodeDecodeError, ResponseError):
            # Not written by a worker. Those that live are soon in there again.
            self.connection.delete(worker_registration.WORKERS_BY_QUEUE_KEY % QUEUE_NAME)
        self._deliverer.renew_leases()
        health.beat()
        self._next_beat = time.monotonic() + HEARTBEAT_SECONDS

    def _finish(self) -> None:
        """Let what is under way end, within the grace that Docker gives."""
        deadline = time.monotonic() + GRACE_SECONDS
        idle = 0
        while idle < self._concurrency and time.monotonic() < deadline:
            try:
                self._keep_alive()
            except (RedisError, StorageUnavailable):
                log.warning("redis_away_at_stop")
            idle += self._free.acquire(timeout=0.2)
        try:
            self.register_death()  # type: ignore[no-untyped-call]
        except RedisError:
            log.warning("redis_away_at_stop")
        log.info(
            "worker_stopped", extra={"worker": self.name, "under_way": self._concurrency - idle}
        )
        if idle < self._concurrency:
            # A sender hangs. Its lease ends soon, and another worker goes on with the send.
            os._exit(1)
        self._pool.shutdown()
