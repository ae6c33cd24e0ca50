"""`python -m worker`: deliver codes until SIGTERM."""

import gc
import logging
import signal
import sys
import time
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError

from shared import logs
from shared.delivery.ledger import Ledger
from shared.policy import CHANNELS
from shared.senders.whatsapp import WhatsAppSetup
from shared.settings import Settings, SettingsError
from shared.settings.from_numbers import is_generic
from shared.settings.marks import marks
from shared.storage.client import connect, reason
from shared.storage.scripts import Scripts
from shared.storage.server import check_server
from shared.verification.core import Core
from shared.verification.workflow import Steps
from worker import subscriptions, webhooks
from worker.delivery import REDIS_TIMEOUT_SECONDS, create_deliverer
from worker.rq_worker import LONGEST_BACK_OFF_SECONDS, OtpWorker

log = logging.getLogger("otp.worker")


def create_worker(settings: Settings, redis: Redis) -> OtpWorker:
    """Raises SettingsError, and RedisError while Redis is away."""
    scripts = Scripts(redis)
    core = Core.of(settings, scripts)
    deliverer = create_deliverer(settings, scripts, core)
    _warn_of_console(settings)
    _warn_of_late_codes(settings)
    _warn_of_generic_names(settings)
    check_server(redis, log)
    steps = Steps(core.store, core.service.start)
    concurrency = settings.worker_concurrency
    return OtpWorker(
        redis, Ledger(scripts), deliverer, concurrency, steps.start_next, marks=marks(settings)
    )


def _warn_of_console(settings: Settings) -> None:
    """A channel that was forgotten accepts every message, and writes its code into the log."""
    urls = {channel: settings.senders(channel) for channel in CHANNELS}
    on_console = [channel for channel in CHANNELS if "console://" in urls[channel]]
    if on_console and any(url != "console://" for named in urls.values() for url in named):
        log.warning("channels_on_console", extra={"channels": on_console})


def _warn_of_late_codes(settings: Settings) -> None:
    """WhatsApp delivers for as long as the template says, which a message cannot change."""
    for app in ("", *settings.app_names()):
        own = settings.app(app)
        life = own.policy().ttl_seconds
        for url in own.senders("whatsapp"):
            if urlsplit(url).scheme == "whatsapp":
                ttl = WhatsAppSetup.from_url(url).ttl_seconds
                if ttl > life:
                    facts = {"app": app or "all", "template_seconds": ttl, "code_seconds": life}
                    log.warning("whatsapp_outlives_codes", extra=facts)


def _warn_of_generic_names(settings: Settings) -> None:
    """Networks block messages from names that anyone could use."""
    for app in ("", *settings.app_names()):
        routes = settings.app(app).routes("sms")
        if app and routes == settings.routes("sms"):
            continue
        for route in routes.values():
            if route.from_number and is_generic(route.from_number):
                facts = {"app": app or "all", "route": route.name, "from": route.from_number}
                log.warning("generic_from", extra=facts)


def main() -> None:
    logs.set_up()
    # As process 1 of a container, it gets no signal without a handler. It may wait for Redis long.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        settings = Settings.load()
        logs.set_up(settings.otp_log, settings.otp_log_level)
        redis = connect(
            settings.redis_url.get_secret_value(), timeout_seconds=REDIS_TIMEOUT_SECONDS
        )
        worker = _patiently(settings, redis)
    except SettingsError as error:
        sys.exit(f"otp worker: {error}")
    subscriptions.start(settings, redis)
    webhooks.start(settings, redis)
    # What is imported and made by now stays: the garbage collector need not look at it again.
    gc.freeze()
    worker.stop_at_signals()
    worker.run()


def _patiently(settings: Settings, redis: Redis) -> OtpWorker:
    """The worker, as soon as Redis is there."""
    back_off = 0.1
    while True:
        try:
            return create_worker(settings, redis)
        except RedisError as error:
            why = {"error": str(error), "reason": reason(error)}
            log.warning("redis_away", extra={**why, "retry_in": back_off})
            time.sleep(back_off)
            back_off = min(2 * back_off, LONGEST_BACK_OFF_SECONDS)


if __name__ == "__main__":
    main()
