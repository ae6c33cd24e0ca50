"""`python -m api.services`: create and list Services for the Verify v2-compatible API."""

import argparse
import logging
import sys

from api.keys.command import app_name
from api.verify_v2.access import account_sid
from api.verify_v2.parameters import NAME_RULE, is_name
from shared.errors import StorageUnavailable
from shared.settings import Settings, SettingsError
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.storage.server import check_server
from shared.verify_v2.services import MOST, Services, given

_ABOUT = """\
Create and list Services for the Verify v2-compatible API. See docs/twilio-verify.md.

A Service belongs to an app and uses the app's API key as its auth token. Services are stored in
Redis. To keep a Service even if Redis loses its data, list it in OTP_SERVICES.
"""
_PATIENCE_SECONDS = 3.0

_log = logging.getLogger("otp.services")


def _create(services: Services, app: str, name: str) -> None:
    """Only the SID goes to stdout, for `SID=$(...)`."""
    service = services.create(app, name)
    if service is None:
        sys.exit(f"otp services: {app} already has {MOST} Services, the maximum")
    print(service.sid, flush=True)
    print(f"Service created for {app} (account SID {account_sid(app)}).", file=sys.stderr)


def _show(services: Services, app: str) -> None:
    for service in services.all_of(app):
        print(f"{service.sid}  {service.friendly_name}")


def _name(text: str) -> str:
    if not is_name(text):
        raise argparse.ArgumentTypeError(NAME_RULE)
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api.services",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="create a Service and print its SID")
    create.set_defaults(do=_create)
    create.add_argument("name", metavar="NAME", type=_name, help="app name shown in messages")
    show = commands.add_parser("list", help="list an app's Services")
    show.set_defaults(do=_show)
    for command in (create, show):
        command.add_argument("--app", metavar="APP", type=app_name, required=True)
    return parser


def main() -> None:
    arguments = vars(_parser().parse_args())
    do = arguments.pop("do")
    try:
        settings = Settings.load()
        url = settings.redis_url.get_secret_value()
        with connect(url, timeout_seconds=_PATIENCE_SECONDS) as redis:
            scripts = Scripts(redis)
            scripts.run(lambda redis: check_server(redis, _log))
            do(Services(scripts, given(settings)), **arguments)
    except (SettingsError, StorageUnavailable) as error:
        sys.exit(f"otp services: {error}")


if __name__ == "__main__":
    main()
