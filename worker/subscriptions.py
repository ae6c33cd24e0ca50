"""Confirms subscriptions to the SNS topics of aws:// senders.

https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

from redis import Redis
from redis.exceptions import RedisError

from shared.delivery.subscriptions import Subscriptions
from shared.errors import StorageUnavailable
from shared.senders.aws import AwsSetup
from shared.settings import Settings
from shared.storage.scripts import Scripts
from worker.senders.base import DeliveryError
from worker.senders.http_post import Poster

log = logging.getLogger("otp.worker")

POLL_SECONDS = 2.0
RETRY_SECONDS = 60.0


def topics(settings: Settings) -> set[str]:
    """The ARNs of the topics that receipts come from. Empty without a public URL."""
    urls = [url for *_, url in settings.all_senders() if urlsplit(url).scheme == "aws"]
    found = {AwsSetup.from_url(url).topic for url in urls} if settings.otp_public_url else set()
    return {topic for topic in found if topic}


def sns_of(topic: str) -> str:
    """Where SNS answers for a topic: never at an address that a message names."""
    return f"https://sns.{topic.split(':')[3]}.amazonaws.com/"


def start(settings: Settings, redis: Redis) -> None:
    """Confirm subscriptions in a thread, if a sender has a topic."""
    if waited_for := topics(settings):
        confirmer = Confirmer(Subscriptions(Scripts(redis)), waited_for)
        threading.Thread(target=confirmer.run, name="subscriptions", daemon=True).start()


class Confirmer:
    """Confirms what waits for these topics. `address_of` says where SNS is."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        topics: set[str],
        address_of: Callable[[str], str] = sns_of,
    ) -> None:
        self._subscriptions = subscriptions
        self._topics = topics
        self._address_of = address_of
        self._poster = Poster()

    def run(self) -> None:
        """Confirm until the process ends. Survives a Redis that is unreachable."""
        while True:
            # The worker's main loop logs that Redis is unreachable. What someone else has written
            # into the key must not end this thread.
            pause = RETRY_SECONDS
            with suppress(StorageUnavailable, RedisError, ValueError):
                pause = POLL_SECONDS if self.confirm() else RETRY_SECONDS
            time.sleep(pause)

    def confirm(self) -> bool:
        """Confirm all that waits. Returns False if something still waits. Raises
        StorageUnavailable."""
        waiting = self._subscriptions.waiting()
        wanted = self._topics & waiting.keys()
        confirmed = [self._confirm(topic, waiting[topic]) for topic in wanted]
        return all(confirmed)

    def _confirm(self, topic: str, token: str) -> bool:
        """Returns False if SNS may take it later."""
        form = {
            "Action": "ConfirmSubscription",
            "Version": "2010-03-31",
            "TopicArn": topic,
            "Token": token,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = self._poster.post(self._address_of(topic), urlencode(form).encode(), headers)
        except DeliveryError as error:
            log.warning("subscription_not_confirmed", extra={"topic": topic, "error": error.error})
            return False
        if answer.status // 100 == 2:
            log.info("subscription_confirmed", extra={"topic": topic})
        else:
            log.warning(
                "subscription_not_confirmed", extra={"topic": topic, "error": str(answer.status)}
            )
            if answer.failure != "refused":
                return False
        self._subscriptions.settle(topic)
        return True
