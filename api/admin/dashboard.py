"""The calls of the dashboard's page. They change with it, so the OpenAPI document omits them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from api.admin.session import OwnerAccess, id_of
from api.http import body
from api.http.access import browser_locale, client_ip
from api.otp.fields import VerificationId
from api.otp.schemas import Request
from shared.codes import Codes
from shared.delivery.webhooks import Webhooks
from shared.errors import InvalidRequest, VerificationNotFound
from shared.owner.pumping import guarded
from shared.owner.state import SystemState
from shared.owner.statistics import WINDOWS, Statistics
from shared.owner.timeline import Timeline
from shared.policy import Channel, Guard
from shared.recipient import Addresses, Recipient, mask
from shared.verification.model import StartRequest
from shared.verification.service import VerificationService
from shared.verification.store import Store
from shared.verify_v2.services import Services

_MOST_ENTRIES = 100
_VERIFICATION_ID = re.compile("VE[0-9a-f]{32}", re.IGNORECASE)


class _Searched(Request):
    """`to` is a phone number or, with an @, an email address."""

    to: Annotated[str, Field(min_length=1, max_length=512)]

    def recipient(self, addresses: Addresses) -> Recipient:
        try:
            return addresses.either(self.to)
        except InvalidRequest as error:
            raise InvalidRequest(*(("to", message) for _, message in error.errors)) from None


class _Known(_Searched):
    """`to` may also be the id of a verification."""

    @property
    def verification_id(self) -> str | None:
        text = self.to.strip()
        return f"VE{text[2:].lower()}" if _VERIFICATION_ID.fullmatch(text) else None


class _Verification(Request):
    verification_id: VerificationId


class _Sender(Request):
    channel: Channel
    sender: str


class _Pause(_Sender):
    seconds: Literal[900, 3600, 86400]


class _Test(_Sender, _Searched):
    pass


class _Guard(Request):
    """`guard` is the name of a row of `guarded`."""

    guard: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_-]{1,34}:(range:\+[0-9]{1,14}|country:([A-Z]{2}|none))$")
    ]

    def facts(self) -> dict[str, str]:
        return dict(zip(("app", "kind", "subject"), self.guard.split(":"), strict=True))


class _Event(Request):
    id: Annotated[str, Field(pattern="^(VE|RB)[0-9a-f]{32}(-[0-9]{1,9})?$")]


class _Exemption(_Guard):
    seconds: Literal[3600, 86400, 604800, 2419200]


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """What the endpoints need. `apps_of_senders` is by channel and name."""

    owner: OwnerAccess
    service: VerificationService
    store: Store
    codes: Codes
    statistics: Statistics
    state: SystemState
    timeline: Timeline
    webhooks: Webhooks
    services: Services
    guard_of: Callable[[str], Guard]
    apps_of_senders: Mapping[tuple[Channel, str], str]
    addresses: Addresses

    def name_services(self, *tables: list[dict[str, Any]]) -> None:
        """Add the names of Services to their SIDs, which are the `app` of these rows. Raises
        StorageUnavailable."""
        rows = [row for table in tables for row in table]
        names = self.services.names(sorted({row["app"] for row in rows}))
        for row in rows:
            if name := names.get(row["app"]):
                row["app"] = f"{name} ({row['app']})"

    def app_of_sender(self, asked: _Sender) -> str:
        """The app that a sender belongs to. Raises InvalidRequest."""
        try:
            return self.apps_of_senders[asked.channel, asked.sender]
        except KeyError:
            raise InvalidRequest(("sender", "this sender does not exist")) from None


def routes(admin: Blueprint, dashboard: Dashboard) -> None:
    """Add the endpoints to the owner's blueprint, which asks for a session and its token."""
    _routes_to_look(admin, dashboard)
    _routes_for_recipients(admin, dashboard)
    _routes_for_senders(admin, dashboard)
    _routes_for_guards(admin, dashboard)
    _routes_for_events(admin, dashboard)

    @admin.post("/end_sessions")
    def end_sessions() -> tuple[str, int]:
        dashboard.owner.end_other_sessions(id_of(request) or "")
        return "", 204


def _routes_to_look(admin: Blueprint, dashboard: Dashboard) -> None:
    @admin.get("/stats.json")
    def figures() -> Response:
        asked = request.args.get("window", "minutes")
        window = next((known for known in WINDOWS if known == asked), None)
        if window is None:
            raise InvalidRequest(("window", f"expected one of {', '.join(WINDOWS)}"))
        app = request.args.get("app", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,34}|\*", app):
            raise InvalidRequest(("app", "this app does not exist"))
        # A hundred of them, and the sessions, which only one view shows.
        events = request.args.get("events") == "true"
        refusals = dashboard.statistics.refusals(_MOST_ENTRIES)
        rows = [asdict(row) for row in guarded(dashboard.store, dashboard.guard_of)]
        apps = [{"id": name, "app": name} for name in dashboard.statistics.apps(window)]
        dashboard.name_services(refusals, rows, apps)
        return jsonify(
            app=app,
            apps=apps,
            # asdict() would copy its thousands of counts one by one.
            report=vars(dashboard.statistics.read(window, app or None)),
            refusals=refusals,
            state=asdict(dashboard.state.read()),
            guarded=rows,
            events=[asdict(event) for event in dashboard.webhooks.recent()] if events else None,
            audit=[asdict(entry) for entry in dashboard.owner.audit.entries()[:_MOST_ENTRIES]],
            sessions=_open_sessions(dashboard.owner) if events else None,
        )

    @admin.post("/timeline")
    def timeline() -> Response:
        """The address is in the body, because URLs end up in logs."""
        asked = body.read(request, _Known)
        if asked.verification_id:
            found = dashboard.timeline.find_by_id(asked.verification_id)
        else:
            found = dashboard.timeline.find(asked.recipient(dashboard.addresses))
        trace = asdict(found)
        dashboard.name_services(trace["verifications"], trace["held"], trace["refusals"])
        return jsonify(trace)


def _open_sessions(owner: OwnerAccess) -> list[dict[str, Any]]:
    return [
        {"began": one.began, "actor": one.actor, "ip": one.ip, "is_mine": is_mine}
        for one, is_mine in owner.sessions(id_of(request) or "")
    ]


def _routes_for_recipients(admin: Blueprint, dashboard: Dashboard) -> None:
    @admin.post("/reveal")
    def reveal() -> Response:
        """`to` is null once the address was deleted."""
        verification_id = body.read(request, _Verification).verification_id
        to = dashboard.store.recipient(verification_id)
        if to:
            dashboard.owner.record("reveal", verification_id=verification_id, to=mask(to))
        return jsonify(to=to)

    @admin.post("/cancel")
    def cancel() -> tuple[str, int]:
        verification_id = body.read(request, _Verification).verification_id
        app = dashboard.service.app_of(verification_id)
        dashboard.service.cancel(verification_id, app=app)
        dashboard.owner.record("cancel", verification_id=verification_id)
        return "", 204

    @admin.post("/unblock")
    def unblock() -> tuple[str, int]:
        asked = body.read(request, _Known)
        if asked.verification_id:
            found = dashboard.timeline.recipient_of(asked.verification_id)
            if found is None:
                raise VerificationNotFound
            dashboard.store.unblock(found.counted_by)
            to = found.to
        else:
            recipient = asked.recipient(dashboard.addresses)
            to = recipient.masked
            for app in dashboard.store.apps():
                dashboard.store.unblock(dashboard.codes.tag(app, recipient.counted_as))
        dashboard.owner.record("unblock", to=to)
        return "", 204


def _routes_for_senders(admin: Blueprint, dashboard: Dashboard) -> None:
    @admin.post("/pause")
    def pause() -> tuple[str, int]:
        asked = body.read(request, _Pause)
        dashboard.app_of_sender(asked)
        dashboard.state.pause(asked.channel, asked.sender, asked.seconds)
        dashboard.owner.record("pause", **asked.model_dump())
        return "", 204

    @admin.post("/resume")
    def resume() -> tuple[str, int]:
        asked = body.read(request, _Sender)
        dashboard.app_of_sender(asked)
        dashboard.state.resume(asked.channel, asked.sender)
        dashboard.owner.record("resume", **asked.model_dump())
        return "", 204

    @admin.post("/test")
    def test_message() -> tuple[Response, int]:
        asked = body.read(request, _Test)
        app = dashboard.app_of_sender(asked)
        recipient = asked.recipient(dashboard.addresses)
        if (recipient.kind == "email") != (asked.channel == "email"):
            raise InvalidRequest(("to", "this sender cannot send to this type of address"))
        started = dashboard.service.start(
            StartRequest(
                recipient=recipient,
                channel=asked.channel,
                app=app,
                ip=client_ip(request),
                locale=browser_locale(request),
                sender=asked.sender,
            )
        )
        dashboard.owner.record(
            "test_message",
            verification_id=started.verification_id,
            to=started.to,
            channel=asked.channel,
            sender=asked.sender,
        )
        return jsonify(verification_id=started.verification_id), 202


def _routes_for_guards(admin: Blueprint, dashboard: Dashboard) -> None:
    @admin.post("/release")
    def release() -> tuple[str, int]:
        asked = body.read(request, _Guard)
        dashboard.store.release_guard(asked.guard)
        dashboard.owner.record("release", **asked.facts())
        return "", 204

    @admin.post("/exempt")
    def exempt() -> tuple[str, int]:
        asked = body.read(request, _Exemption)
        dashboard.store.exempt_guard(asked.guard, asked.seconds)
        dashboard.owner.record("exempt", **asked.facts(), seconds=asked.seconds)
        return "", 204

    @admin.post("/end_exemption")
    def end_exemption() -> tuple[str, int]:
        asked = body.read(request, _Guard)
        dashboard.store.exempt_guard(asked.guard, 0)
        dashboard.owner.record("end_exemption", **asked.facts())
        return "", 204


def _routes_for_events(admin: Blueprint, dashboard: Dashboard) -> None:
    @admin.post("/resend_event")
    def resend_event() -> tuple[str, int]:
        """Deliver an event once more, also to an endpoint that wanted no more events."""
        event_id = body.read(request, _Event).id
        event = dashboard.webhooks.resend(event_id)
        if event is None:
            raise InvalidRequest(("id", "this event is not kept any longer"))
        dashboard.owner.record("resend_event", event=event_id, app=event.app)
        return "", 204
