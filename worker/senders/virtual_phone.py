"""What console:// prints also comes to the virtual phone, `/phone`."""

import logging

from redis.exceptions import RedisError

from shared.delivery.virtual_phone import Arrival, Phone
from shared.errors import StorageUnavailable
from shared.recipient import mask
from worker.senders.base import DeliveryError, Failure, Message
from worker.senders.console import ConsoleSender

log = logging.getLogger("otp.worker")

_FAILURES: dict[str | None, Failure] = {"refuse": "refused", "unreachable": "unreachable"}


class VirtualPhoneSender:
    """A console sender with a carrier behind it, which does what the page /phone tells it. While
    nobody watches that page every message is accepted, as by the console alone."""

    def __init__(self, console: ConsoleSender, phone: Phone) -> None:
        self.channels = console.channels
        self._console = console
        self._phone = phone

    def send(self, message: Message) -> None:
        self._console.send(message)
        failure = _FAILURES.get(self._receive(message))
        if failure:
            raise DeliveryError(failure, f"carrier_{failure}")

    def _receive(self, message: Message) -> str | None:
        verification_id, _, send = message.idempotency_key.rpartition("-")
        try:
            arrival = Arrival(
                channel=message.channel,
                to=mask(message.to),
                locale=message.locale,
                subject=message.subject,
                text=message.text,
                code=message.code,
            )
            return self._phone.receive(verification_id, int(send), arrival)
        except (RedisError, StorageUnavailable) as error:
            # It was printed, which is all that the sender promises.
            log.warning("phone_missed", extra={"error": str(error)})
            return None
