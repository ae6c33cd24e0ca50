"""What the service is doing right now: the queue, the workers, the senders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from redis.client import Pipeline

from shared.policy import Channel
from shared.storage import keys, reading
from shared.storage.scripts import Scripts

SenderStatus = Literal["in_use", "failing", "left_alone", "paused"]


@dataclass(frozen=True, kw_only=True)
class Queue:
    """`oldest_seconds` is how long the first send in the queue has waited, or None if no job there
    is ours. `unfinished` also counts sends that a worker has or that wait for an attempt."""

    waiting: int
    oldest_seconds: float | None
    unfinished: int


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A worker that is alive, with how many deliveries it makes right now by `channel:sender`, and
    the marks of its settings."""

    name: str
    host: str
    started_at: float | None
    heard_seconds: float
    concurrency: int
    under_way: Mapping[str, int]
    marks: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Sender:
    """`failures` in a row; `seconds` until it is tried again, or until its pause is over. While
    `is_skipped`, workers leave it out because of its failures, paused or not."""

    channel: Channel
    name: str
    status: SenderStatus
    failures: int
    is_skipped: bool
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Events:
    """The events that wait to be delivered to an app's backend. `oldest_seconds` is how long ago
    the first of them happened, or None if none waits."""

    waiting: int
    oldest_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class State:
    """At `now`, in Unix seconds."""

    now: float
    queue: Queue
    events: Events
    workers: Sequence[Worker]
    senders: Sequence[Sender]


class SystemState:
    """Looks at the whole service. `senders` are the configured ones by channel and name, in order
    of preference."""

    def __init__(self, scripts: Scripts, senders: Collection[tuple[Channel, str]]) -> None:
        self._scripts = scripts
        self._oldest = scripts.load("delivery/oldest")
        self._pause = scripts.load("owner/pause_sender")
        self._senders = senders

    def read(self) -> State:
        looked = self._scripts.fetch(self._look)
        (seconds, micros), waiting, unfinished, worker_keys, events, first_event, *senders = looked
        now = seconds + micros / 1e6
        asked = self._oldest([keys.QUEUE], [])
        workers = self._workers(worker_keys or (), now)
        return State(
            now=now,
            queue=Queue(
                waiting=waiting or 0,
                oldest_seconds=max(0.0, now - asked / 1000) if asked else None,
                unfinished=unfinished or 0,
            ),
            events=Events(
                waiting=events or 0,
                oldest_seconds=max(0.0, now - first_event[0][1] / 1000) if first_event else None,
            ),
            workers=sorted(workers, key=lambda worker: (worker.host, worker.name)),
            senders=[
                _sender(channel, name, breaker, paused_until, now * 1000)
                for (channel, name), breaker, paused_until in zip(
                    self._senders, senders[::2], senders[1::2], strict=True
                )
            ],
        )

    def pause(self, channel: Channel, sender: str, seconds: int) -> None:
        """Have all workers skip a sender for a while."""
        self._pause([keys.paused(channel, sender)], [seconds * 1000])

    def resume(self, channel: Channel, sender: str) -> None:
        self._scripts.run(lambda redis: redis.delete(keys.paused(channel, sender)))

    def _look(self, pipe: Pipeline) -> None:
        pipe.time()
        pipe.llen(keys.QUEUE)
        pipe.zcount(keys.DUE, "-inf", f"({keys.STEPS_FROM}")
        pipe.smembers(keys.WORKERS)
        pipe.zcard(keys.WEBHOOKS_SINCE)
        pipe.zrange(keys.WEBHOOKS_SINCE, 0, 0, withscores=True)
        for channel, sender in self._senders:
            pipe.hmget(keys.breaker(channel, sender), "failures", "open_until")
            pipe.get(keys.paused(channel, sender))

    def _workers(self, keys: Collection[bytes], now: float) -> list[Worker]:
        def ask(pipe: Pipeline) -> None:
            for key in keys:
                pipe.hgetall(key)

        found = (_worker(reading.fields(one), now) for one in self._scripts.fetch(ask))
        return [worker for worker in found if worker]


def _worker(fields: Mapping[str, str], now: float) -> Worker | None:
    """Returns None without a heartbeat: RQ's register keeps dead workers for a while."""
    heard = _time(fields.get("last_heartbeat"))
    if heard is None:
        return None
    return Worker(
        name=fields.get("name", ""),
        host=fields.get("hostname", reading.UNKNOWN),
        started_at=_time(fields.get("birth")),
        heard_seconds=max(0.0, now - heard),
        concurrency=reading.number(fields.get("concurrency")),
        under_way={
            sender: reading.number(deliveries)
            for sender, deliveries in (reading.json_object(fields.get("under_way")) or {}).items()
        },
        marks=reading.json_object(fields.get("marks")) or {},
    )


def _time(iso: str | None) -> float | None:
    """As RQ writes it, in Unix seconds."""
    try:
        return datetime.fromisoformat(iso or "").timestamp()
    except (ValueError, OverflowError):
        return None


def _sender(
    channel: Channel,
    name: str,
    breaker: Sequence[bytes | None] | None,
    paused_until: bytes | None,
    now_ms: float,
) -> Sender:
    failures, open_until = map(reading.number, breaker or (0, 0))
    is_skipped = open_until > now_ms
    status: SenderStatus = "failing" if failures else "in_use"
    left_ms: float | None = None
    if paused_until:
        # The previous version wrote 1, which tells no time.
        status, left_ms = "paused", max(0.0, reading.number(paused_until) - now_ms)
    elif is_skipped:
        status, left_ms = "left_alone", open_until - now_ms
    return Sender(
        channel=channel,
        name=name,
        status=status,
        failures=failures,
        is_skipped=is_skipped,
        seconds=None if left_ms is None else left_ms / 1000,
    )
