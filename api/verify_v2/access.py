"""The caller: the SID of an account or key, with one of our API keys as the password."""

import re
from dataclasses import dataclass
from hashlib import sha256

from flask import Request, g

from api.http.access import Access
from shared.errors import Unauthorized
from shared.logs.request import called_by
from shared.policy import DEFAULT_APP

_SID = re.compile("(AC|SK)[0-9a-fA-F]{32}")
# A key of `python -m api.keys` without underscores, for clients that allow letters and digits only.
_BARE_KEY = re.compile("otp([0-9a-f]{8})([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class Account:
    """An app, and its SID in answers. `has_key`: the caller is the app's server. Without a key, it
    can be anyone."""

    app: str
    sid: str
    has_key: bool


def account_sid(app: str) -> str:
    return "AC" + sha256(b"account\0" + app.encode()).hexdigest()[:32]


def calling() -> Account:
    """The caller of the current request."""
    account: Account = g.account
    return account


def account_of(request: Request, access: Access) -> Account:
    """The app that the password names. The user name may be the app's or any SID, so clients keep
    the account SID they have, and answers repeat it.

    Raises Unauthorized.
    """
    given = request.authorization
    if given is None or given.type != "basic" or not given.username or not given.password:
        raise Unauthorized
    is_open = access.is_open()
    key = None if is_open else access.key_of(_key(given.password))
    app = DEFAULT_APP if is_open else key and key.app
    if app is None or not (_SID.fullmatch(given.username) or given.username == app):
        raise Unauthorized
    if key:
        access.note(key.id)
    called_by(app)
    is_account = given.username.startswith("AC") and given.username != app
    return Account(
        app=app, sid=given.username if is_account else account_sid(app), has_key=not is_open
    )


def _key(password: str) -> str:
    bare = _BARE_KEY.fullmatch(password)
    return f"otp_{bare[1]}_{bare[2]}" if bare else password
