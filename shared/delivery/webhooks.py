"""Events for the backends of apps, until each has been delivered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from redis.client import Pipeline

from shared.storage import keys, reading
from shared.storage.scripts import Facts, Scripts, named

# For longer than a request takes. Then another worker delivers the event.
LEASE_SECONDS = 30.0
_OFF_SECONDS = 30 * 86400

Result = Literal["delivered", "failed", "given_up"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that an app's backend is told. `id` is the same for each attempt to deliver it.
    `at` is in Unix seconds. `data` is what happened, without the type and the time. `answer` is the
    last HTTP status, or a word for why there was none. `off` marks an endpoint of the app that
    wants no more events."""

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


class Webhooks:
    """The events in Redis. The scripts that change something write them (lib/webhooks.lua). Each
    method raises StorageUnavailable."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        # Also while Redis is full: what they finish makes room.
        self._take = scripts.load("webhooks/take_events", when_full=True)
        self._done = scripts.load("webhooks/settle_event", when_full=True)
        self._put = scripts.load("webhooks/schedule_event", when_full=True)

    def take(self, most: int) -> tuple[list[Event], float | None]:
        """Take up to `most` events that are due, for this caller alone. Also returns in how many
        seconds the next one is due, or None if there is none."""
        next_ms, found = self._take(
            [keys.WEBHOOKS, keys.WEBHOOK_ENDS], [most, round(LEASE_SECONDS * 1000)]
        )
        events = []
        for id_, words, off in found:
            pairs = dict(zip(words[::2], words[1::2], strict=True))
            if event := _read(id_, pairs, off):
                events.append(event)
        return events, None if next_ms < 0 else next_ms / 1000

    def done(
        self,
        event: Event,
        result: Result,
        answer: str,
        *,
        retry_in_seconds: float = 0,
        off: str | None = None,
    ) -> None:
        """Record an attempt. `off` marks an endpoint that wants no more events."""
        facts: Facts = {
            "id": event.id,
            "answer": answer,
            "result": result,
            "retry_in_ms": round(retry_in_seconds * 1000),
            "off": off,
            "off_ms": _OFF_SECONDS * 1000,
        }
        self._done([keys.WEBHOOKS, keys.webhook(event.id), keys.WEBHOOKS_SINCE], named(facts))

    def put(self, event_id: str, in_seconds: float = 0) -> bool:
        """Have the event delivered then. Returns False if it is not kept."""
        names = [keys.WEBHOOKS, keys.webhook(event_id)]
        return bool(self._put(names, [event_id, round(in_seconds * 1000)]))

    def resend(self, event_id: str) -> Event | None:
        """Have the event delivered once more, also to an endpoint that wanted no more events.
        Returns None if it is not kept any longer."""
        (kept,) = self._scripts.fetch(lambda pipe: pipe.hgetall(keys.webhook(event_id)))
        event = _read(event_id, kept or {})
        if event is None:
            return None
        self._scripts.run(lambda redis: redis.delete(keys.webhooks_off(event.app)))
        return event if self.put(event_id) else None

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


def _read(id_: str | bytes, kept: Mapping[bytes, bytes], off: bytes | None = None) -> Event | None:
    """An event as lib/webhooks.lua wrote it. Returns None if it is unreadable."""
    fields = reading.fields(kept)
    data = reading.json_object(fields.get("event")) or {}
    at = reading.moment(data.pop("at", None))
    if at is None:
        return None
    return Event(
        id=str(reading.text(id_)),
        app=fields.get("app", reading.UNKNOWN),
        type=str(data.pop("type", reading.UNKNOWN)),
        at=at,
        data=data,
        attempts=reading.number(fields.get("attempts")),
        answer=fields.get("answer"),
        answered_at=reading.moment(fields.get("answered")),
        result=fields.get("result"),
        off=reading.text(off) or None,
    )
