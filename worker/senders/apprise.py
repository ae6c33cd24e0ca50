"""apprise+SCHEME:// sends through any service that apprise knows: some 40 for SMS, and e-mail APIs.

apprise+clicksend://user:api-key@{to}
apprise+plivo://auth-id@token/15005550006/{to}
apprise+mailgun://otp@mail.example.com/api-key/{to}

Behind `apprise+` stands apprise's own URL (https://appriseit.com/services/), in which {to} is the
recipient. Which channel the service serves is for you to know.

apprise says no more than yes or no, so there is no id of the provider's and no receipt; why it was
no is read from what it logs, as far as that goes.
"""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import apprise

from shared.senders.apprise import AppriseSetup
from worker.senders.base import DeliveryError, Failure, Message
from worker.senders.sockets import bounded

_NOT_CONNECTED = re.compile(
    "Socket Exception: .*(NewConnectionError|NameResolutionError|ConnectTimeoutError)", re.DOTALL
)
_STATUS = re.compile(r"\berror=([0-9]{3})\b")


@dataclass(frozen=True, kw_only=True)
class AppriseSender(AppriseSetup):
    @classmethod
    def from_url(cls, url: str) -> Self:
        log = logging.getLogger("apprise")
        log.setLevel(logging.DEBUG)
        log.addFilter(_ear)
        # Some services have the message in the path of a request, which urllib3 logs at DEBUG.
        logging.getLogger("urllib3").setLevel(logging.INFO)
        return super().from_url(url)

    def send(self, message: Message) -> None:
        service = self.service(message.to)
        if service is None:
            raise DeliveryError("refused", "apprise_recipient")
        one = apprise.Apprise(asset=self.asset)
        one.add(service)
        with bounded() as bounds, _ear.listening() as heard:
            accepted = one.notify(
                body=message.text,
                # An SMS has none: apprise would put it in front of the text.
                title=message.subject if message.channel == "email" else "",
                body_format=apprise.NotifyFormat.TEXT,
            )
        if not accepted and bounds.opened and not bounds.sent:
            # As in the TLS handshake, or before the greeting of a mail server.
            raise DeliveryError("transient", "apprise_no_connection")
        if not accepted:
            raise _failure(heard)


def _failure(logs: list[str]) -> DeliveryError:
    """What apprise's log of one notification says. Almost all services log "error=STATUS" for an
    answer, and for none "Socket Exception" with the reason."""
    status = next((int(found[1]) for line in logs if (found := _STATUS.search(line))), None)
    if status is None:
        if any(_NOT_CONNECTED.search(line) for line in logs):
            return DeliveryError("transient", "apprise_no_connection")
        return DeliveryError("unknown", "apprise_no_answer")
    failure: Failure = "unknown"
    if status in (429, 503):
        failure = "transient"
    elif status < 500:
        failure = "refused"
    return DeliveryError(failure, f"apprise_{status}")


class _Ear(logging.Filter):
    """Hears what apprise logs, and lets nothing of it pass: it logs numbers at INFO and whole
    messages at DEBUG."""

    def __init__(self) -> None:
        super().__init__()
        self._mine = threading.local()

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """What apprise logs in this thread."""
        self._mine.heard = []
        try:
            yield self._mine.heard
        finally:
            del self._mine.heard

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(self._mine, "heard"):
            self._mine.heard.append(record.getMessage())
        return False


_ear = _Ear()
