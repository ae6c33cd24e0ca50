"""What the page shows."""

import json
import math
from dataclasses import dataclass
from typing import Any, Literal

from api.http.origins import with_result
from api.otp.schemas import VerificationDetails
from api.page.texts import Texts, clock
from shared.policy import Channel
from shared.settings import Settings
from shared.storage.reading import UNKNOWN
from shared.verification.records import Send, Verification

Step = Literal["off", "address", "code", "approved", "ended", "away"]
Kind = Literal["phone", "email"]

_FAILED = ("undelivered", "failed")


@dataclass(frozen=True, kw_only=True)
class View:
    """`settings` are those of the app. `error` belongs to `error_at` (address, code or resend).
    `ended` is the status of a verification that failed. `hosted`: another site started the
    verification. `return_url` is where the person continues, and `embedder` the origin of the
    embedding page.
    """

    texts: Texts
    settings: Settings
    step: Step
    kind: Kind = "phone"
    typed: str = ""
    error_at: str = ""
    error: str = ""
    note: str = ""
    ended: str = ""
    verification_id: str = ""
    verification: Verification | None = None
    hosted: bool = False
    return_url: str | None = None
    embedder: str | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        return self.settings.policy().channels

    @property
    def others(self) -> list[Channel]:
        """The other channels for the same number."""
        if self.kind == "email":
            return []
        return [one for one in self.channels if one not in ("email", self.channel, self.next_step)]

    @property
    def offers_email(self) -> bool:
        """Whether the person can enter an email address instead."""
        return self.kind == "phone" and "email" in self.channels and not self.hosted

    @property
    def channel(self) -> str:
        found = self.verification
        if found and found.channel == UNKNOWN:
            return "email" if "@" in found.to else "sms"
        return found.channel if found else ""

    @property
    def life_left(self) -> float:
        """From 1, for a new code, to 0."""
        found = self.verification
        if found is None or found.expires_at is None or found.created_at is None:
            return 1
        return found.expires_in / max(1, found.expires_at - found.created_at)

    @property
    def has_workflow(self) -> bool:
        """Whether a phone number that is typed here without a choice of channel starts one."""
        return any(step.channel != "email" for step in self.settings.otp_workflow)

    @property
    def next_step(self) -> str:
        """The channel of the workflow's next step, or "" if none will start."""
        found = self.verification
        follows = found.next_step if found and found.sends_left else None
        return follows.channel if follows else ""

    @property
    def next_clock(self) -> str:
        """The time until the next step, such as 0:12."""
        found = self.verification
        left = (found.next_step_at or 0) - found.now if found else 0
        return clock(max(0, math.ceil(left)))

    @property
    def newest_send(self) -> Send | None:
        sends = self.verification.sends if self.verification else ()
        return sends[-1] if sends else None

    @property
    def has_failed(self) -> bool:
        return self.newest_send is not None and self.newest_send.status in _FAILED

    @property
    def delivery(self) -> str:
        """The state of the message. If it failed, also suggests another way, if one can be used
        now."""
        send = self.newest_send
        if send is None:
            return ""
        is_unreachable = (send.status, send.reason) == ("failed", "unreachable")
        name = send.reason if send.status == "dropped" or is_unreachable else send.status
        if name == "sent" and send.channel == "email":
            name = "sent_email"
        what: str = self.texts.words["delivery"].get(name, "")
        if self.has_failed and (
            self.offers_email or any(map(self._waits_for_nothing, self.others))
        ):
            return self.texts.say("delivery.try_another", what=what)
        return what

    def _waits_for_nothing(self, channel: str) -> bool:
        """Whether a channel can be used now. After a failed send, an untried one can."""
        if self.verification is None or not self.verification.sends_left:
            return False
        tried = {send.channel for send in self.verification.sends}
        return not self.verification.resend_in or channel not in tried

    def back(self) -> str:
        """Where the person continues."""
        status = self.ended or "approved"
        return with_result(self.return_url or "", self.verification_id, status)

    @property
    def status(self) -> dict[str, Any] | None:
        """For the script: a StatusOnPage."""
        if self.verification is None:
            return None
        return {
            **VerificationDetails.of(self.verification).model_dump(),
            "delivery": self.delivery,
        }

    @property
    def as_json(self) -> str:
        """For the script."""
        return json.dumps(
            {
                "step": self.step,
                "kind": self.kind,
                "id": self.verification_id,
                "ended": self.ended,
                "note": self.note,
                "error": {"where": self.error_at, "text": self.error},
                "verification": self.status,
                "returnUrl": self.return_url,
                "embedder": self.embedder,
            },
            ensure_ascii=False,
        )
