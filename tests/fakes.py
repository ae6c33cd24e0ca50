"""Stand-ins that record what they are given."""

from worker.senders.base import DeliveryError, Message


class FakeSender:
    """Accepts every message, after the failures that it is told to begin with."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.failures: list[DeliveryError | Exception] = []

    def send(self, message: Message) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.messages.append(message)
        return f"id-{len(self.messages)}"

    def code_for(self, to: str) -> str:
        return [m.code for m in self.messages if m.to == to][-1]
