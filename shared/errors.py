"""Every error that the service knows. They carry facts. api/http/errors.py has the HTTP
status and the words of each."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from shared.policy import Limit


class OtpError(Exception):
    """The base: everything that a caller can be told. `rule` is what refused, as logs and the
    dashboard name it; `verification_id` is the verification that was refused, and `trace` its
    traceparent, if they are known."""

    rule = ""
    verification_id: str | None = None
    trace: str | None = None

    def __init_subclass__(cls) -> None:
        cls.rule = re.sub("(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __str__(self) -> str:
        return super().__str__() or self.rule


class InvalidRequest(OtpError):
    """Each error is the name of a field and what is wrong with it."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {message}" for field, message in errors))
        self.errors = errors


class Refused(OtpError):
    """Refused by the owner's policy, however often it is requested. `subject` is what the rule
    found: a channel, a country, a kind of number or a prefix."""

    def __init__(self, rule: str = "", subject: str = "") -> None:
        # Next to a prefix, the masked number in the log would show more than it should.
        super().__init__(f"{rule}: {subject}" if subject and rule != "blocked_prefix" else rule)
        self.rule = rule or self.rule
        self.subject = subject


class CountryNotAllowed(Refused):
    """The number's country is not on the allow list."""


class ChannelNotEnabled(Refused):
    """No sender is configured for the channel."""


class RecipientBlocked(Refused):
    """The number is of a blocked range or kind, or the guard holds it."""


class VerificationNotFound(OtpError):
    """Nothing is pending: never asked, expired, used, canceled, or another app's."""


class IncorrectCode(OtpError):
    """A wrong code, which was counted."""

    def __init__(self, checks_left: int) -> None:
        super().__init__(f"incorrect code, {checks_left} checks left")
        self.checks_left = checks_left


class TooManyChecks(OtpError):
    """By the rule `failed_checks`, of the recipient, or `max_checks`, of the verification."""

    def __init__(self, retry_after: int, rule: str = "failed_checks") -> None:
        super().__init__(f"{rule}: no checks left, try again in {retry_after} s")
        self.rule = rule
        self.retry_after = retry_after


class RateLimited(OtpError):
    """`scope` names the limit (see API.md), `limit` its quota and window in seconds. `name` is
    which one of a Service's own limits it is."""

    def __init__(self, scope: str, limit: Limit, retry_after: int, name: str | None = None) -> None:
        super().__init__(f"{scope} limit of {limit} reached, try again in {retry_after} s")
        self.rule = scope
        self.scope = scope
        self.limit = limit
        self.retry_after = retry_after
        self.name = name


class RateLimitNotFound(OtpError):
    """A Service has no such rate limit, or that no such bucket."""


class RateLimitRefused(OtpError):
    """A rate limit or bucket too many, or one that is there already."""

    def __init__(
        self, reason: Literal["too_many_limits", "name_taken", "too_many_buckets", "interval_taken"]
    ) -> None:
        super().__init__(reason)
        self.reason = reason


class IdempotencyConflict(OtpError):
    """The key came with another request before."""


class ProofOfWorkRequired(OtpError):
    """`challenge` is what has to be solved, as the ALTCHA widget takes it."""

    def __init__(self, challenge: Mapping[str, Any]) -> None:
        super().__init__("proof of work required")
        self.challenge = challenge


class ProofSpent(OtpError):
    """The proof of work was used before."""


class Unauthorized(OtpError):
    """An API key is needed, or is wrong."""


class MetricsOnly(OtpError):
    """The API key is valid, but can only read the metrics."""


class OwnerOnly(OtpError):
    """The owner's password is needed, or is wrong."""


class LogInNeeded(OtpError):
    """There is no session, or it has ended."""


class OperatorOnly(OtpError):
    """A viewer of the dashboard may not do this."""


class CsrfFailed(OtpError):
    """The owner's own page has not made the request."""


class TooManyLogIns(OtpError):
    """Too many wrong passwords just now."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"login blocked for {retry_after} s")
        self.retry_after = retry_after


class AdminOff(OtpError):
    """There is no owner's password."""


class DeliveryBacklog(OtpError):
    """The queue could not deliver in time."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"backlog: queue too long, try again in {retry_after} s")
        self.rule = "backlog"
        self.retry_after = retry_after


class StorageUnavailable(OtpError):
    """Redis is unreachable, full or read-only."""

    def __init__(self, reason: str, retry_after: int = 1) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
