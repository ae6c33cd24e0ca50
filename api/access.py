"""Who is calling: the app behind an API key, and the client's address."""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from ipaddress import ip_address

from flask import Request

from api.schemas import LOCALE, LONGEST_LOCALE
from shared.errors import Unauthorized
from shared.policy import DEFAULT_APP


class Access:
    """Knows the apps by their API keys, of which it keeps hashes only."""

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        self._keys = [(app, _hash(key)) for app, key in keys]

    def app(self, request: Request) -> str:
        """The app that calls, by `Authorization: Bearer KEY` or Basic APP:KEY.

        Raises Unauthorized.
        """
        if not self._keys:
            return DEFAULT_APP
        given = request.authorization
        if given is None:
            raise Unauthorized
        name, key = (
            (given.username, given.password) if given.type == "basic" else (None, given.token)
        )
        hashed = _hash(key or "")
        # Every key is compared, whichever is right.
        found = [app for app, known in self._keys if hmac.compare_digest(known, hashed)]
        if not found or name not in (None, found[0]):
            raise Unauthorized
        return found[0]


def client_ip(request: Request) -> str:
    """The client's address; one for all whose address is not known."""
    try:
        return str(ip_address(request.remote_addr or ""))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 (a name for "unknown", nothing is bound to it)


def browser_locale(request: Request) -> str:
    """The language that the browser asks for first (BCP 47), English for none."""
    asked = request.accept_languages.best or ""
    return asked if re.fullmatch(LOCALE, asked) and len(asked) <= LONGEST_LOCALE else "en"


def _hash(key: str) -> bytes:
    return sha256(key.encode()).digest()
