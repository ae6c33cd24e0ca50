"""Whether two processes have the same settings, without telling anyone what they are."""

import dataclasses
import json
from collections.abc import Mapping

from shared.codes import Codes
from shared.policy import CHANNELS, PHONE_CHANNELS
from shared.settings import Settings


def marks(settings: Settings) -> dict[str, str]:
    """A short keyed hash of each setting that the API and the workers share, by its name, and of
    each secret key by its id. Raises SettingsError."""
    codes = Codes(settings.secret_keys())
    shared: dict[str, object] = {
        f"OTP_{channel.upper()}_SENDERS": settings.senders(channel) for channel in CHANNELS
    }
    for channel in PHONE_CHANNELS:
        routes = [dataclasses.astuple(route) for route in settings.routes(channel).values()]
        shared[f"OTP_{channel.upper()}_ROUTES"] = sorted(routes, key=str)
    shared["OTP_APPS"] = settings.otp_apps.get_secret_value() if settings.otp_apps else None
    shared["OTP_PUBLIC_URL"] = settings.otp_public_url
    return {
        **{f"OTP_SECRET_KEYS {kid}": mark for kid, mark in codes.fingerprints.items()},
        **{name: codes.mark(f"{name} {json.dumps(value)}") for name, value in shared.items()},
    }


def different(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The names of the settings that the other process lacks or has otherwise."""
    return [name for name, mark in ours.items() if theirs.get(name) != mark]
