"""Whether two processes have the same settings, without telling anyone what they are."""

import dataclasses
import hmac
import json
from collections.abc import Mapping

from shared.policy import CHANNELS, PHONE_CHANNELS
from shared.settings import Settings

_BYTES = 8


def marks(settings: Settings) -> dict[str, str]:
    """A short keyed hash of each setting that the API and the workers share, by its name, and of
    each secret key by its id. Those who read it in Redis learn nothing without a secret key.
    Raises SettingsError."""
    keys = settings.secret_keys()
    shared: dict[str, object] = {
        f"OTP_{channel.upper()}_SENDERS": settings.senders(channel) for channel in CHANNELS
    }
    for channel in PHONE_CHANNELS:
        routes = [dataclasses.astuple(route) for route in settings.routes(channel).values()]
        shared[f"OTP_{channel.upper()}_ROUTES"] = sorted(routes, key=str)
    shared["OTP_APPS"] = settings.otp_apps.get_secret_value() if settings.otp_apps else None
    shared["OTP_PUBLIC_URL"] = settings.otp_public_url
    # A new key is put in front of the old ones, so the last one is the same during a rotation.
    *_, last = keys.values()
    return {
        **{f"OTP_SECRET_KEYS {kid}": _mark(key, kid) for kid, key in keys.items()},
        **{name: _mark(last, f"{name} {json.dumps(value)}") for name, value in shared.items()},
    }


def different(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The names of the settings that the other process lacks or has otherwise."""
    return [name for name, mark in ours.items() if theirs.get(name) != mark]


def _mark(key: bytes, text: str) -> str:
    return hmac.digest(key, f"otp:mark:{text}".encode(), "sha256")[:_BYTES].hex()
