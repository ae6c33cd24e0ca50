"""The task that jobs name. A stock RQ worker can run it, one send at a time."""

import logging
from contextlib import suppress
from functools import cache

from redis.exceptions import RedisError

from shared.delivery.ledger import Ledger
from shared.delivery.virtual_phone import Phone
from shared.errors import StorageUnavailable
from shared.policy import Channel
from shared.senders.registry import make_all
from shared.settings import Settings
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.verification.core import Core
from worker.crew import Crew
from worker.deliverer import Deliverer, Outlet, where
from worker.messages import Messages
from worker.senders import BUILT_IN
from worker.senders.base import Sender
from worker.senders.console import ConsoleSender
from worker.senders.virtual_phone import VirtualPhoneSender

log = logging.getLogger("otp.worker")

REDIS_TIMEOUT_SECONDS = 3.0
# Well before a lease ends.
_RENEW_SECONDS = 2.0


def deliver(verification_id: str, send: int) -> None:
    """Make the delivery attempts of a send that are due now.

    Reads the settings from the environment once in each process. Raises SettingsError, and nothing
    else: RQ would keep the text of an error, which may hold an address. What could not be delivered
    is left to the sweeper of our own workers.
    """
    deliverer = _deliverer()
    # A crew renews leases while a sender is busy, and records outcomes when Redis is back.
    crew = Crew(deliverer, 1)
    crew.start()
    try:
        crew.begin([(verification_id, send)], crew.take_places(None))
    except StorageUnavailable:
        # The Deliverer has logged it.
        pass
    except Exception as error:  # noqa: BLE001 (see above)
        log.error("delivery_raised", extra={"where": where(error)})  # noqa: TRY400
    while not crew.take_places(_RENEW_SECONDS):
        with suppress(RedisError, StorageUnavailable):
            deliverer.renew_leases()
    crew.stop()


@cache
def _deliverer() -> Deliverer:
    settings = Settings.load()
    url = settings.redis_url.get_secret_value()
    scripts = Scripts(connect(url, timeout_seconds=REDIS_TIMEOUT_SECONDS))
    return create_deliverer(settings, scripts, Core.of(settings, scripts))


def create_deliverer(settings: Settings, scripts: Scripts, core: Core) -> Deliverer:
    """Raises SettingsError."""
    return Deliverer(Ledger(scripts), core.codes, _outlets(settings, core, Phone(scripts)))


def _outlets(settings: Settings, core: Core, phone: Phone) -> dict[str, Outlet]:
    """Raises SettingsError."""
    senders: dict[str, dict[Channel, dict[str, Sender]]] = {
        app: {
            channel: {name: _on_phone(sender, phone) for name, sender in made.items()}
            for channel, made in by_channel.items()
        }
        for app, by_channel in make_all(settings, BUILT_IN).items()
    }
    return {
        app: Outlet(
            messages=Messages(core.texts(app), settings.otp_public_url),
            senders=senders[""] | senders.get(app, {}),
            routes=core.policy(app).routes,
        )
        # Each claim names all of them.
        for app in core.outlets.apps
    }


def _on_phone(sender: Sender, phone: Phone) -> Sender:
    return VirtualPhoneSender(sender, phone) if isinstance(sender, ConsoleSender) else sender
