"""The workers that are measured: the service's own, and those of RQ and Celery as they come."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from celery import Celery
from redis import Redis
from rq import Queue

from bench import peers, recorder, senders
from bench.cpu import cpu_seconds
from bench.numbers import numbers
from bench.parts import ENV, memory_bytes
from shared.codes import Codes
from shared.policy import DEFAULT_APP
from shared.recipient import parse_phone
from shared.settings import Settings
from shared.storage.scripts import Scripts
from shared.verification.model import StartRequest
from shared.verification.service import VerificationService
from shared.verification.store import Store
from tests.chaos.programs import ROOT, Program, free_port, wait_for

LONGEST_SECONDS = 60.0
# A start is refused once the queue has stood still for too long, and filling it takes a while.
_PATIENT = {**ENV, "OTP_TTL_SECONDS": "3600"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of worker: what `python -m` runs, how many deliveries it makes at a time, what puts
    one for each number into a Redis, and what it logs, if anything, once it works."""

    name: str
    command: Sequence[str]
    threads: int
    fill: Callable[[Redis, Iterable[str]], None]
    env: Mapping[str, str] = field(default_factory=dict)
    says_when_started: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """How a worker delivered a backlog: messages and round trips to Redis, a second and per
    message. Its memory is what no other process shares with it. Its CPU seconds are per message,
    without its start."""

    rate: float
    round_trips: float
    memory_bytes: int
    cpu_seconds: float


class Stage:
    """Where workers deliver backlogs, one worker after the other, each on an empty Redis.
    `records` is where the messages are recorded."""

    def __init__(self, folder: Path, redis_url: str, records: Path) -> None:
        self._folder = folder
        self._redis_url = redis_url
        self._redis = Redis.from_url(redis_url)
        self._records = records
        senders.plug_in(folder)

    def run(self, kind: Kind, deliveries: int, sends_to: Mapping[str, str]) -> Run:
        self._redis.flushall()
        self._records.write_bytes(b"")
        kind.fill(self._redis, islice(numbers(202), deliveries))
        before = self._reads()
        worker = start(
            kind, self._folder, environment(self._redis_url, self._folder, sends_to=sends_to)
        )
        pid = worker.process.pid
        try:
            started = self._wait_for(1, kind.name)
            cpu_at_start = cpu_seconds(pid)
            self._wait_for(deliveries, kind.name)
            return Run(
                rate=rate(self._records, kind.threads),
                round_trips=(self._reads() - before) / deliveries,
                memory_bytes=memory_bytes(pid),
                cpu_seconds=(cpu_seconds(pid) - cpu_at_start) / (deliveries - started),
            )
        finally:
            worker.kill()

    def _wait_for(self, messages: int, what: str) -> int:
        """How many messages were recorded, as soon as there are so many."""

        def look() -> int:
            count = recorder.count(self._records)
            return count if count >= messages else 0

        return wait_for(look, LONGEST_SECONDS, what)

    def _reads(self) -> int:
        """How often Redis has read from a client so far: once for each round trip, whatever that
        carried, be it a script, a transaction or a pipeline."""
        return int(self._redis.info("stats")["total_reads_processed"])


def environment(
    redis_url: str, folder: Path, *, sends_to: Mapping[str, str], tree: Path = ROOT
) -> dict[str, str]:
    """What every kind of worker is told. Its service is that of `tree`, see tree.py."""
    return {
        **ENV,
        **sends_to,
        "OTP_ALLOW_OPEN": "true",
        "REDIS_URL": redis_url,
        "RQ_REDIS_URL": redis_url,
        "BENCH_REDIS": redis_url,
        # Where the heartbeat goes.
        "TMPDIR": str(folder),
        "PYTHONPATH": f"{tree}:{ROOT}:{folder}",
    }


def start(kind: Kind, folder: Path, env: Mapping[str, str]) -> Program:
    log = folder / f"{kind.name}-{free_port()}.log"
    return Program.of([sys.executable, "-m", *kind.command], log, {**env, **kind.env})


def wait_until_started(worker: Program, kind: Kind) -> None:
    """Raises TimeoutError."""
    wait_for(
        lambda: kind.says_when_started in worker.log.read_text(encoding="utf-8"), 20, kind.name
    )


def own(threads: int) -> Kind:
    """The worker as it is shipped."""
    return Kind(
        name=f"own-{threads}",
        command=["worker"],
        threads=threads,
        fill=_start_verifications,
        says_when_started="worker_started",
        env={"WORKER_CONCURRENCY": str(threads)},
    )


def rq(worker_class: str) -> Kind:
    return Kind(
        name=f"rq-{worker_class}",
        command=["rq.cli", "worker", "--worker-class", f"rq.{worker_class}", peers.QUEUE],
        threads=1,
        fill=_enqueue,
        says_when_started="Listening on",
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
    service = VerificationService(store, codes, lambda _: policy)
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
