"""What a sender is: the whole contract between the service and a provider."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from shared.policy import Channel

# The whole send: name lookup, connection, TLS, request and reply. A worker gives a send that takes
# twice as long to another worker.
LONGEST_SEND_SECONDS = 15.0

Failure = Literal["refused", "transient", "unknown", "invalid_recipient", "unreachable"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One code for one person. `to` is E.164 or an e-mail address; `text`, `subject` and `html`
    (e-mail only) are ready to send, in the language of `locale` (BCP 47); `expires_in` is the
    code's remaining life in seconds. `idempotency_key` is the same for every attempt of one send,
    for providers that can tell a repetition by it. `attempt` names this attempt, for providers that
    return a name of ours in their receipts. `earlier_id` is the provider's id from this sender's
    last attempt of the same send, or None. `receipt_url` is where the provider may report the
    result, or None if the service has no public address. `from_number`, a number or a name,
    replaces the one of the sender's URL. `dlt_entity` and `dlt_template` are the ids under which
    the text is registered in India. Only a sender that says so (`takes_from`, `takes_dlt`) gets
    messages with these. `traceparent` (W3C) is that of the request for the code, for the owner's
    own gateways."""

    to: str
    channel: Channel
    code: str
    subject: str
    text: str
    html: str | None
    locale: str
    expires_in: int
    idempotency_key: str
    attempt: str
    earlier_id: str | None
    receipt_url: str | None
    from_number: str | None = None
    dlt_entity: str | None = None
    dlt_template: str | None = None
    traceparent: str | None = None


class DeliveryError(Exception):
    """The provider did not take the message. `failure` says what that means:

    refused            this provider will not take it, another one may (credentials, no route)
    transient          not taken; it may be taken later (no connection, busy)
    unknown            the message left, and no answer came: it may have been taken
    invalid_recipient  nobody can deliver to this address
    unreachable        this person is not on this channel; another channel may reach them

    `error` is a short word or number for people and programs, such as `smtp_451`; never text of
    the provider, which may hold the code or the address. `provider_id` is what the provider calls
    the message although it did not accept it. The sender's next attempt gets it as `earlier_id`.
    """

    def __init__(self, failure: Failure, error: str, provider_id: str | None = None) -> None:
        super().__init__(f"{failure}: {error}")
        self.failure = failure
        self.error = error
        self.provider_id = provider_id


class Sender(Protocol):
    """Hands messages to one provider. Made once per worker from its URL and called from many
    threads at a time, so it keeps what is not thread-safe per thread. Neither its repr nor an error
    of its making, ValueError for a wrong URL, holds a secret of the URL.

    `python -m worker.senders.check` tells whether a sender keeps to all this.
    """

    @property
    def channels(self) -> Collection[Channel]:
        """What this sender can serve, as it is set up. A plain attribute will do."""

    def send(self, message: Message) -> str | None:
        """Hand a message over, and answer the provider's id for it if there is one.

        Returning means that the provider accepted the message. Raises DeliveryError, and not from
        inside of an `except`: the error before it, whose text may hold the code or the address,
        would hang on to it as its context.

        Ends within LONGEST_SEND_SECONDS, whatever the provider does. A timeout of a socket is not
        enough for that, because it begins again with every byte. The worker calls this within
        `sockets.bounded()`, which bounds Python's connections; another client has to be told.
        """


@runtime_checkable
class Provable(Protocol):
    """A sender whose credentials can be tried without sending anything."""

    def try_credentials(self) -> bool:
        """Make a call with the credentials that sends nothing and costs nothing. Returns False if
        the provider has none for this kind of credentials. Raises DeliveryError as send() does:
        `refused` if the provider does not accept them."""


@runtime_checkable
class Concluding(Protocol):
    """A sender whose provider wants to know how the verification ended."""

    def conclude(self, provider_id: str, code: str | None) -> None:
        """Tell the provider of an accepted message that the person entered this code, or that the
        verification was canceled if `code` is None. The worker calls this at most once, and ignores
        a DeliveryError."""
