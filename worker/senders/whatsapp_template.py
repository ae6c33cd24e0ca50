"""`python -m worker.senders.whatsapp create-template`: the authentication template that codes need,
as the settings say.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from shared.senders.whatsapp import WhatsAppSetup
from shared.settings import Settings, SettingsError
from worker.senders.base import DeliveryError
from worker.senders.http_post import Poster
from worker.senders.whatsapp import GRAPH_VERSION

# Meta's bounds.
TTL_SECONDS = (30, 900)
EXPIRATION_MINUTES = (1, 90)


def templates(setup: WhatsAppSetup, code_seconds: int) -> Iterator[dict[str, Any]]:
    """The body of each request that creates the template, one per language, for codes that are
    valid for `code_seconds`."""
    least, most = EXPIRATION_MINUTES
    for language in setup.languages:
        yield {
            "name": setup.template,
            "language": language,
            "category": "authentication",
            "message_send_ttl_seconds": ttl_for(code_seconds),
            "components": [
                {"type": "body", "add_security_recommendation": True},
                {
                    "type": "footer",
                    "code_expiration_minutes": min(max(code_seconds // 60, least), most),
                },
                {"type": "buttons", "buttons": [{"type": "otp", "otp_type": "copy_code"}]},
            ],
        }


def ttl_for(code_seconds: int) -> int:
    least, most = TTL_SECONDS
    return min(max(code_seconds, least), most)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m worker.senders.whatsapp",
        description="Create the template for the first whatsapp:// sender of the settings.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create-template", help="print the template, or create it")
    create.add_argument("--app", default="", help="the app of OTP_APPS that has its own sender")
    create.add_argument("--post", metavar="ACCOUNT_ID", help="create it in this WhatsApp account")
    given = parser.parse_args()
    try:
        settings = Settings.load()
        if given.app and given.app not in settings.app_names():
            sys.exit(f"OTP_APPS has no {given.app}")
        own = settings.app(given.app)
        sys.exit(_create(_setup(own), own.policy().ttl_seconds, given.post))
    except SettingsError as error:
        sys.exit(str(error))


def _setup(settings: Settings) -> WhatsAppSetup:
    """Raises SettingsError."""
    for url in settings.senders("whatsapp"):
        if urlsplit(url).scheme == "whatsapp":
            try:
                return WhatsAppSetup.from_url(url)
            except ValueError as error:
                raise SettingsError(f"OTP_WHATSAPP_SENDERS: {error}") from None
    raise SettingsError("OTP_WHATSAPP_SENDERS has no whatsapp:// sender")


def _create(setup: WhatsAppSetup, code_seconds: int, account: str | None) -> int:
    """Print the template, or create it in an account. Returns the exit status."""
    if ttl_for(code_seconds) > code_seconds:
        least = TTL_SECONDS[0]
        print(  # noqa: T201
            f"Codes are valid for {code_seconds} s, and WhatsApp may deliver a message for {least} "
            "s, so a code can arrive after it has expired.",
            file=sys.stderr,
        )
    failed = 0
    for template in templates(setup, code_seconds):
        print(json.dumps(template, indent=2))  # noqa: T201
        if account:
            failed += not _post(setup, account, template)
    print(f"Add ttl={ttl_for(code_seconds)} to the sender's URL.", file=sys.stderr)  # noqa: T201
    return 1 if failed else 0


def _post(setup: WhatsAppSetup, account: str, template: dict[str, Any]) -> bool:
    url = f"{setup.api}/{GRAPH_VERSION}/{account}/message_templates"
    try:
        answer = Poster().post_json(url, template, {"Authorization": f"Bearer {setup.token}"})
    except DeliveryError as error:
        print(f"No answer: {error.error}", file=sys.stderr)  # noqa: T201
        return False
    told = answer.json.get("error") if answer.status // 100 != 2 else answer.json.get("status")
    said = told.get("message") if isinstance(told, dict) else told
    print(f"{template['language']}: HTTP {answer.status}, {said}", file=sys.stderr)  # noqa: T201
    return answer.status // 100 == 2
