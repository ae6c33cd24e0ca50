"""`python -m api`: serve the API and the page."""

import logging
import signal
import sys
from contextlib import suppress
from functools import partial
from pkgutil import resolve_name

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from redis import RedisError

from api import create_app
from api.http.access import Access
from api.http.asgi import Asgi
from api.http.draining import Draining, stop_with_parent
from api.http.listening import address_of
from api.receipts import LARGEST_RECEIPT_BYTES
from shared import VERSION, logs
from shared.messages.apps import texts_of_apps
from shared.policy import PAGE_APP
from shared.senders.registry import SETUPS, make_all
from shared.settings import Settings, SettingsError
from shared.storage.client import connect
from shared.storage.server import check_server
from shared.verification.store import PATIENCE_SECONDS

# Other requests continue while some wait for Redis. Each thread can hold a connection to it.
THREADS = 16

log = logging.getLogger("otp.api")


def app() -> Flask:
    """The app of each server process."""
    settings = Settings.load()
    logs.set_up(settings.otp_log, settings.otp_log_level)
    made = create_app(settings)
    made.extensions["tally"].keep_flushing()
    return made


def warn_of_weak_codes(settings: Settings) -> None:
    """Weaker codes can confirm an address, but should not log anyone in."""
    for name in ("", *settings.app_names()):
        weaker = settings.app(name).policy().weaker_than_nist
        if weaker:
            log.warning("weaker_than_nist", extra={"app": name or "all", "settings": weaker})


def warn_of_unbounded_page(settings: Settings) -> None:
    """On the public page, strangers send at the owner's cost. OTP_LIMIT_TO and OTP_LIMIT_IP do not
    limit fraudsters, who have many numbers and addresses."""
    page = settings.app(PAGE_APP)
    policy = page.policy()
    bounds = {
        "OTP_GUARD": policy.guard.mode == "block",
        "OTP_BLOCKED_TYPES": policy.blocked_types,
        "OTP_BUDGET": policy.budget,
        **{
            f"OTP_LIMIT_{scope.upper()}": policy.limits[scope]
            for scope in ("app", "country", "range", "global")
        },
    }
    if settings.otp_public_ui and page.has_paid_sender() and not any(bounds.values()):
        log.warning("page_without_bounds", extra={"settings": list(bounds)})


def check_redis(settings: Settings) -> None:
    """Raises SettingsError if Redis is in cluster mode. The API also starts while Redis is
    unreachable. Then its calls log what is wrong."""
    url = settings.redis_url.get_secret_value()
    with connect(url, timeout_seconds=PATIENCE_SECONDS) as redis, suppress(RedisError):
        check_server(redis, log)


def main() -> None:
    logs.set_up()
    try:
        settings = Settings.load()
        logs.set_up(settings.otp_log, settings.otp_log_level)
        settings.secret_keys()
        settings.viewer_password()
        make_all(settings, SETUPS)
        texts_of_apps(settings)
        if Access(settings).is_open():
            settings.refuse_to_be_open()
            log.warning("open_to_everybody", extra={"because": "there is no API key"})
        warn_of_weak_codes(settings)
        warn_of_unbounded_page(settings)
        check_redis(settings)
        serve("api.__main__:app", settings)
    except SettingsError as error:
        sys.exit(f"otp api: {error}")


def serve(app: str, settings: Settings) -> None:
    """Serve the WSGI app that the named function returns in each process, until SIGTERM and then
    for OTP_DRAIN_SECONDS more, or until SIGINT. Raises SettingsError if the server cannot listen on
    HOST and PORT."""
    draining = Draining()
    server = Server(
        app,
        address=address_of(settings.host, settings.port),
        port=settings.port,
        # ASGI without its lifespan protocol.
        interface=Interfaces.ASGINL,
        # Only without looking for HTTP/2 first does the timeout end connections that say nothing.
        http=HTTPModes.http1,
        workers=settings.api_processes,
        http1_settings=HTTP1Settings(header_read_timeout=5000),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=8,
        log_level=LogLevels.warning,
        # By way of our own handler. Otherwise its lines would have another format.
        log_dictconfig={"loggers": {"_granian": {"handlers": [], "propagate": True}}},
    )
    started = {"version": VERSION, "host": settings.host, "port": settings.port}
    server.on_startup(lambda: log.info("api_started", extra=started))
    server.on_shutdown(lambda: log.info("api_stopped"))
    if seconds := settings.otp_drain_seconds:
        # At the start, because the server sets its own handler just before.
        stop = server.signal_handler_interrupt
        server.on_startup(lambda: draining.begin_on_sigterm(seconds, stop))
    server.serve(target_loader=partial(_load, draining))


def _load(draining: Draining, app: str) -> Asgi:
    # A new process inherits the main one's handler until the server sets its own, which is after
    # this. Without any, a stop ends a process that has no requests yet.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    stop_with_parent()
    # By default the event loop could wait 5 ms for the thread that computes, and does so several
    # times for each request. Under load that costs more than half of the throughput. With
    # 0.2 ms, the threads interrupt each other so often that a rush costs a quarter more CPU.
    sys.setswitchinterval(0.001)
    return Asgi(
        made(app),
        threads=THREADS,
        largest_body=LARGEST_RECEIPT_BYTES,
        is_stopping=draining.has_begun,
    )


def made(app: str) -> Flask:
    """The app that the named function makes. Logs what prevents it, then exits."""
    try:
        flask: Flask = resolve_name(app)()
    except Exception:
        # multiprocessing would print it.
        log.critical("crashed", exc_info=True)
        raise SystemExit(1) from None
    return flask


if __name__ == "__main__":
    main()
