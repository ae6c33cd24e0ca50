"""Senders by URL: the scheme picks the class. The worker makes its senders by this, and the API
only their set-ups (SETUPS), so both refuse the same URLs."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from typing import Any
from urllib.parse import urlsplit

from shared.policy import CHANNELS, PHONE_CHANNELS, Channel
from shared.senders.routing import refuse_unfit
from shared.settings import Settings, SettingsError

# Packages of their own add senders by an entry point in this group, with the scheme as its name.
GROUP = "otp.senders"

# Classes by scheme, as module:class.method. Named, so that only what is configured is imported.
Registry = Mapping[str, str]

SETUPS: Registry = {
    "apprise": "shared.senders.apprise:AppriseSetup.from_url",
    "aws": "shared.senders.aws:AwsSetup.from_url",
    "console": "shared.senders.setups:ConsoleSetup.from_url",
    "smsgate": "shared.senders.smsgate:SmsGateSetup.from_url",
    "infobip": "shared.senders.infobip:InfobipSetup.from_url",
    "smtp": "shared.senders.setups:SmtpSetup.from_url",
    "smtps": "shared.senders.setups:SmtpSetup.from_url",
    "telegram": "shared.senders.telegram:TelegramSetup.from_url",
    "telnyx": "shared.senders.telnyx:TelnyxSetup.from_url",
    "twilio": "shared.senders.setups:TwilioSetup.from_url",
    "vonage": "shared.senders.vonage:VonageSetup.from_url",
    "webhook": "shared.senders.setups:WebhookSetup.from_url",
    "whatsapp": "shared.senders.whatsapp:WhatsAppSetup.from_url",
}


def make(url: str, registry: Registry) -> Any:
    """What the class of a URL's scheme makes of it. Raises ValueError, which never repeats the URL:
    it may hold a password."""
    scheme = urlsplit(url).scheme
    found = _entry_point(scheme, registry)
    if found is None:
        near = get_close_matches(scheme, registry, 1)
        hint = f". Did you mean {near[0]}://?" if near else ""
        raise ValueError(
            f"unknown sender {scheme}://; available senders: {', '.join(sorted(registry))}{hint}"
        )
    try:
        return found.load()(url)
    except ValueError as error:
        reason = str(error)
    # Outside of `except`: an error of a URL parser would hang on this one, and repeat the URL.
    raise ValueError(f"{scheme}:// sender: {reason}")


def make_for(channel: Channel, name: str, url: str, registry: Registry) -> Any:
    """As make(). Raises ValueError also if the sender cannot serve the channel."""
    made = make(url, registry)
    if channel not in made.channels:
        raise ValueError(
            f"{name} does not support {channel}; it supports {', '.join(made.channels)}"
        )
    return made


def make_all(settings: Settings, registry: Registry) -> dict[str, dict[Channel, dict[str, Any]]]:
    """Every sender of the settings by app ("": apps without their own), channel and name. Raises
    SettingsError, also for a route that its senders cannot take."""
    all_made: dict[str, dict[Channel, dict[str, Any]]] = {}
    for channel in CHANNELS:
        for app, named in settings.named_senders(channel).items():
            try:
                made = {name: make_for(channel, name, url, registry) for name, url in named}
            except ValueError as error:
                raise _wrong(app, f"OTP_{channel.upper()}_SENDERS", error) from None
            all_made.setdefault(app, {})[channel] = made
    for app in ("", *settings.app_names()):
        _refuse_unfit_routes(settings.app(app), app, all_made[""] | all_made.get(app, {}))
    return all_made


def _refuse_unfit_routes(
    own: Settings, app: str, made: Mapping[Channel, Mapping[str, Any]]
) -> None:
    """`own` are the settings of an app. Routes of a channel that is off do not matter."""
    for channel in PHONE_CHANNELS:
        try:
            for route in own.routes(channel).values() if made[channel] else ():
                refuse_unfit(route, made[channel])
        except ValueError as error:
            raise _wrong(app, f"OTP_{channel.upper()}_ROUTES", error) from None


def _wrong(app: str, setting: str, error: ValueError) -> SettingsError:
    return SettingsError(f"{f'OTP_APPS: {app}: ' if app else ''}{setting}: {error}")


def _entry_point(scheme: str, registry: Registry) -> EntryPoint | None:
    name = "apprise" if scheme.startswith("apprise+") else scheme
    if name in registry:
        return EntryPoint(name, registry[name], GROUP)
    return next(iter(entry_points(group=GROUP, name=scheme)), None)
