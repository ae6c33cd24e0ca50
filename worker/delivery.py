"""The task: deliver one send of a verification."""

import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock

from shared.codes import Codes
from shared.errors import StorageUnavailable
from shared.policy import Channel
from shared.recipient import mask
from shared.store import AttemptResult, Claim, Ended, SendStatus, Store
from worker.messages import Texts
from worker.senders import NamedSender
from worker.senders.base import DeliveryError, Failure

log = logging.getLogger("otp.worker")

LONGEST_BACK_OFF_SECONDS = 30.0
UNKNOWN_FENCE_SECONDS = 5.0


class Deliverer:
    """Makes delivery attempts, as many at a time as there are threads that call it.

    `senders` holds the senders per channel, in order of preference.
    """

    def __init__(
        self,
        store: Store,
        codes: Codes,
        texts: Texts,
        senders: Mapping[Channel, Sequence[NamedSender]],
    ) -> None:
        self._store = store
        self._codes = codes
        self._texts = texts
        self._senders = senders
        self._claims: dict[str, Claim] = {}
        self._lock = Lock()

    def deliver(self, verification_id: str, send: int) -> None:
        """Make attempts for a send until it is sent, or has to wait, or is over.

        Idempotent: a send that somebody else has, or that is over, is left alone. Each attempt is
        claimed right before it is made, which is also the last look whether the code is still
        wanted. Raises StorageUnavailable when Redis is away before the attempt; the sweeper comes
        back to it.
        """
        while True:
            claim = self._store.claim(verification_id, send)
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
            with self._holding(claim):
                if not self._attempt(claim):
                    return

    @property
    def under_way(self) -> int:
        """How many attempts are being made right now."""
        return len(self._claims)

    def renew_leases(self) -> None:
        """Prolong the leases of the attempts under way. Raises StorageUnavailable."""
        with self._lock:
            claims = list(self._claims.values())
        if claims:
            self._store.renew(claims)

    def _attempt(self, claim: Claim) -> bool:
        """Make one attempt. Whether the next one is due at once."""
        senders = self._candidates(claim)
        if not senders:
            self._record(claim, "none", "refused", error="no_sender")
            return False
        first, *others = senders
        try:
            code = self._codes.derive(
                claim.kid, claim.verification_id, claim.generation, claim.length
            )
            provider_id = first.sender.send(self._texts.message(claim, code))
        except DeliveryError as error:
            failure, reason = error.failure, error.error
        except Exception as error:  # noqa: BLE001 (whatever a sender does, the send goes on)
            failure, reason = "unknown", type(error).__name__
            # Without the text of the exception, which may hold the code or the address.
            log.error(  # noqa: TRY400
                "sender_raised", extra={"sender": first.name, "where": where(error)}
            )
        else:
            self._record(claim, first.name, "accepted", provider_id=provider_id)
            return False
        retry_in = _retry_in(claim, failure, others)
        status = self._record(claim, first.name, failure, error=reason, retry_in_seconds=retry_in)
        return status == "queued" and retry_in == 0

    def _candidates(self, claim: Claim) -> list[NamedSender]:
        """The senders that have not refused this send, those with the fewest attempts first."""
        refused = {past.sender for past in claim.past if past.status == "refused"}
        attempts = Counter(past.sender for past in claim.past)
        left = [s for s in self._senders.get(claim.channel, ()) if s.name not in refused]
        return sorted(left, key=lambda sender: attempts[sender.name])

    def _record(
        self,
        claim: Claim,
        sender: str,
        result: AttemptResult,
        *,
        error: str | None = None,
        provider_id: str | None = None,
        retry_in_seconds: float | None = None,
    ) -> SendStatus:
        """Record an attempt, however long Redis is away: what is not recorded is sent again."""
        status = self._patiently(
            lambda: self._store.done(
                claim,
                sender,
                result,
                error=error,
                provider_id=provider_id,
                retry_in_seconds=retry_in_seconds,
            ),
            give_up_at=time.monotonic() + claim.life_seconds,
        )
        log.info(
            "delivery_attempt",
            extra={
                "verification_id": claim.verification_id,
                "send": claim.send,
                "attempt": claim.attempt,
                "to": mask(claim.to),
                "channel": claim.channel,
                "sender": sender,
                "result": result,
                "error": error,
                "send_status": status,
            },
        )
        return status

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
    def _holding(self, claim: Claim) -> Iterator[None]:
        with self._lock:
            self._claims[claim.token] = claim
        try:
            yield
        finally:
            with self._lock:
                del self._claims[claim.token]


def _retry_in(claim: Claim, failure: Failure, others: Sequence[NamedSender]) -> float | None:
    """Seconds until the next attempt, None for no other one."""
    if failure == "invalid_recipient" or (failure == "refused" and not others):
        return None
    back_off = min(2.0 ** (claim.attempt - 1), LONGEST_BACK_OFF_SECONDS)
    if failure == "unknown":
        # It may have been taken: leave it time to arrive before another one follows.
        return max(back_off, UNKNOWN_FENCE_SECONDS)
    tried = {past.sender for past in claim.past}
    if any(other.name not in tried for other in others):
        return 0
    return back_off


def where(error: BaseException) -> str:
    """The innermost place of an exception, without its text."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
