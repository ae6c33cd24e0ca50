"""Subscriptions to SNS topics that wait for a worker to confirm them."""

from shared.storage import keys
from shared.storage.scripts import Scripts

_KEPT_SECONDS = 3600


class Subscriptions:
    """The API receives the token that confirms a subscription. A worker confirms it, because the
    API calls no other service for a request. Each method raises StorageUnavailable."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._ask = scripts.load("delivery/ask_to_confirm")

    def ask(self, topic: str, token: str) -> None:
        """Have a worker confirm the subscription to a topic, by its ARN."""
        self._ask([keys.SUBSCRIPTIONS], [topic, token, _KEPT_SECONDS * 1000])

    def waiting(self) -> dict[str, str]:
        """The tokens by their topics. Workers may confirm one twice, which changes nothing."""
        found = self._scripts.run(lambda redis: redis.hgetall(keys.SUBSCRIPTIONS))
        return {topic.decode(): token.decode() for topic, token in found.items()}

    def settle(self, topic: str) -> None:
        self._scripts.run(lambda redis: redis.hdel(keys.SUBSCRIPTIONS, topic))
