"""`python -m worker`: deliver codes until SIGTERM."""

import logging
import sys
import time

from redis import Redis
from redis.exceptions import RedisError

from shared import logs
from shared.codes import Codes
from shared.delivery.ledger import Ledger
from shared.delivery.queue import WakeUps
from shared.delivery.virtual_phone import Phone
from shared.policy import CHANNELS, Channel
from shared.senders.registry import make_all
from shared.settings import Settings, SettingsError
from shared.storage.client import connect, warn_if_it_evicts
from shared.storage.scripts import Scripts
from worker.deliverer import Deliverer, Outlet
from worker.messages import Texts
from worker.rq_worker import LONGEST_BACK_OFF_SECONDS, OtpWorker
from worker.senders import BUILT_IN
from worker.senders.base import Sender
from worker.senders.console import ConsoleSender
from worker.senders.virtual_phone import VirtualPhoneSender

log = logging.getLogger("otp.worker")

REDIS_TIMEOUT_SECONDS = 3.0


def create_worker(settings: Settings, redis: Redis) -> OtpWorker:
    """Raises SettingsError, and RedisError while Redis is away."""
    codes = Codes(settings.secret_keys())
    scripts = Scripts(redis)
    ledger = Ledger(scripts)
    deliverer = Deliverer(ledger, codes, _outlets(settings, Phone(scripts)))
    _warn_of_console(settings)
    warn_if_it_evicts(redis, log)
    wake_ups = WakeUps(redis, codes.job_keys)
    return OtpWorker(redis, ledger, deliverer, wake_ups, settings.worker_concurrency)


def _outlets(settings: Settings, phone: Phone) -> dict[str, Outlet]:
    """Raises SettingsError."""
    senders: dict[str, dict[Channel, dict[str, Sender]]] = {
        app: {
            channel: {name: _on_phone(sender, phone) for name, sender in made.items()}
            for channel, made in by_channel.items()
        }
        for app, by_channel in make_all(settings, BUILT_IN).items()
    }
    outlets = {}
    for app in ("", *settings.app_names()):
        own = settings.app(app)
        texts = Texts(
            own.otp_app_name,
            own.otp_web_origin,
            own.otp_public_url,
            is_embedded=_is_embedded(own),
        )
        outlets[app] = Outlet(texts=texts, senders=senders[""] | senders.get(app, {}))
    return outlets


def _is_embedded(settings: Settings) -> bool:
    """Whether the page may be in a dialog on the site where browsers fill the code in."""
    site = f"{settings.otp_web_origin}/"
    return any(f"{url}/".startswith(site) for url in settings.otp_return_urls)


def _on_phone(sender: Sender, phone: Phone) -> Sender:
    return VirtualPhoneSender(sender, phone) if isinstance(sender, ConsoleSender) else sender


def _warn_of_console(settings: Settings) -> None:
    """A channel that was forgotten accepts every message, and writes its code into the log."""
    urls = {channel: settings.senders(channel) for channel in CHANNELS}
    on_console = [channel for channel in CHANNELS if "console://" in urls[channel]]
    if on_console and any(url != "console://" for named in urls.values() for url in named):
        log.warning("channels_on_console", extra={"channels": on_console})


def main() -> None:
    logs.set_up()
    try:
        settings = Settings.load()
        redis = connect(
            settings.redis_url.get_secret_value(), timeout_seconds=REDIS_TIMEOUT_SECONDS
        )
        worker = _patiently(settings, redis)
    except SettingsError as error:
        sys.exit(f"otp worker: {error}")
    worker.stop_at_signals()
    worker.run()


def _patiently(settings: Settings, redis: Redis) -> OtpWorker:
    """The worker, as soon as Redis is there."""
    back_off = 0.1
    while True:
        try:
            return create_worker(settings, redis)
        except RedisError as error:
            log.warning("redis_away", extra={"error": str(error), "retry_in": back_off})
            time.sleep(back_off)
            back_off = min(2 * back_off, LONGEST_BACK_OFF_SECONDS)


if __name__ == "__main__":
    main()
