"""The nouns of the model: what is asked, and what is known of it. Times are in milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.policy import Policy

# Channels, and how long after each the next one follows.
Steps = tuple[tuple[str, int], ...]


class Answer(NamedTuple):
    """A word such as `started`, and for how long to wait after a refusal."""

    word: str
    wait: float = 0


class Claimed(NamedTuple):
    """The answer to a claim. `untried` other senders could be tried now, and `others` at all."""

    word: str
    sender: str = ""
    untried: int = 0
    others: int = 0


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A start by `app`, to which the limits of `account` apply. All addresses of a mailbox are
    `counted` as one. A worker needs the table of `outlet`. `only` is the verification to send
    again. `step` is the number of a workflow's step, and `steps` come with its first one. With
    `own_code`, the caller made the code, and with `own_limit` a Service's own limit counts too."""

    app: str
    account: str
    to: str
    counted: str
    country: str
    channel: str
    ip: str
    outlet: str
    key: str = ""
    only: str = ""
    context: str = ""
    own_code: bool = False
    own_limit: bool = False
    steps: Steps = ()
    step: int = 0

    @property
    def person(self) -> tuple[str, str]:
        return self.app, self.to

    @property
    def request(self) -> tuple[str, ...]:
        """What a repeated request with the same idempotency key has to ask for again."""
        return self.to, self.channel, self.context


@dataclass(kw_only=True)
class Send:
    """`attempts` are (sender, result) each, and the result is empty until it is recorded."""

    channel: str
    asked: int
    generation: int
    outlet: str
    senders: tuple[str, ...]
    status: str = "queued"
    not_before: float = 0
    token: str = ""
    attempts: list[tuple[str, str]] = field(default_factory=list)
    # When the result of the last attempt was recorded.
    recorded: int = 0


@dataclass(kw_only=True)
class Verification:
    """`step` is the last one of the workflow that was started or skipped."""

    ask: Ask
    policy: Policy
    expires: int
    checks_left: int
    status: str = "pending"
    generation: int = 0
    revision: int = 0
    sends: list[Send] = field(default_factory=list)
    steps: Steps = ()
    ip: str = ""
    step: int = 0
    next_step: float = 0
    # Its backend was told that the code has expired.
    is_over: bool = False


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What a worker sends with: names of senders by outlet and channel, and whether its key is that
    of the API."""

    senders: Mapping[str, Mapping[str, tuple[str, ...]]]
    has_key: bool = True
