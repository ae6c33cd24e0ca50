"""`python -m api.doctor`: check an installation, and say in plain words what is wrong.

Prints a line for each finding, which begins with `ok`, `unknown`, `warning` or `WRONG`. Exits with
status 1 if anything is wrong. Sends no message, and prints no secret.
"""

import argparse
import logging
import sys
from collections.abc import Iterator

from api import create_app
from api.doctor import senders, server, service
from shared.owner.findings import Finding, report
from shared.senders.registry import SETUPS, make_all
from shared.settings import Settings, SettingsError
from shared.storage.client import connect

_REDIS_SECONDS = 2.0


def findings(*, offline: bool) -> Iterator[Finding]:
    try:
        settings = Settings.load()
        make_all(settings, SETUPS)
        # Making the API finds the rest that would stop its start.
        create_app(settings)
        yield from service.settings_found(settings)
    except SettingsError as error:
        yield Finding("wrong", f"settings: {error}")
        return
    url = settings.redis_url.get_secret_value()
    with connect(url, timeout_seconds=_REDIS_SECONDS) as redis:
        reached = yield from server.found(redis)
        if reached:
            yield from service.workers_found(settings, redis)
    if not offline:
        yield from senders.found()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m api.doctor", description="Check an installation. Sends no message."
    )
    parser.add_argument(
        "--offline", action="store_true", help="don't contact the providers of messages"
    )
    offline = parser.parse_args().offline
    # What is wrong is printed here.
    logging.disable()
    sys.exit(report(findings(offline=offline)))


if __name__ == "__main__":
    main()
