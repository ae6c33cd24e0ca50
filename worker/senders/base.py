"""What a sender is: the whole contract between the service and a provider."""

from dataclasses import dataclass
from typing import Literal, Protocol

Failure = Literal["refused", "transient", "unknown", "invalid_recipient"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One code for one person. `to` is E.164 or an e-mail address; `text` and `subject` are ready
    to send; `expires_in` is the code's remaining life in seconds. `idempotency_key` is the same
    for every attempt of one send, for providers that can tell a repetition by it."""

    to: str
    channel: str
    code: str
    subject: str
    text: str
    expires_in: int
    idempotency_key: str


class DeliveryError(Exception):
    """The provider did not take the message. `failure` says what that means:

    refused            this provider will not take it, another one may (credentials, no route)
    transient          not taken; it may be taken later (no connection, busy)
    unknown            the message left, and no answer came: it may have been taken
    invalid_recipient  nobody can deliver to this address

    `error` is a short word or number for people and programs, such as `smtp_451`; never text of
    the provider, which may hold the code or the address.
    """

    def __init__(self, failure: Failure, error: str) -> None:
        super().__init__(f"{failure}: {error}")
        self.failure = failure
        self.error = error


class Sender(Protocol):
    """Hands messages to one provider. Made once per worker from its URL and called from many
    threads at a time, so it keeps what is not thread-safe per thread."""

    def send(self, message: Message) -> str | None:
        """Hand a message over, and answer the provider's id for it if there is one.

        Returning means that the provider accepted the message. Raises DeliveryError `from None`.
        Every network call in here has a timeout.
        """
