"""The workers that are measured: the service's own, and those of RQ and Celery as they come."""

import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from celery import Celery
from redis import Redis
from rq import Queue

from bench import peers, recorder, senders
from bench.parts import ENV, memory_bytes
from bench.recorder import Recorder
from bench.seeds import numbers
from shared.codes import Codes
from shared.delivery.ledger import Ledger
from shared.policy import DEFAULT_APP
from shared.recipient import parse_phone
from shared.settings import Settings
from shared.storage.scripts import Scripts
from shared.verification.model import StartRequest
from shared.verification.service import VerificationService
from shared.verification.store import Store
from tests.chaos.programs import ROOT, Program, wait_for

LONGEST_SECONDS = 60.0
# A start is refused once the queue has stood still for too long, and filling it takes a while.
_PATIENT = {**ENV, "OTP_TTL_SECONDS": "3600"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of worker: what `python -m` runs, how many deliveries it makes at a time, and what
    puts one for each number into a Redis."""

    name: str
    command: Sequence[str]
    threads: int
    fill: Callable[[Redis, Iterable[str]], None]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a worker delivered a backlog: messages and round trips to Redis, a second and per
    message. Its memory is what no other process shares with it."""

    rate: float
    round_trips: float
    memory_bytes: int


class Stage:
    """Where workers deliver backlogs, one worker after the other, each on an empty Redis."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self._folder = folder
        self._redis_url = redis_url
        self._redis = Redis.from_url(redis_url)
        self._records = folder / "records"
        senders.plug_in(folder)

    def run(self, kind: Kind, deliveries: int, provider_seconds: float = 0.0) -> Run:
        self._redis.flushall()
        self._records.unlink(missing_ok=True)
        kind.fill(self._redis, islice(numbers(202), deliveries))
        before = self._reads()
        env = environment(self._redis_url, self._folder, self._records, provider_seconds)
        worker = start(kind, self._folder, env)
        try:
            wait_for(
                lambda: recorder.count(self._records) >= deliveries, LONGEST_SECONDS, kind.name
            )
            return Run(
                rate=rate(self._records, kind.threads),
                round_trips=(self._reads() - before) / deliveries,
                memory_bytes=memory_bytes(worker.process.pid),
            )
        finally:
            worker.kill()

    def call_directly(self, threads: int, calls: int, provider_seconds: float) -> float:
        """Messages a second of threads that do nothing but call the provider."""
        self._records.unlink(missing_ok=True)
        provider = Recorder(str(self._records), provider_seconds)

        def call() -> None:
            for _ in range(calls):
                provider.take("+12025550123", "123456")

        callers = [threading.Thread(target=call) for _ in range(threads)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        return rate(self._records, threads)

    def _reads(self) -> int:
        """How often Redis has read from a client so far: once for each round trip, whatever that
        carried, be it a script, a transaction or a pipeline."""
        return int(self._redis.info("stats")["total_reads_processed"])


def environment(
    redis_url: str, folder: Path, records: Path, provider_seconds: float = 0.0
) -> dict[str, str]:
    """What every kind of worker is told."""
    return {
        **ENV,
        "OTP_ALLOW_OPEN": "true",
        "REDIS_URL": redis_url,
        "RQ_REDIS_URL": redis_url,
        "BENCH_REDIS": redis_url,
        "BENCH_RECORDS": str(records),
        "OTP_SMS_SENDERS": f"recorder://{records}?seconds={provider_seconds}",
        # Where the heartbeat goes.
        "TMPDIR": str(folder),
        "PYTHONPATH": f"{ROOT}:{folder}",
    }


def start(kind: Kind, folder: Path, env: Mapping[str, str]) -> Program:
    log = folder / f"{kind.name}.log"
    return Program([sys.executable, "-m", *kind.command], log, {**env, **kind.env})


def own(threads: int) -> Kind:
    """The worker as it is shipped."""
    return Kind(
        name=f"own-{threads}",
        command=["worker"],
        threads=threads,
        fill=_start_verifications,
        env={"WORKER_CONCURRENCY": str(threads)},
    )


def rq(worker_class: str) -> Kind:
    return Kind(
        name=f"rq-{worker_class}",
        command=["rq.cli", "worker", "--worker-class", f"rq.{worker_class}", peers.QUEUE],
        threads=1,
        fill=_enqueue,
    )


def celery(pool: str, *, count: int) -> Kind:
    options = ["--pool", pool, "--concurrency", str(count), "--loglevel", "WARNING"]
    return Kind(
        name=f"celery-{pool}",
        # Looking for other workers first would take a second.
        command=["celery", "--app", "bench.celery_peer", "worker", *options, "--without-mingle"],
        threads=count,
        fill=_send_tasks,
    )


def _start_verifications(redis: Redis, recipients: Iterable[str]) -> None:
    settings = Settings.load(_PATIENT, env_file=None)
    codes = Codes(settings.secret_keys())
    scripts = Scripts(redis)
    store = Store(scripts, keep_seconds=settings.otp_keep)
    policy = settings.policy()
    service = VerificationService(store, Ledger(scripts), codes, lambda _: policy)
    for to in recipients:
        service.start(
            StartRequest(
                recipient=parse_phone(to),
                channel="sms",
                app=DEFAULT_APP,
                ip="192.0.2.1",
                locale="en",
            )
        )


def _enqueue(redis: Redis, recipients: Iterable[str]) -> None:
    queue = Queue(peers.QUEUE, connection=redis)
    for to in recipients:
        peers.enqueue(queue, to, "123456")


def _send_tasks(redis: Redis, recipients: Iterable[str]) -> None:
    at = redis.connection_pool.connection_kwargs
    with Celery(broker=f"redis://{at['host']}:{at['port']}/{at['db']}") as producer:
        for to in recipients:
            producer.send_task("deliver", (to, "123456"))


def rate(records: Path, threads: int) -> float:
    """Messages a second, from when each thread has had one until the first has its last one:
    neither the start nor the end counts."""
    at = sorted(taken.at for taken in recorder.read(records.read_bytes()))
    counted = at[threads : len(at) - threads + 1]
    return (len(counted) - 1) / (counted[-1] - counted[0])
