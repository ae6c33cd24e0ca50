"""The use cases: start a verification, check its code, look at it, cancel it."""

import logging
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal

from shared.codes import Codes
from shared.delivery.outlets import Outlets
from shared.errors import (
    ChannelNotEnabled,
    IncorrectCode,
    InvalidRequest,
    OtpError,
    RateLimited,
    RecipientBlocked,
    StorageUnavailable,
    VerificationNotFound,
)
from shared.logs.request import trace, traced
from shared.messages.texts import Texts
from shared.policy import SERVICE_SID, Channel, Limit, Policy, Route, Workflow
from shared.recipient import KEPT_ADDRESSES, Recipient
from shared.verification import admission
from shared.verification.model import (
    Checked,
    Proof,
    Started,
    StartRequest,
    Terms,
    not_a_code,
    parse_otp,
    read_checked,
    read_started,
)
from shared.verification.records import Verification
from shared.verification.store import Store
from shared.verification.workflow import start_first

log = logging.getLogger("otp.api")

_ID = re.compile(r"VE[0-9a-f]{32}")
# Of what was started.
_LOGGED = ("verification_id", "send", "to", "channel")


class VerificationService:
    """`policy` returns the policy of an app. `outlets` say what a worker needs for a send; without
    them any worker may make any send. `texts` returns the texts of an app, by default with its id
    as its name. Every method raises StorageUnavailable, and VerificationNotFound for an id that it
    does not know."""

    def __init__(
        self,
        store: Store,
        codes: Codes,
        policy: Callable[[str], Policy],
        *,
        outlets: Outlets | None = None,
        texts: Callable[[str], Texts] = Texts,
    ) -> None:
        self._store = store
        self._codes = codes
        self._policy = policy
        self._outlets = outlets
        self._texts = texts

    def start(self, request: StartRequest, *, only: str | None = None) -> Started:
        """Start a verification and queue its delivery, or another send of the pending one. With
        `only`, queue another send of that verification or raise VerificationNotFound. Raises
        InvalidRequest, Refused, RateLimited, TooManyChecks, IdempotencyConflict, ProofSpent,
        DeliveryBacklog."""
        facts = {"app": request.app, "to": request.recipient.masked, "channel": request.channel}
        with _refusals_logged("start_refused", facts, why=str):
            if request.turn and request.turn.workflow:
                return start_first(request, self._start)
            return self._start(request, only=only)

    def workflow(self, app: str, recipient: Recipient) -> Workflow:
        """That of the app's starts for this recipient."""
        found = self._policy(app).workflow
        fits = found and (found[0].channel == "email") == (recipient.kind == "email")
        return found if fits else ()

    def resend(
        self,
        verification_id: str,
        channel: Channel,
        *,
        app: str,
        ip: str,
        locale: str,
        proof: Proof | None = None,
    ) -> Started:
        """Queue another send of a pending verification, possibly by another channel, for a caller
        that need not know the address. Raises what start() raises."""
        facts = {"app": app, "verification_id": verification_id, "channel": channel}
        with _refusals_logged("start_refused", facts, why=str):
            found = self.view(verification_id, app=app)
            facts |= traced(found.fields.get("trace"))
            recipient = self.recipient(verification_id)
            if (channel == "email") != (recipient.kind == "email"):
                raise ChannelNotEnabled
            account, terms = found.account, None
            if account != app:
                # A person on the page is not a client of the Service: its account's limits apply.
                policy = self._policy(account)
                terms = Terms(policy=policy, account=account, app_name=found.app_name)
            request = StartRequest(
                recipient=recipient,
                channel=channel,
                app=app,
                ip=ip,
                locale=locale,
                proof=proof,
                terms=terms,
            )
            return self._start(request, only=verification_id)

    def _start(self, request: StartRequest, *, only: str | None = None) -> Started:
        policy = self._policy_of(request)
        admission.refuse_long_sms(policy, request, self._texts)
        self._refuse_by_policy(policy, request)
        recipient = request.recipient
        route = policy.route(request.channel, recipient.to, recipient.region)
        if request.context_text and not self._shows_text(request, route):
            raise InvalidRequest(("context_text", "this channel cannot show it"))
        _refuse_excluded_sender(route, request.sender)
        tag = admission.recipient_tag(
            self._codes, request.app, recipient.to, checked_here=request.checked_here
        )
        own = policy.test_numbers.get(recipient.to)
        if own is None and request.caller_code:
            own = request.caller_code.code
        limits = [
            *admission.limits(policy, self._codes, request),
            *admission.extra_limits(
                self._codes, request.app, request.terms.extra_limits if request.terms else ()
            ),
        ]
        asked = {
            **admission.asked(request, policy, self._codes),
            **self._needed(request, route),
            "only": only,
            "trace": trace(),
        }
        verification_id, send, length = _new_id(), 1, policy.code_length
        # Only the script knows which send is due, and a new code is made for one send. It can be
        # another one by the next try, but only as often as another caller's send came first.
        for _ in range(policy.max_sends + 1):
            code = self._codes.kept(verification_id, send - 1, length, tag, own)
            made = {**code, "verification_id": verification_id, "send": send}
            if not request.checked_here:
                made |= {"by_recipient": "", "by_id": ""}
            answer = self._store.start(limits, {**asked, **made})
            if answer["outcome"] != "needs_code":
                started = read_started(answer, recipient)
                told = {name: getattr(started, name) for name in _LOGGED}
                if started.trace:
                    told |= traced(started.trace)
                log.info("code_requested", extra={**told, "app": request.app})
                return started
            verification_id = answer.get("verification_id") or _new_id()
            send = answer["send"]
            # A pending one keeps the rules that it was started with.
            length = answer.get("code_length") or policy.code_length
        raise RateLimited("resend", Limit(count=1, window_seconds=1), retry_after=1)

    def recipient(self, verification_id: str) -> Recipient:
        """Who gets the code, which nobody else is to be told. Unknown once the code has ended."""
        to = self._store.recipient(verification_id) if _ID.fullmatch(verification_id) else None
        if to is None:
            raise VerificationNotFound
        return KEPT_ADDRESSES.either(to)

    def check(
        self,
        otp: str,
        *,
        app: str,
        ip: str | None,
        recipient: Recipient | None = None,
        verification_id: str = "",
        account: str | None = None,
    ) -> Checked:
        """Check a typed code, found by its recipient or by the id of its verification. A right
        code is used up and a wrong one is counted.

        A caller that makes up codes gives its `account`. Its codes have their own lengths, so a
        code of another length is a wrong one too. Without an account, such a code is an
        InvalidRequest and not counted. If `ip` is None, no client's network is limited.

        Raises InvalidRequest, TooManyChecks, RateLimited.
        """
        facts = {
            "app": app,
            "to": recipient.masked if recipient else None,
            "verification_id": verification_id or None,
        }
        with _refusals_logged("check_refused", facts, why=_type_name):
            if recipient is None and not _ID.fullmatch(verification_id):
                raise VerificationNotFound
            code = parse_otp(otp)
            payer = account or self._account(app, verification_id)
            policy = self._policy(payer)
            subject = self._codes.tag(app, recipient.to) if recipient else verification_id
            verifiers = self._codes.verifiers(subject, code)
            answer = self._store.check(
                subject,
                admission.network_tag(self._codes, payer, ip) if ip else "",
                {
                    "by": "recipient" if recipient else "id",
                    "verification_id": verification_id,
                    "app": app,
                    "length": len(code),
                    "any_length": account is not None,
                    "max_failed_checks": admission.windows(policy.max_failed_checks),
                    "max_failed_ip": admission.windows(*policy.failed_ip) if ip else "",
                    **{f"verifier:{kid}": v for kid, v in verifiers.items()},
                },
            )
            has_other_length = account is None and len(code) != policy.code_length
            if answer["outcome"] == "not_found" and has_other_length:
                raise not_a_code(policy.code_length)
            checked = read_checked(answer)
        known = {"verification_id": checked.verification_id}
        if checked.trace:
            known |= traced(checked.trace)
        if checked.approved:
            told = {"app": app, "to": checked.to, "channel": checked.channel}
            log.info("verification_approved", extra={**known, **told})
        else:
            told = {"rule": IncorrectCode.rule, "why": IncorrectCode.__name__}
            log.info("check_refused", extra={**facts, **known, **told})
        return checked

    def _account(self, app: str, verification_id: str) -> str:
        """The app whose policy applies: a Service has that of its account."""
        if not (SERVICE_SID.fullmatch(app) and _ID.fullmatch(verification_id)):
            return app
        return self._store.account(verification_id) or app

    def open(self, recipient: Recipient, *, app: str) -> str | None:
        """The id of the recipient's open verification."""
        return self._store.open(self._codes.tag(app, recipient.to))

    def latest(self, recipient: Recipient, *, app: str) -> str | None:
        """The id of the recipient's last verification that can be looked up."""
        return self._store.latest(self._codes.tag(app, recipient.to))

    def view(self, verification_id: str, *, app: str) -> Verification:
        found = self._store.records(verification_id) if _ID.fullmatch(verification_id) else None
        if found is None or found.fields.get("app") != app:
            raise VerificationNotFound
        return found

    def app_of(self, verification_id: str) -> str:
        app = self._store.app_of(verification_id) if _ID.fullmatch(verification_id) else None
        if app is None:
            raise VerificationNotFound
        return app

    def cancel(self, verification_id: str, *, app: str) -> None:
        self.end(verification_id, "canceled", app=app)

    def end(
        self, verification_id: str, status: Literal["canceled", "approved"], *, app: str
    ) -> float:
        """End a pending verification for its app. Returns the time in Unix seconds. `approved`
        counts as by a right code."""
        is_id = _ID.fullmatch(verification_id)
        ended = self._store.end(verification_id, app, status) if is_id else None
        if ended is None:
            raise VerificationNotFound
        event = "verification_canceled" if status == "canceled" else "verification_approved"
        told = {"verification_id": verification_id, "app": app, **traced(ended.trace)}
        log.info(event, extra=told)
        return ended.at

    def _policy_of(self, request: StartRequest) -> Policy:
        policy = request.terms.policy if request.terms else self._policy(request.app)
        return request.caller_code.policy(policy) if request.caller_code else policy

    def _needed(self, request: StartRequest, route: Route | None) -> Mapping[str, str]:
        """What a worker needs for the send."""
        if self._outlets is None:
            return {}
        return self._outlets.needed(
            request.account, request.channel, is_named=bool(request.terms), route=route
        )

    def _shows_text(self, request: StartRequest, route: Route | None) -> bool:
        """Whether the message is in our words."""
        is_registered = route is not None and route.text is not None
        return not is_registered and (
            self._outlets is None or self._outlets.shows_text(request.account, request.channel)
        )

    def _refuse_by_policy(self, policy: Policy, request: StartRequest) -> None:
        refused = admission.refused(policy, request.recipient, request.channel)
        if refused is None:
            return
        if request.turn and isinstance(refused, ChannelNotEnabled):
            # The next step follows.
            raise refused
        # The start is refused even if the refusal cannot be recorded.
        with suppress(StorageUnavailable):
            refusal = {"app": request.app, "rule": refused.rule, "subject": refused.subject}
            # Next to one of its prefixes, a masked number would show more than it should.
            if refused.rule != "blocked_prefix":
                refusal["to"] = request.recipient.masked
            if policy.tells_app and isinstance(refused, RecipientBlocked):
                refusal["webhook"] = admission.refused_event_id()
                refusal |= {"channel": request.channel, "account": request.account}
            self._store.refuse(refusal)
        raise refused


def _new_id() -> str:
    return f"VE{secrets.token_hex(16)}"


def _refuse_excluded_sender(route: Route | None, sender: str | None) -> None:
    """Raises InvalidRequest if a request is for one sender and its route does not have that."""
    if sender and route and route.senders is not None and sender not in route.senders:
        raise InvalidRequest(("sender", "the route to this number does not use this sender"))


def _type_name(error: OtpError) -> str:
    return type(error).__name__


@contextmanager
def _refusals_logged(
    event: str, facts: dict[str, Any], *, why: Callable[[OtpError], str]
) -> Iterator[None]:
    try:
        yield
    except OtpError as error:
        known = {"verification_id": error.verification_id} if error.verification_id else {}
        told = {"rule": error.rule, "why": why(error), **traced(error.trace)}
        log.info(event, extra={**facts, **known, **told})
        raise
