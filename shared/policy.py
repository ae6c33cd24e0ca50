"""What an owner decides about verifications: lengths, times and limits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Self

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Channel = Literal["sms", "whatsapp", "telegram", "call", "email"]
PHONE_CHANNELS: tuple[Channel, ...] = ("sms", "whatsapp", "telegram", "call")
CHANNELS: tuple[Channel, ...] = (*PHONE_CHANNELS, "email")

# No verification can have more sends than this.
MOST_SENDS = 10

# The steps of a workflow, and the seconds that all but the last wait.
MOST_STEPS = 5
SHORTEST_WAIT, LONGEST_WAIT = 15, 600

# The app of everybody's verifications where no API keys are set, and the one of the page at / where
# they are and OTP_PUBLIC_UI lets people in all the same.
DEFAULT_APP = "default"
PAGE_APP = "page"
# The one of the test messages that the owner sends.
ADMIN_APP = "admin"
# No key is for these: it would see what is theirs.
OWN_APPS = (PAGE_APP, ADMIN_APP)
# The keys of this one can only read the metrics.
METRICS_APP = "metrics"
# The SID of a Service of the Verify v2-compatible API, which has the place of an app.
SERVICE_SID = re.compile("VA[0-9a-fA-F]{32}")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `count` events in any `window_seconds`, written as `5/10m`."""

    count: int
    window_seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `COUNT/WINDOW`, where a window is a number of s, m, h or d. Raises ValueError for
        anything else, and for counts or windows beyond reason."""
        match = re.fullmatch(r"([0-9]{1,7})/([0-9]{0,4})([smhd])", text)
        if not match:
            raise ValueError("expected COUNT/WINDOW, such as 5/10m or 30/1h")
        count, window = int(match[1]), int(match[2] or 1) * SECONDS[match[3]]
        if count < 1 or not 1 <= window <= 7 * 86400:
            raise ValueError("expected a count of at least 1 and a window from 1s to 7d")
        return cls(count=count, window_seconds=window)

    def __str__(self) -> str:
        for unit in ("d", "h", "m"):
            if self.window_seconds % SECONDS[unit] == 0:
                return f"{self.count}/{self.window_seconds // SECONDS[unit]}{unit}"
        return f"{self.count}/{self.window_seconds}s"


Limits = tuple[Limit, ...]


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The pumping guard. Fraudsters who earn by messages have them sent to many numbers of a range,
    and no one types a code. The guard holds a range, the numbers that share all but the last four
    digits, if it got `ranges.count` messages in the window and less than `percent` of them led to a
    verified number. `countries` is the same for countries. `block` refuses recipients that have not
    verified before, and `monitor` only shows what it would refuse."""

    mode: Literal["block", "monitor", "off"] = "monitor"
    ranges: Limit = field(default_factory=lambda: Limit(count=20, window_seconds=86400))
    countries: Limit = field(default_factory=lambda: Limit(count=500, window_seconds=86400))
    percent: int = 10


# What stands for the code in a registered text. The DLT portals of India have their own form, which
# names the type since 2026, such as {#numeric#}. Before, it was {#var#}.
VARIABLE = re.compile(r"\{code\}|\{#[a-z]+#\}")
# The name of the route to all numbers that no other one matches.
DEFAULT_ROUTE = "default"


@dataclass(frozen=True, kw_only=True)
class Route:
    """How a channel's messages reach some numbers. `name` is their country or prefix, or `default`.
    `senders` are the only ones for these numbers, in order of preference. None allows all of the
    channel, and an empty tuple refuses the start. `from_number` replaces that of the sender's URL.
    `text` is an SMS as a regulator registered it, with one VARIABLE, under the ids `dlt_entity` and
    `dlt_template`."""

    name: str
    senders: tuple[str, ...] | None = None
    from_number: str | None = None
    dlt_entity: str | None = None
    dlt_template: str | None = None
    text: str | None = None

    def wording(self, code: str) -> str | None:
        """The registered text with a code. Nothing else in it changes."""
        return VARIABLE.sub(code, self.text) if self.text else None


# By their names.
Routes = Mapping[str, Route]


class Step(NamedTuple):
    """A step of a workflow: its channel, and how long after it the next step starts."""

    channel: Channel
    wait_seconds: int | None = None


# By default there is none.
Workflow = tuple[Step, ...]


class StepProblem(NamedTuple):
    """What is wrong with the `field` of a step, by its number from 1. Without a number, it concerns
    the whole workflow."""

    number: int | None
    field: Literal["channel", "wait"] | None
    told: str


def problem_of(workflow: Workflow) -> StepProblem | None:
    """Returns None if the workflow follows the rules. All its channels reach the same address: a
    code that arrives by email proves nothing about a phone."""
    if not 1 <= len(workflow) <= MOST_STEPS:
        return StepProblem(None, None, f"expected 1 to {MOST_STEPS} steps")
    for number, step in enumerate(workflow, 1):
        if (step.channel == "email") != (workflow[0].channel == "email"):
            told = "email cannot be in a workflow with channels for phone numbers"
            return StepProblem(number, "channel", told)
        if number == len(workflow):
            if step.wait_seconds is not None:
                return StepProblem(number, "wait", "the last step has no wait")
        elif step.wait_seconds is None:
            return StepProblem(number, "wait", "only the last step has no wait")
        elif not SHORTEST_WAIT <= step.wait_seconds <= LONGEST_WAIT:
            told = f"expected a wait of {SHORTEST_WAIT} to {LONGEST_WAIT} seconds"
            return StepProblem(number, "wait", told)
    return None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules that a verification is started with, and keeps.

    `limits` names how many sends are allowed per scope (`to`, `ip`, `app`, `country`, `range`,
    `global`); a scope without an entry is not limited. `budget` is how many messages may be asked
    for per channel and day (UTC). `allowed_countries` holds ISO 3166 regions; None allows all.
    `blocked_types` are kinds of numbers, as in recipient.py. `test_numbers` have a fixed code each,
    and nothing is sent to them. `routes` are those of each channel that has any. `tells_app`: the
    app's backend gets events. `workflow` is that of starts that name neither one nor a channel.
    """

    code_length: int = 6
    ttl_seconds: int = 300
    max_checks: int = 5
    max_sends: int = 5
    resend_seconds: int = 30
    resend_code: Literal["same", "new"] = "same"
    max_failed_checks: Limit = field(default_factory=lambda: Limit(count=20, window_seconds=86400))
    limits: Mapping[str, Limits] = field(default_factory=dict)
    budget: Mapping[Channel, int] = field(default_factory=dict)
    guard: Guard = field(default_factory=Guard)
    channels: tuple[Channel, ...] = CHANNELS
    allowed_countries: frozenset[str] | None = None
    blocked_prefixes: tuple[str, ...] = ()
    blocked_types: frozenset[str] = frozenset()
    test_numbers: Mapping[str, str] = field(default_factory=dict, repr=False)
    routes: Mapping[Channel, Routes] = field(default_factory=dict)
    tells_app: bool = False
    workflow: Workflow = ()

    def route(self, channel: Channel, number: str, region: str | None) -> Route | None:
        """The route to a number (E.164): that of its longest prefix, or of its region, or the
        default one."""
        routes = self.routes.get(channel)
        if not routes:
            return None
        prefixes = (name for name in routes if name.startswith("+") and number.startswith(name))
        names = (max(prefixes, key=len, default=""), region or "", DEFAULT_ROUTE)
        return next((routes[name] for name in names if name in routes), None)

    @property
    def weaker_than_nist(self) -> tuple[str, ...]:
        """What falls short of NIST SP 800-63B-4 (3.1.3.2, 3.2.2) for codes that log somebody in."""
        falls_short = {
            "code_length": self.code_length < 6,
            "ttl_seconds": self.ttl_seconds > 600,
            "max_failed_checks": self.max_failed_checks.count > 100,
        }
        return tuple(name for name, falls in falls_short.items() if falls)

    @property
    def failed_ip(self) -> Limits:
        """The wrong codes that a client's network may send: as many as it could with all that it
        may ask for."""
        return tuple(
            Limit(count=limit.count * self.max_checks, window_seconds=limit.window_seconds)
            for limit in self.limits.get("ip", ())
        )
