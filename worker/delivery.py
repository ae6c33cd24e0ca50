"""The task: deliver one send of a verification."""

import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from shared.codes import Codes
from shared.errors import StorageUnavailable
from shared.ledger import LEASE_SECONDS, AttemptResult, Claim, Ended, Ledger, SendStatus
from shared.policy import Channel
from shared.recipient import mask
from worker.messages import Texts
from worker.senders.base import LONGEST_SEND_SECONDS, DeliveryError, Failure, Sender

log = logging.getLogger("otp.worker")

LONGEST_BACK_OFF_SECONDS = 30.0
UNKNOWN_FENCE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """What the messages of an app are made of and sent with: its words, and its senders per channel
    by name, in order of preference."""

    texts: Texts
    senders: Mapping[Channel, Mapping[str, Sender]]


class Deliverer:
    """Makes delivery attempts, as many at a time as there are threads that call it.

    `outlets` holds the outlet of each app that has its own, and under "" that of every other.
    """

    def __init__(self, ledger: Ledger, codes: Codes, outlets: Mapping[str, Outlet]) -> None:
        self._ledger = ledger
        self._codes = codes
        self._outlets = outlets
        self._sender_names = {
            app: {channel: list(named) for channel, named in outlet.senders.items()}
            for app, outlet in outlets.items()
        }
        # By token, with the monotonic time of the claim.
        self._claims: dict[str, tuple[Claim, float]] = {}
        self._lock = Lock()

    def deliver(self, verification_id: str, send: int) -> None:
        """Make attempts for a send until it is sent, or has to wait, or is over.

        Idempotent: a send that somebody else has, or that is over, is left alone. Each attempt is
        claimed right before it is made, which is also the last look whether the code is still
        wanted. Raises StorageUnavailable when Redis is away before the attempt; the sweeper comes
        back to it.
        """
        while True:
            claimed_at = time.monotonic()
            claim = self._ledger.claim(verification_id, send, self._sender_names)
            if claim is None:
                return
            if isinstance(claim, Ended):
                log.info(
                    "delivery_ended",
                    extra={
                        "verification_id": verification_id,
                        "send": send,
                        "send_status": claim.status,
                        "reason": claim.reason,
                    },
                )
                return
            with self._holding(claim, claimed_at):
                if not self._attempt(claim, claimed_at):
                    return

    @property
    def under_way(self) -> int:
        """How many attempts are being made right now."""
        return len(self._claims)

    @property
    def under_way_by(self) -> Counter[str]:
        """The same by `channel:sender`."""
        with self._lock:
            return Counter(f"{c.channel}:{c.sender}" for c, _ in self._claims.values())

    def renew_leases(self) -> None:
        """Prolong the leases of the attempts under way, save for one whose sender hangs: another
        worker goes on with that send. Raises StorageUnavailable."""
        hangs_since = time.monotonic() - 2 * LONGEST_SEND_SECONDS
        with self._lock:
            claims = [claim for claim, since in self._claims.values() if since > hangs_since]
        if claims:
            self._ledger.renew(claims)

    def _attempt(self, claim: Claim, claimed_at: float) -> bool:
        """Make one attempt. Whether the next one is due at once."""
        provider_id = None
        try:
            code = self._codes.derive(
                claim.kid, claim.verification_id, claim.generation, claim.length
            )
            outlet = self._outlets.get(claim.app) or self._outlets[""]
            message = outlet.texts.message(claim, code)
            if time.monotonic() - claimed_at > LEASE_SECONDS:
                # This process stood still, and somebody else has the send by now.
                return False
            provider_id = outlet.senders[claim.channel][claim.sender].send(message)
            result: AttemptResult = "accepted"
            error = retry_in = None
        except DeliveryError as failure:
            result, error = failure.failure, failure.error
            retry_in = _retry_in(claim, failure.failure)
        except Exception as fault:  # noqa: BLE001 (whatever a sender does, the send goes on)
            result, error = "unknown", type(fault).__name__
            retry_in = _retry_in(claim, "unknown")
            # Without the text of the exception, which may hold the code or the address.
            log.error(  # noqa: TRY400
                "sender_raised", extra={"sender": claim.sender, "where": where(fault)}
            )
        # However long Redis is away: what is not recorded is sent again.
        status = self._patiently(
            lambda: self._ledger.done(
                claim, result, error=error, provider_id=provider_id, retry_in_seconds=retry_in
            ),
            give_up_at=claimed_at + claim.life_seconds,
        )
        log.info(
            "delivery_attempt",
            extra={
                "verification_id": claim.verification_id,
                "send": claim.send,
                "attempt": claim.attempt,
                "to": mask(claim.to),
                "channel": claim.channel,
                "sender": claim.sender,
                "result": result,
                "error": error,
                "send_status": status,
            },
        )
        return status == "queued" and retry_in == 0

    @staticmethod
    def _patiently(record: Callable[[], SendStatus], give_up_at: float) -> SendStatus:
        pause = 0.1
        while True:
            try:
                return record()
            except StorageUnavailable:
                if time.monotonic() > give_up_at:
                    return "lost"
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    @contextmanager
    def _holding(self, claim: Claim, claimed_at: float) -> Iterator[None]:
        with self._lock:
            self._claims[claim.token] = claim, claimed_at
        try:
            yield
        finally:
            with self._lock:
                del self._claims[claim.token]


def _retry_in(claim: Claim, failure: Failure) -> float | None:
    """Seconds until the next attempt, None for no other one."""
    if failure == "invalid_recipient" or (failure == "refused" and not claim.others):
        return None
    back_off = min(2.0 ** (claim.attempt - 1), LONGEST_BACK_OFF_SECONDS)
    if failure == "unknown":
        # It may have been taken: leave its receipt time to arrive before another one follows.
        return max(back_off, UNKNOWN_FENCE_SECONDS)
    return 0.0 if claim.untried else back_off


def where(error: BaseException) -> str:
    """The innermost place of an exception, without its text."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
