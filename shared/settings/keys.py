"""What OTP_SECRET_KEYS, OTP_API_KEYS and OTP_RECEIPT_KEYS hold. No error repeats a part of them."""

import base64
import binascii
import re

from shared.policy import OWN_APPS
from shared.settings.sources import SettingsError
from shared.settings.types import APP_NAME

_SHORTEST_KEY = 32


def key_ring(text: str) -> tuple[str, dict[str, bytes]]:
    """The id of the key that creates codes, and the secret keys by their ids, the last one of which
    finds recipients. Raises SettingsError.

    The same key can be the first and the last one. So processes that are restarted one after the
    other all know a key between them before one of them uses it.
    """
    listed = text.replace(",", " ").split()
    if len(listed) > 2 and listed[0] == listed[-1]:
        kid, _, _ = listed.pop(0).partition(":")
    else:
        kid = ""
    keys = _by_id("OTP_SECRET_KEYS", " ".join(listed))
    if any(len(key) < _SHORTEST_KEY for key in keys.values()):
        raise SettingsError(f"OTP_SECRET_KEYS: each key needs at least {_SHORTEST_KEY} bytes")
    return kid or next(iter(keys)), keys


def receipt_keys(text: str) -> dict[str, bytes]:
    """The private keys of verification receipts by their ids, in DER. Raises SettingsError."""
    return _by_id("OTP_RECEIPT_KEYS", text)


def app_keys(text: str) -> tuple[tuple[str, str], ...]:
    """(app, key) of every API key. Raises SettingsError."""
    pairs = tuple(_pairs("OTP_API_KEYS", text))
    if not pairs:
        raise SettingsError("OTP_API_KEYS is empty: expected app:key")
    if len({key for _, key in pairs}) < len(pairs):
        raise SettingsError("OTP_API_KEYS contains the same key twice")
    if own := [app for app, _ in pairs if app in OWN_APPS]:
        raise SettingsError(f"OTP_API_KEYS: {own[0]} is reserved; choose another app name")
    if any(len(key) < _SHORTEST_KEY for _, key in pairs):
        raise SettingsError(f"OTP_API_KEYS: each key needs at least {_SHORTEST_KEY} characters")
    return pairs


def _pairs(name: str, text: str) -> list[tuple[str, str]]:
    pairs = []
    for word in text.replace(",", " ").split():
        left, colon, right = word.partition(":")
        if not colon or not right or not re.fullmatch(APP_NAME, left):
            raise SettingsError(f"{name}: expected name:value pairs, separated by spaces")
        pairs.append((left, right))
    return pairs


def _by_id(name: str, text: str) -> dict[str, bytes]:
    """What is listed as kid:base64, by the ids. Raises SettingsError."""
    pairs = _pairs(name, text)
    try:
        keys = {kid: base64.b64decode(encoded, validate=True) for kid, encoded in pairs}
    except binascii.Error:
        raise SettingsError(f"{name}: a key is not valid base64") from None
    if not keys:
        raise SettingsError(f"{name} is empty: expected kid:base64")
    if len(keys) < len(pairs):
        raise SettingsError(f"{name} contains the same key ID twice")
    if len(set(keys.values())) < len(keys):
        raise SettingsError(f"{name} contains the same key twice")
    return keys
