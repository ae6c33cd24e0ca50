"""The caller: the app behind an API key, and the client's address."""

import hmac
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from flask import Request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from api.http.proxies import UNKNOWN, address_in
from api.keys.file import hash_of, path_in, read, valid
from api.keys.following import FollowedFile
from shared.errors import MetricsOnly, Unauthorized
from shared.locales import bcp47
from shared.logs.request import called_by
from shared.owner.key_use import given_id
from shared.policy import DEFAULT_APP, METRICS_APP, PAGE_APP
from shared.settings import Settings
from shared.settings.keys import app_keys
from shared.settings.sources import read_secret


class Key(NamedTuple):
    app: str
    id: str
    hashed: bytes


class Access:
    """Identifies apps by the API keys in OTP_API_KEYS and those of `python -m api.keys`. Revoking
    the last key does not open the service. If a file holds OTP_API_KEYS, its changes take effect
    immediately."""

    def __init__(self, settings: Settings, note: Callable[[str], None] = lambda _: None) -> None:
        """`note` gets the id of each key that is used. Raises SettingsError."""
        self.note = note
        self._public_page = settings.otp_public_ui
        folder = settings.otp_data_dir
        self._given = _keys(settings.api_keys())
        file = settings.api_keys_file
        self._followed = FollowedFile(file, _keys_in, self._given) if file else None
        self._made = FollowedFile(path_in(folder), read) if folder else None

    def keys(self) -> Sequence[Key] | None:
        """The valid keys. Returns None if no key was ever set, which lets anyone call."""
        given = (self._followed.keys() if self._followed else None) or self._given
        made = self._made.keys() if self._made else None
        if made is None:
            return given or None
        return [*given, *(Key(key.app, key.id, key.hashed) for key in valid(made))]

    def is_open(self) -> bool:
        """Whether anyone can call, because no key was ever set."""
        return self.keys() is None

    def app(self, request: Request) -> str:
        """The app of `Authorization: Bearer KEY` or Basic APP:KEY. Raises Unauthorized, and
        MetricsOnly for a key that can do nothing else."""
        app = self._caller(request)
        if app == METRICS_APP:
            raise MetricsOnly
        return app

    def scraper(self, request: Request) -> str | None:
        """The app that reads the metrics. Returns None for a caller who may see the figures of
        every app: one with a key for the metrics, or anyone if there are no keys. Raises
        Unauthorized."""
        app = self._caller(request)
        return None if app == METRICS_APP or self.is_open() else app

    def _caller(self, request: Request) -> str:
        keys = self.keys()
        if keys is None:
            return called_by(DEFAULT_APP)
        given = request.authorization
        if given is None:
            raise Unauthorized
        is_basic = given.type == "basic"
        known = _match(keys, (given.password if is_basic else given.token) or "")
        if known is None or (is_basic and given.username != known.app):
            raise Unauthorized
        self.note(known.id)
        return called_by(known.app)

    def key_of(self, secret: str) -> Key | None:
        """The valid key with this secret. Returns None if there is none, or if it can only read
        the metrics. Callers that accept the key call note()."""
        known = _match(self.keys() or (), secret)
        return None if known and known.app == METRICS_APP else known

    def app_or_page(self, request: Request) -> str:
        """As app(). Without any key, the caller is the page, if it is public."""
        try:
            return self.app(request)
        except Unauthorized:
            if self._public_page and "Authorization" not in request.headers:
                return called_by(PAGE_APP)
            raise


def _keys(given: Iterable[tuple[str, str]]) -> list[Key]:
    return [Key(app, given_id(app), hash_of(key)) for app, key in given]


def _keys_in(path: Path) -> list[Key]:
    """The keys in a file with the text of OTP_API_KEYS. Raises SettingsError."""
    return _keys(app_keys(read_secret(path, f"OTP_API_KEYS: {path}")))


def _match(keys: Sequence[Key], secret: str) -> Key | None:
    hashed = hash_of(secret)
    # Compare all keys, so that the time does not depend on which one matches.
    found = [key for key in keys if hmac.compare_digest(key.hashed, hashed)]
    return found[0] if found else None


def client_ip(request: Request) -> str:
    """The client's address, or UNKNOWN."""
    return address_in(request.remote_addr or "") or UNKNOWN


def browser_locale(request: Request) -> str:
    """The browser's preferred language (BCP 47), or English."""
    return _preferred(request.headers.get("Accept-Language", ""))


@lru_cache(maxsize=256)
def _preferred(accepted: str) -> str:
    return bcp47(parse_accept_header(accepted, LanguageAccept).best or "") or "en"


def browser_region(request: Request) -> str | None:
    """The region in the browser's preferred language, such as US in en-US."""
    _, _, subtags = browser_locale(request).partition("-")
    regions = (tag.upper() for tag in subtags.split("-") if len(tag) == 2)
    return next(regions, None)
