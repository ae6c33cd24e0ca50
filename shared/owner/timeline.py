"""Where is my code? What happened to the verifications of one recipient, moment by moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from redis.client import Pipeline

from shared.codes import Codes
from shared.owner.statistics import read_refusals
from shared.recipient import Recipient
from shared.storage import keys, reading
from shared.storage.scripts import Scripts
from shared.verification import records
from shared.verification.admission import recipient_tags
from shared.verification.model import CodeFrom
from shared.verification.records import Send, Verification

EventKind = Literal[
    "asked",  # for a code, or for one more message with it: by the app, a person or the workflow
    "skipped",  # a step of the workflow
    "next",  # step of the workflow, which will start at that moment
    "claimed",  # by a worker, after waiting in the queue
    "attempt",
    "receipt",
    "send",  # its status, where the events before do not tell it
    "check",
    "approved",  # declared by the app
    "canceled",
    "expired",
]
# Of each app, the latest.
_MOST = 20
# The events before tell these.
_TOLD = ("sent", "delivered", "undelivered")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at `at` (Unix seconds, or None if the time is unknown). `facts` are
    its details: send, sender, result, error and the like."""

    at: float | None
    kind: EventKind
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A verification with its events in order. `clear` is whether its address is still kept,
    `test` whether it is of a test number, to which nothing is sent, and `checked_here` whether its
    code can be checked."""

    verification_id: str
    app: str
    channel: str
    to: str
    country: str | None
    status: str
    created_at: float | None
    expires_at: float | None
    checks_left: int
    clear: bool
    test: bool
    code_from: CodeFrom
    checked_here: bool
    events: Sequence[Event]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What an app's limits have counted of a recipient, which unblocking would forget."""

    app: str
    wrong_codes: int
    sends: int


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Everything of one recipient, the newest verification first. `to` is masked; `refusals` are of
    all addresses that are masked alike."""

    to: str
    verifications: Sequence[Traced]
    held: Sequence[Held]
    refusals: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class RecipientOf:
    """Who a verification is for, without the address: the tag of whom limits count, in the
    verification's app. `to` is masked."""

    app: str
    counted_by: str
    to: str


class Timeline:
    """`apps` returns the names of all apps that may have verifications. Methods raise
    StorageUnavailable."""

    def __init__(self, scripts: Scripts, codes: Codes, apps: Callable[[], Sequence[str]]) -> None:
        self._scripts = scripts
        self._codes = codes
        self._apps = apps

    def find(self, recipient: Recipient) -> Trace:
        apps = self._apps()
        return self._find(
            recipient.masked,
            {app: self._codes.tag(app, recipient.counted_as) for app in apps},
            [tag for app in apps for tag in recipient_tags(self._codes, app, recipient.to)],
        )

    def find_by_id(self, verification_id: str) -> Trace:
        """A verification alone, and what its app's limits have counted of its recipient."""
        of = self.recipient_of(verification_id)
        if of is None:
            return Trace(to=verification_id, verifications=(), held=(), refusals=())
        return self._find(of.to, {of.app: of.counted_by}, only=verification_id)

    def recipient_of(self, verification_id: str) -> RecipientOf | None:
        """Returns None if nothing is kept of the verification."""
        fields = ("app", "tag", "counted", "to")
        key = keys.verification(verification_id)
        (kept,) = self._scripts.fetch(lambda pipe: pipe.hmget(key, *fields))
        app, tag, counted, to = map(reading.text, kept or (None,) * len(fields))
        if not (app and tag and to):
            return None
        return RecipientOf(app=app, counted_by=counted or tag, to=to)

    def _find(
        self,
        masked_to: str,
        counted_by: Mapping[str, str],
        tags: Sequence[str] = (),
        only: str | None = None,
    ) -> Trace:
        """`counted_by` are the tags of whom limits count, by app, and `tags` those of the
        recipient."""

        def ask(pipe: Pipeline) -> None:
            pipe.lrange(keys.REFUSALS, 0, -1)
            for tag in tags:
                pipe.zrevrange(keys.history(tag), 0, _MOST - 1)
            for tag in counted_by.values():
                pipe.llen(keys.failed(tag))
                pipe.llen(keys.limit("to", tag))

        refusals, *answers = self._scripts.fetch(ask)
        histories, counted = answers[: len(tags)], answers[len(tags) :]
        found = [str(reading.text(id_)) for history in histories for id_ in history or ()]
        verifications = records.fetch(self._scripts, [only] if only else found)
        in_clear = self._scripts.fetch(
            lambda pipe: [pipe.exists(keys.code(v.verification_id)) for v in verifications]
        )
        held = [
            Held(app=app, wrong_codes=wrong_codes or 0, sends=sends or 0)
            for app, wrong_codes, sends in zip(counted_by, counted[::2], counted[1::2], strict=True)
            if wrong_codes or sends
        ]
        return Trace(
            to=masked_to,
            verifications=sorted(
                map(_traced, verifications, map(bool, in_clear)),
                key=lambda traced: traced.created_at or 0,
                reverse=True,
            ),
            held=held,
            # Most refusals tell of the address only how it looks when masked.
            refusals=[r for r in read_refusals(refusals) if r.get("to") == masked_to],
        )


def _traced(record: Verification, clear: bool) -> Traced:
    fields, status = record.fields, record.status
    events = [Event(at=c.at, kind="check", facts={"result": c.result}) for c in record.checks()]
    if status == "expired" and (expires_at := record.expires_at):
        events.append(Event(at=expires_at, kind="expired", facts={}))
    if ended_at := record.ended_at:
        kind: EventKind = "approved" if status == "approved" else "canceled"
        events.append(Event(at=ended_at, kind=kind, facts={}))
    # Each with the moment by which it is put in order.
    dated = [(event.at or 0.0, event) for event in _steps(record)]
    dated += [pair for send in record.sends for pair in _dated(send)]
    dated += [(event.at or 0.0, event) for event in events]
    return Traced(
        verification_id=record.verification_id,
        app=fields.get("app", reading.UNKNOWN),
        channel=fields.get("channel", reading.UNKNOWN),
        to=fields.get("to", ""),
        country=fields.get("country"),
        status=status,
        created_at=record.created_at,
        expires_at=record.expires_at,
        checks_left=record.checks_left,
        clear=clear,
        test="test" in fields,
        code_from=record.code_from,
        checked_here=record.checked_here,
        events=[event for _, event in sorted(dated, key=lambda pair: pair[0])],
    )


def _steps(record: Verification) -> Iterator[Event]:
    """The steps of the workflow that sent nothing: those skipped, and the next one."""
    for number, step in enumerate(record.workflow or (), 1):
        if step.skipped:
            facts = {"step": number, "channel": step.channel, "reason": step.skipped}
            yield Event(at=step.skipped_at, kind="skipped", facts=facts)
    if follows := record.next_step:
        facts = {"step": (record.step or 0) + 1, "channel": follows.channel}
        yield Event(at=record.next_step_at, kind="next", facts=facts)


def _dated(send: Send) -> list[tuple[float, Event]]:
    """A status without a time comes after everything else of its send."""
    events = list(_events(send))
    last = max((event.at or 0.0 for event in events), default=0.0)
    return [(event.at or last, event) for event in events]


def _events(send: Send) -> Iterator[Event]:
    fields, asked = send.fields, send.asked_at
    if asked:
        facts = {
            "send": send.number,
            "channel": fields.get("channel", reading.UNKNOWN),
            "locale": fields.get("locale"),
            "only": fields.get("sender"),
            "step": send.step,
        }
        yield Event(at=asked, kind="asked", facts=facts)
    if claimed := reading.moment(fields.get("claimed")):
        facts = {"send": send.number, "waited_ms": _milliseconds(asked, claimed)}
        yield Event(at=claimed, kind="claimed", facts=facts)
    for attempt, record in send.attempt_records().items():
        yield from _attempt(send.number, attempt, record)
    status = fields.get("status")
    if status and status not in _TOLD:
        facts = {"send": send.number, "status": status, "reason": fields.get("reason")}
        if status == "queued" and "not_before" in fields:
            facts["again_at"] = reading.moment(fields["not_before"])
        yield Event(at=None, kind="send", facts=facts)


def _attempt(send: int, attempt: int, record: Mapping[str, Any]) -> Iterator[Event]:
    known = {"send": send, "attempt": attempt, "sender": record.get("sender", reading.UNKNOWN)}
    result = record.get("status", reading.UNKNOWN)
    receipt = record.get("receipt")
    if at := reading.moment(record.get("at")):
        facts = {
            **known,
            "result": result,
            # A receipt of a failure has put its error here.
            "error": None if receipt and result == "accepted" else record.get("error"),
            "provider_id": record.get("provider_id"),
            "route": record.get("route"),
            "took_ms": _milliseconds(reading.moment(record.get("begun")), at),
        }
        yield Event(at=at, kind="attempt", facts=facts)
    if isinstance(receipt, dict) and (reported := reading.moment(receipt.get("at"))):
        outcome = receipt.get("outcome", reading.UNKNOWN)
        facts = {**known, "outcome": outcome, "error": receipt.get("error")}
        yield Event(at=reported, kind="receipt", facts=facts)


def _milliseconds(begin: float | None, end: float) -> int | None:
    return round((end - begin) * 1000) if begin else None
