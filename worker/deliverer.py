"""Makes the delivery attempts of sends, for our own worker and for jobs of a stock RQ worker."""

import logging
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from shared.codes import Codes
from shared.delivery.ledger import (
    LEASE_SECONDS,
    AttemptResult,
    Claim,
    Ended,
    Ledger,
    Outcome,
    SendStatus,
)
from shared.errors import StorageUnavailable
from shared.logs.request import traced
from shared.policy import Channel, Routes
from shared.recipient import mask, mask_route
from worker.messages import Messages
from worker.senders.base import LONGEST_SEND_SECONDS, Concluding, DeliveryError, Message, Sender
from worker.senders.sockets import bounded

log = logging.getLogger("otp.worker")

LONGEST_BACK_OFF_SECONDS = 30.0
UNKNOWN_FENCE_SECONDS = 5.0
MOST_LEFT_KNOWN = 10_000
# Providers take well under a second. A sender that takes this long may hang.
SLOW_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """The messages of an app, its senders per channel by name, in order of preference, and its
    routes per channel."""

    messages: Messages
    senders: Mapping[Channel, Mapping[str, Sender]]
    routes: Mapping[Channel, Routes] = field(default_factory=dict)

    def message(self, claim: Claim, code: str) -> Message:
        """What to send for a claimed attempt."""
        route = self.routes[claim.channel][claim.route] if claim.route else None
        return self.messages.message(claim, code, route)


class Deliverer:
    """Claims sends, makes an attempt for each claim and records the result, called from all threads
    of a worker. It skips a send that another worker has, or that is over. A send that needs a
    sender, a key, a route or an app's table that this worker does not have is left to other
    workers.

    `outlets` holds the outlet of each app that has its own, and under "" that of every other.
    """

    def __init__(
        self,
        ledger: Ledger,
        codes: Codes,
        outlets: Mapping[str, Outlet],
        *,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._codes = codes
        self._outlets = outlets
        self._slow_seconds = slow_seconds
        self._sender_names = {
            app: {channel: list(named) for channel, named in outlet.senders.items()}
            for app, outlet in outlets.items()
        }
        self._routes = {app: outlet.routes for app, outlet in outlets.items() if outlet.routes}
        # How often a send was left to other workers, and the sends for which that is logged.
        self.left = 0
        self._left: set[tuple[str, int]] = set()
        # By token: the attempts that are not recorded, and those that a sender is busy with. There
        # is no lock, because Python changes or copies a dictionary in one step.
        self._claims: dict[str, Claim] = {}
        self._sending: dict[str, Claim] = {}

    @property
    def under_way(self) -> int:
        """How many attempts are claimed and not recorded."""
        return len(self._claims)

    @property
    def under_way_by(self) -> Counter[str]:
        """The same by `channel:sender`."""
        return Counter(_name(claim.channel, claim.sender) for claim in list(self._claims.values()))

    @property
    def sender_count(self) -> int:
        """How many senders there are, over all channels and apps."""
        named = {
            (channel, sender)
            for channels in self._sender_names.values()
            for channel, senders in channels.items()
            for sender in senders
        }
        return len(named)

    def slow_attempts(self) -> list[Claim]:
        """The attempts that a sender has been busy with for long."""
        since = time.monotonic() - self._slow_seconds
        return [claim for claim in list(self._sending.values()) if claim.asked_at <= since]

    def claim(self, sends: Sequence[tuple[str, int]], places: int | None = None) -> list[Claim]:
        """Claim those of the sends that an attempt is due for, to be made immediately: a claim is
        also the last look whether the code is still wanted. `places` is how many attempts can be
        made. A sender with a slow attempt under way does not get the last one; if None, it does.
        Raises StorageUnavailable; the sweeper comes back to them."""
        slow = {_name(claim.channel, claim.sender) for claim in self.slow_attempts()}
        try:
            answers = self._ledger.claim(
                sends,
                self._sender_names,
                self._codes.fingerprints,
                places,
                slow,
                routes=self._routes,
            )
        except StorageUnavailable as error:
            for verification_id, _ in sends:
                log.warning(
                    "delivery_put_off",
                    extra={"verification_id": verification_id, "error": str(error)},
                )
            raise
        claims = []
        for (verification_id, send), answer in zip(sends, answers, strict=True):
            facts = {"verification_id": verification_id, "send": send}
            match answer:
                case Claim():
                    claims.append(answer)
                case Ended(status="left"):
                    self._leave(verification_id, send, answer)
                case Ended(status="broken", reason=reason):
                    log.error("delivery_broken", extra={**facts, "reason": reason})
                case Ended(status=status, reason=reason):
                    told = {"send_status": status, "reason": reason, **traced(answer.trace)}
                    log.info("delivery_ended", extra={**facts, **told})
        self._claims.update({claim.token: claim for claim in claims})
        return claims

    def attempt(self, claim: Claim) -> Outcome | None:
        """Make one attempt. Returns None if it was not made and there is nothing to record. Claims
        of ended verifications are not attempts: they tell the sender of the end."""
        if claim.ended:
            self._conclude(claim)
            return None
        outlet = self._outlets[claim.outlet]
        try:
            message = outlet.message(claim, self._code(claim))
        except Exception as fault:  # noqa: BLE001 (no sender is to blame)
            log.error("delivery_raised", extra={"where": where(fault)})  # noqa: TRY400
            message = None
        # The lease ends soon, and the send is due again. If this process stood still, the lease is
        # over, and another worker has the send.
        if message is None or time.monotonic() - claim.asked_at > LEASE_SECONDS:
            del self._claims[claim.token]
            return None
        result: AttemptResult = "accepted"
        error = provider_id = None
        self._sending[claim.token] = claim
        try:
            with bounded():
                provider_id = outlet.senders[claim.channel][claim.sender].send(message)
        except DeliveryError as failure:
            result, error, provider_id = failure.failure, failure.error, failure.provider_id
        except BaseException as fault:  # noqa: BLE001 (whatever a sender does, the send goes on)
            # Without the text of the exception, which may hold the code or the address.
            log.error(  # noqa: TRY400
                "sender_raised",
                extra={
                    "verification_id": claim.verification_id,
                    "sender": claim.sender,
                    "where": where(fault),
                    **traced(claim.trace),
                },
            )
            result, error = "unknown", type(fault).__name__
        finally:
            del self._sending[claim.token]
        return Outcome(
            claim=claim,
            result=result,
            error=error,
            provider_id=provider_id,
            retry_in_seconds=_retry_in(claim, result),
        )

    def record(self, outcomes: Sequence[Outcome]) -> list[tuple[str, int]]:
        """Record the results of attempts. Returns the sends whose next attempt is due immediately.
        Raises StorageUnavailable if nothing was recorded."""
        try:
            statuses = self._ledger.done(outcomes)
        except StorageUnavailable:
            raise
        except RedisError as error:
            # For a reason that we do not know. What is not recorded would be sent again.
            log.error("delivery_raised", extra={"where": where(error)})  # noqa: TRY400
            raise StorageUnavailable("Redis records no outcomes") from error
        except Exception as error:  # noqa: BLE001 (what Redis cannot record must not hold others up)
            log.error("delivery_raised", extra={"where": where(error)})  # noqa: TRY400
            statuses = ["broken"] * len(outcomes)
        for outcome, status in zip(outcomes, statuses, strict=True):
            self._end(outcome, status)
        return [
            (outcome.claim.verification_id, outcome.claim.send)
            for outcome, status in zip(outcomes, statuses, strict=True)
            if status == "queued" and outcome.retry_in_seconds == 0
        ]

    def still_wanted(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Those of the outcomes whose codes still live; the others are given up."""
        now = time.monotonic()
        wanted = []
        for outcome in outcomes:
            if now > outcome.claim.asked_at + outcome.claim.life_seconds:
                self._end(outcome, "lost")
            else:
                wanted.append(outcome)
        return wanted

    def renew_leases(self) -> None:
        """Extend the leases of the attempts under way, except if the sender hangs: another worker
        takes over that send. Raises StorageUnavailable."""
        hangs_since = time.monotonic() - 2 * LONGEST_SEND_SECONDS
        claims = [claim for claim in list(self._claims.values()) if claim.asked_at > hangs_since]
        if claims:
            self._ledger.renew(claims)

    def _end(self, outcome: Outcome, status: SendStatus) -> None:
        claim = outcome.claim
        del self._claims[claim.token]
        log.info(
            "delivery_attempt",
            extra={
                "verification_id": claim.verification_id,
                "send": claim.send,
                "attempt": claim.attempt,
                "to": mask(claim.to),
                "channel": claim.channel,
                "sender": claim.sender,
                "route": mask_route(claim.route) if claim.route else None,
                "result": outcome.result,
                "error": outcome.error,
                "send_status": status,
                **traced(claim.trace),
            },
        )

    def _conclude(self, claim: Claim) -> None:
        """Tell a sender how the verification ended, if everything goes well."""
        try:
            sender = self._outlets[claim.outlet].senders[claim.channel][claim.sender]
            if isinstance(sender, Concluding) and claim.provider_id:
                code = self._code(claim) if claim.ended == "approved" else None
                with bounded():
                    sender.conclude(claim.provider_id, code)
        except Exception as fault:  # noqa: BLE001 (nothing depends on it)
            log.info(
                "conclusion_lost",
                extra={
                    "verification_id": claim.verification_id,
                    "sender": claim.sender,
                    "error": fault.error if isinstance(fault, DeliveryError) else where(fault),
                    **traced(claim.trace),
                },
            )
        finally:
            del self._claims[claim.token]

    def _leave(self, verification_id: str, send: int, left: Ended) -> None:
        """Log once that this worker lacks something for a send, which comes back to it for as long
        as no other worker takes it."""
        self.left += 1
        if len(self._left) >= MOST_LEFT_KNOWN:
            self._left.clear()
        if (verification_id, send) not in self._left:
            self._left.add((verification_id, send))
            log.warning(
                "delivery_left",
                extra={
                    "verification_id": verification_id,
                    "send": send,
                    "lacks": left.reason,
                    **traced(left.trace),
                },
            )

    def _code(self, claim: Claim) -> str:
        if claim.sealed:
            return self._codes.unseal(claim.kid, claim.verification_id, claim.sealed)
        return self._codes.derive(claim.kid, claim.verification_id, claim.generation, claim.length)


def _name(channel: Channel, sender: str) -> str:
    return f"{channel}:{sender}"


def _retry_in(claim: Claim, result: AttemptResult) -> float | None:
    """Seconds until the next attempt. Returns None if there is no retry."""
    if result in ("accepted", "invalid_recipient", "unreachable"):
        return None
    if result == "refused" and not claim.others:
        return None
    back_off = min(2.0 ** (claim.attempt - 1), LONGEST_BACK_OFF_SECONDS)
    if result == "unknown":
        # It may have been taken: leave its receipt time to arrive before another one follows.
        return max(back_off, UNKNOWN_FENCE_SECONDS)
    return 0.0 if claim.untried else back_off


def where(error: BaseException) -> str:
    """The innermost place of an exception, without its text."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
