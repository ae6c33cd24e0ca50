"""Events for the backends of apps, until each has been delivered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, Literal

from redis.client import Pipeline

from shared.logs.request import parse_traceparent
from shared.storage import keys, reading
from shared.storage.scripts import Scripts

# For longer than a request takes. Then another worker delivers the event.
LEASE_SECONDS = 12.0
_NONE: Mapping[str, int] = MappingProxyType({})

Result = Literal["delivered", "failed", "given_up"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that an app's backend is told. `id` is the same for each attempt to deliver it.
    `at` is in Unix seconds. `data` is what happened, without the type and the time. `answer` is the
    last HTTP status, or a word for why there was none. `off` marks an endpoint of the app that
    wants no more events, and `is_probe` an event that tries an endpoint that is unproven: it failed
    last, or has never answered. `traceparent` is that of the request that started the
    verification."""

    id: str
    app: str
    type: str
    at: float
    data: Mapping[str, Any]
    attempts: int
    answer: str | None = None
    answered_at: float | None = None
    result: str | None = None
    off: str | None = None
    is_probe: bool = False
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What a request to deliver an event led to. `has_failed` says that the endpoint did not take
    the event, so it rests. `off` marks an endpoint that wants no more events."""

    event_id: str
    result: Result
    answer: str
    retry_in_seconds: float = 0
    has_failed: bool = False
    off: str | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Events that were due, and in how many seconds the next one can be taken, or None if there is
    none. `left` counts the unproven endpoints with an event that is due and was not taken."""

    events: Sequence[Event]
    next_in_seconds: float | None
    left: int


class Webhooks:
    """The events in Redis. The scripts that change something write them (lib/webhooks.lua). Each
    method raises StorageUnavailable."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        # Also while Redis is full: what they finish makes room.
        self._take = scripts.load("webhooks/take_events", when_full=True)
        self._settle = scripts.load("webhooks/settle_events", when_full=True)
        self._schedule = scripts.load("webhooks/schedule_event", when_full=True)

    def take(
        self, most: int, *, most_probes: int | None = None, under_way: Mapping[str, int] = _NONE
    ) -> Taken:
        """Take up to `most` events that are due, for this caller alone, and up to `most_probes` of
        them for unproven endpoints. `under_way` says how many events of an app the caller has
        already."""
        probes = most if most_probes is None else most_probes
        counts = chain.from_iterable(under_way.items())
        words = [most, probes, round(LEASE_SECONDS * 1000), *counts]
        next_ms, left, found = self._take([], words)
        events, unreadable = [], []
        for id_bytes, facts, off, is_probe in found:
            id_ = str(reading.text(id_bytes))
            pairs = dict(zip(facts[::2], facts[1::2], strict=True))
            if event := _read(id_, pairs, off=reading.text(off) or None, is_probe=bool(is_probe)):
                events.append(event)
            else:
                unreadable.append(Attempt(event_id=id_, result="given_up", answer="unreadable"))
        if unreadable:
            self.settle(unreadable)
            next_ms = 0
        next_in = None if next_ms < 0 else next_ms / 1000
        return Taken(events=events, next_in_seconds=next_in, left=left)

    def settle(self, attempts: Iterable[Attempt]) -> None:
        """Record attempts."""
        words: list[str | int] = []
        for one in attempts:
            retry_in_ms = round(one.retry_in_seconds * 1000)
            words += (one.event_id, one.answer, one.result, retry_in_ms)
            words += (int(one.has_failed), one.off or "")
        self._settle([], words)

    def put(self, event_id: str, in_seconds: float) -> None:
        """Have an event delivered then, which was taken and not tried."""
        self._schedule([], [event_id, round(in_seconds * 1000)])

    def resend(self, event_id: str) -> Event | None:
        """Have the event delivered once more, before the app's other events, and to an endpoint
        that rests or wanted no more events. Returns None if it is not kept any longer."""
        (kept,) = self._scripts.fetch(lambda pipe: pipe.hgetall(keys.webhook(event_id)))
        event = _read(event_id, kept or {})
        return event if event and self._schedule([], [event_id, ""]) else None

    def recent(self) -> list[Event]:
        """The last hundred, the newest first."""
        (found,) = self._scripts.fetch(lambda pipe: pipe.lrange(keys.RECENT_WEBHOOKS, 0, -1))
        ids = [str(reading.text(one)) for one in found or ()]

        def ask(pipe: Pipeline) -> None:
            for id_ in ids:
                pipe.hgetall(keys.webhook(id_))

        kept = self._scripts.fetch(ask) if ids else []
        events = (_read(id_, one or {}) for id_, one in zip(ids, kept, strict=True))
        return [event for event in events if event]


def _read(
    id_: str,
    kept: Mapping[bytes, bytes],
    *,
    off: str | None = None,
    is_probe: bool = False,
) -> Event | None:
    """An event as lib/webhooks.lua wrote it. Returns None if it is unreadable."""
    fields = reading.fields(kept)
    data = reading.json_object(fields.get("event")) or {}
    at = reading.moment(data.pop("at", None))
    if at is None:
        return None
    return Event(
        id=id_,
        app=fields.get("app", reading.UNKNOWN),
        type=str(data.pop("type", reading.UNKNOWN)),
        at=at,
        data=data,
        attempts=reading.number(fields.get("attempts")),
        answer=fields.get("answer"),
        answered_at=reading.moment(fields.get("answered")),
        result=fields.get("result"),
        off=off,
        is_probe=is_probe,
        traceparent=parse_traceparent(fields.get("trace", "")),
    )
