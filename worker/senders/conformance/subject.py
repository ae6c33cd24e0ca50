"""The sender that a check is about, and how a check says that it fails."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote, urlsplit

from shared.policy import Channel
from worker.senders import sender_for
from worker.senders.base import LONGEST_SEND_SECONDS, Message, Sender

# What the playing provider says when it takes a message: ids as several providers give them.
ACCEPTED = json.dumps({"id": "kit-1", "sid": "SM" + 32 * "0"})


class Broken(AssertionError):
    """The sender does not keep to the contract, and how."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A sender to check. `to` and `channel` are made up if they are not given; `protocol` is what
    it speaks; `accepted` is the body of an answer that it reads as accepted. Codes have
    `code_length` digits. A shorter one is by chance in what else is sent."""

    url: str
    to: str | None = None
    channel: Channel | None = None
    protocol: str | None = None
    accepted: str = ACCEPTED
    code_length: int = 10
    longest_seconds: float = LONGEST_SEND_SECONDS
    make: Callable[[str], Sender] = sender_for

    @property
    def speaks(self) -> str:
        return self.protocol or ("smtp" if self.url.startswith("smtp") else "http")

    def sender(self, server: str = "127.0.0.1:9") -> Sender:
        return self.make(self.url.replace("{server}", server))

    @cached_property
    def _first_channel(self) -> Channel:
        return next(iter(self.sender().channels))

    def message(self) -> Message:
        channel = self.channel or self._first_channel
        # Random ones, to tell messages apart.
        digits = f"{random.randrange(10**7, 10**8)}"  # noqa: S311
        least = 10 ** (self.code_length - 1)
        code = f"{random.randrange(least, 10 * least)}"  # noqa: S311
        made_up = f"kit{digits}@example.com" if channel == "email" else f"+1415{digits[1:]}"
        return Message(
            to=self.to or made_up,
            channel=channel,
            code=code,
            subject=f"{code} is your code",
            text=f"{code} is your code. Never share it.",
            html=f"<p>{code} is your code.</p>" if channel == "email" else None,
            locale="en",
            expires_in=200,
            idempotency_key=f"VE{24 * '0'}{digits}-1",
            attempt=f"VE{24 * '0'}{digits}-1-1",
            earlier_id=None,
            receipt_url="https://otp.example.com/receipts/kit?send=VE0-1&attempt=1",
        )

    def secrets(self) -> set[str]:
        """What must be seen nowhere: the password of the URL, or what stands in its place."""
        parts = urlsplit(self.url)
        secret = parts.password or parts.username or ""
        return {secret, unquote(secret)} - {""}
