"""Our RQ worker: many deliveries at once, nothing but our task, and no end while Redis is away."""

import json
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType

from redis import Redis
from redis.exceptions import RedisError, ResponseError
from rq import Queue, worker_registration
from rq.utils import now
from rq.worker import BaseWorker, WorkerStatus

from shared import VERSION
from shared.delivery.ledger import LEASE_SECONDS, WORKER_SECONDS, Ledger
from shared.delivery.queue import ForeignJob, read_job
from shared.errors import StorageUnavailable
from shared.storage import keys
from shared.storage.refusals import CLUSTER, is_cluster
from worker import health
from worker.crew import Crew
from worker.deliverer import Deliverer, where

log = logging.getLogger("otp.worker")

TICK_SECONDS = 1
MOST_STEPS_AT_ONCE = 50
# A worker that has left a send to others sweeps after them.
YIELD_SECONDS = 3.0
HEARTBEAT_SECONDS = 2.0
LONGEST_BACK_OFF_SECONDS = 2.0
# Docker kills ten seconds after SIGTERM.
GRACE_SECONDS = 8.0


class OtpWorker(BaseWorker):
    """One RQ worker (one registration, one queue) that makes up to `concurrency` deliveries at a
    time, in the threads of a crew. It takes no more than those can begin at once, and claims all
    that it took in one round trip.

    The delivery ledger carries the promise that every send is delivered. A job only wakes a worker
    up, so it is deleted when taken, and RQ's registries, retries and maintenance have nothing to
    do. The worker compares what a job names and never imports it, and ignores RQ's remote
    commands. So someone who can write to Redis cannot run code here.
    """

    def __init__(
        self,
        redis: Redis,
        ledger: Ledger,
        deliverer: Deliverer,
        concurrency: int,
        start_step: Callable[[str], None] | None = None,
        *,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        """`start_step` starts the next step of a workflow, by the id of its verification. Without
        it, other workers do that. `marks` are those of its settings, for who compares them."""
        queue = Queue(keys.QUEUE_NAME, connection=redis)
        # RQ would prepare by CLIENT, which some providers have removed.
        super().__init__(
            [queue], connection=redis, worker_ttl=WORKER_SECONDS, prepare_for_work=False
        )
        self.hostname, self.pid = socket.gethostname(), os.getpid()
        self._queue = queue
        self._ledger = ledger
        self._deliverer = deliverer
        self._concurrency = concurrency
        self._crew = Crew(deliverer, concurrency)
        self._start_step = start_step
        self._marks = json.dumps(dict(marks or {}))
        # Until then, other workers sweep sends.
        self._next_beat = self._next_sweep = self._yields_until = 0.0

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
        facts = {"version": VERSION, "worker": self.name, "host": self.hostname}
        log.info("worker_started", extra=facts)
        self.birth_date = now()
        health.begin()
        self._crew.start()
        is_away, back_off = False, 0.1
        while not self._stop_requested:
            try:
                took = self._turn(wait=not burst)
                if burst and not took and self._queue.is_empty():
                    break
            except (RedisError, StorageUnavailable) as error:
                why = CLUSTER if is_cluster(error) else str(error)
                log.warning("redis_away", extra={"error": why, "retry_in": back_off})
                is_away = True
                # Workers with finished attempts record them first.
                self._yields_until = time.monotonic() + LEASE_SECONDS
            except Exception as error:  # noqa: BLE001 (one send must not end the worker)
                # Without the text of the exception, which may hold the code or the address.
                log.error("delivery_raised", extra={"where": where(error)})  # noqa: TRY400
            else:
                if is_away:
                    log.warning("redis_back")
                is_away, back_off = False, 0.1
                continue
            time.sleep(back_off)
            back_off = min(2 * back_off, LONGEST_BACK_OFF_SECONDS)
        self._finish()

    def _stop(self, _signum: int, _frame: FrameType | None) -> None:
        self._stop_requested = True

    def _turn(self, *, wait: bool) -> int:
        """Give the free threads what is queued or overdue, waiting for it a second at most. How
        much that was."""
        self._keep_alive()
        places = self._crew.take_places(TICK_SECONDS if wait else None)
        left = self._deliverer.left
        sends: list[tuple[str, int]] = []
        try:
            sends = self._take(places, wait=wait)
        finally:
            self._crew.begin(sends, places)
        if self._deliverer.left > left:
            self._yields_until = time.monotonic() + YIELD_SECONDS
        return len(sends)

    def _take(self, most: int, *, wait: bool) -> list[tuple[str, int]]:
        """(verification id, send) of up to `most` that are overdue or queued."""
        sends: list[tuple[str, int]] = []
        if time.monotonic() >= self._next_sweep:
            sends += self._sweep(most, wait=wait)
        if most > len(sends):
            sends += self._take_jobs(most - len(sends), wait=wait and not sends)
        return sends

    def _sweep(self, most: int, *, wait: bool) -> list[tuple[str, int]]:
        """The same of those that are overdue. Also start the steps of workflows that are due, which
        need no place."""
        if time.monotonic() < self._yields_until:
            most = 0
        most_steps = MOST_STEPS_AT_ONCE if self._start_step else 0
        found = self._ledger.sweep(most, most_steps)
        sends = [(verification_id, send) for verification_id, send in found if send]
        steps = [verification_id for verification_id, send in found if not send]
        # A full sweep may have left some.
        soon = most == len(sends) > 0 or most_steps == len(steps) > 0 or not wait
        self._next_sweep = time.monotonic() + (0 if soon else TICK_SECONDS)
        for verification_id in steps:
            self._start(verification_id)
        return sends

    def _start(self, verification_id: str) -> None:
        """Start the next step of a workflow. If that fails, sweepers find it again."""
        try:
            if self._start_step:
                self._start_step(verification_id)
        except StorageUnavailable as error:
            told = {"verification_id": verification_id, "error": str(error)}
            log.warning("delivery_put_off", extra=told)
        except Exception as error:  # noqa: BLE001 (one step must not hold up others)
            log.error("delivery_raised", extra={"where": where(error)})  # noqa: TRY400

    def _take_jobs(self, most: int, *, wait: bool) -> list[tuple[str, int]]:
        sends = []
        # A wait of 0 would never end.
        longest = max(0.01, self._next_sweep - time.monotonic()) if wait else 0
        for data in self._ledger.take(most, wait_seconds=longest):
            try:
                sends.append(read_job(data))
            except ForeignJob as error:
                log.warning("job_refused", extra={"why": str(error)})
        return sends

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
            "marks": self._marks,
        }
        # A Redis that refuses writes takes no heartbeat, and work goes on. If it is unreachable,
        # the next command says so.
        with suppress(StorageUnavailable):
            self._ledger.beat(self.key, beat)
        try:
            worker_registration.clean_worker_registry(self._queue)
        except (UnicodeDecodeError, ResponseError):
            # Not written by a worker. Those that live are soon in there again.
            self.connection.delete(keys.WORKERS_OF_QUEUE)
        self._deliverer.renew_leases()
        health.beat()
        self._next_beat = time.monotonic() + HEARTBEAT_SECONDS

    def _finish(self) -> None:
        """Let what is under way end, within the grace that Docker gives."""
        deadline = time.monotonic() + GRACE_SECONDS
        idle = 0
        # A slow attempt goes on without a place.
        while (
            idle < self._concurrency or self._deliverer.under_way
        ) and time.monotonic() < deadline:
            try:
                self._keep_alive()
            except (RedisError, StorageUnavailable):
                log.warning("redis_away_at_stop")
            idle += self._crew.take_places(0.2)
        try:
            self.register_death()  # type: ignore[no-untyped-call]
        except RedisError:
            log.warning("redis_away_at_stop")
        under_way = self._deliverer.under_way
        log.info("worker_stopped", extra={"worker": self.name, "under_way": under_way})
        health.end()
        if under_way:
            # A sender hangs. Its lease ends soon, and another worker goes on with the send.
            os._exit(1)
        self._crew.stop()
