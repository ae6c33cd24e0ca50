"""`python -m worker.messages preview`: the texts of messages with sample values, and their size."""

import argparse
import sys
from collections.abc import Iterator

from shared.locales import bcp47
from shared.messages.apps import texts_of_apps
from shared.messages.segments import size_of
from shared.messages.texts import Texts
from shared.policy import CHANNELS, Channel
from shared.settings import Settings, SettingsError

_SAMPLE_CODE = "1234567890"


def preview(texts: Texts, own: Settings, channel: Channel, locale: str) -> Iterator[str]:
    """Each text of a channel as it would be sent with the settings of an app, below a line with its
    language, key and size."""
    code, life = _SAMPLE_CODE[: own.otp_code_length], own.otp_ttl_seconds
    words = texts.words(channel, locale, code=code, life_seconds=life)
    told: dict[str, str] = {channel: words.text}
    if channel == "email":
        told = {"email_subject": words.subject, "email": words.text}
    if channel == "sms":
        told["sms_short"] = texts.short_sms(words.language, code, life)
        if told["sms"] == told["sms_short"]:
            # The text `sms` would not fit.
            del told["sms"]
    for key, text in told.items():
        yield f"{words.language} {key}: {_size(text, is_sms=channel == 'sms')}\n{text}\n"


def _size(text: str, *, is_sms: bool) -> str:
    told = f"{len(text)} characters, {len(text.encode())} bytes in UTF-8"
    if not is_sms:
        return told
    size = size_of(text)
    return f"{told}, {size.segments} segment{'s' if size.segments > 1 else ''} of {size.encoding}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m worker.messages", description="Check the texts of messages."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser(
        "preview", help="print each text as it would be sent, or name what is wrong with the texts"
    )
    show.add_argument("--app", default="", help="an app of OTP_APPS; else the texts of all others")
    show.add_argument("--locale", help="such as de-AT; else all languages")
    show.add_argument("--channel", choices=CHANNELS, help="else all channels")
    given = parser.parse_args()
    locale = bcp47(given.locale) if given.locale else None
    if given.locale and locale is None:
        show.error("--locale: expected a language tag, such as de or de-AT")
    try:
        settings = Settings.load()
        texts = texts_of_apps(settings)
    except SettingsError as error:
        sys.exit(f"otp messages: {error}")
    if given.app not in texts:
        show.error(f"--app: OTP_APPS has no table {given.app}")
    own = texts[given.app]
    for language in [locale] if locale else own.languages:
        for channel in [given.channel] if given.channel else CHANNELS:
            for told in preview(own, settings.app(given.app), channel, language):
                print(told)
