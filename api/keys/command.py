"""`python -m api.keys`: make, list, rotate and revoke API keys, while the service runs."""

import argparse
import logging
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from redis import Redis

from api.keys.file import (
    KEY_ID,
    ApiKey,
    changing,
    hash_of,
    path_in,
    read,
    time_as_text,
    valid,
)
from api.verify_v2.access import account_sid
from shared.errors import StorageUnavailable
from shared.owner.audit import Audit
from shared.owner.key_use import KeyUse, given_id
from shared.policy import OWN_APPS, SECONDS
from shared.settings import Settings, SettingsError
from shared.settings.types import APP_NAME
from shared.storage.client import connect
from shared.verification.store import PATIENCE_SECONDS

_ABOUT = """\
Make, list, rotate and revoke API keys, while the service runs.

An app is a program of yours that calls this service, by a name that you choose. With each request
it sends its key, in the header
  Authorization: Bearer otp_1a2b3c4d_...
Apps see nothing of each other. As soon as there is a key, calls without one are refused.
"""
_MORE = """\
examples:
  python -m api.keys create shop             make a key for the app "shop", and print it
  python -m api.keys list                    which keys there are, since when, until when, last used
  python -m api.keys rotate shop             a new key; the older ones of shop end in 24 hours
  python -m api.keys rotate shop --grace 0   the same, and they end now: when one has leaked
  python -m api.keys revoke 1a2b3c4d         end this key now
  python -m api.keys revoke --app shop       end all keys of shop now

The id of a key is its middle part: 1a2b3c4d of otp_1a2b3c4d_... A key is shown once, when it is
made; what is kept, in OTP_DATA_DIR, does not tell it. A running API knows of a change at once.
Keys of OTP_API_KEYS are valid too, and are changed there.

exit status: 0 done; 1 not done, stderr says why; 2 the command is not understood
"""


# What did not work besides, also on stderr.
_warnings = logging.getLogger("otp.keys")


class NotDone(Exception):
    """What was asked for cannot be done; the message says why."""


class Keys:
    """What the command does. All of it raises NotDone and SettingsError.

    A new key goes to stdout and everything about it to stderr, so that `KEY=$(...)` holds the key.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.otp_data_dir is None:
            raise NotDone(
                "OTP_DATA_DIR is missing: it names the folder in which the keys are kept."
            )
        self._settings = settings
        self._folder = settings.otp_data_dir
        # The apps of keys that only OTP_API_KEYS can change.
        self._given = [app for app, _ in settings.api_keys()]

    def create(self, app: str) -> None:
        is_first = not self._given and not path_in(self._folder).exists()
        with changing(self._folder) as keys:
            secret, key = _new_key(app)
            keys.append(key)
        _hand_over(secret, key)
        self._record("key_created", key)
        if is_first:
            _tell("It is the first key: from now on, calls without a key are refused.")

    def rotate(self, app: str, grace: timedelta) -> None:
        with changing(self._folder) as keys:
            older = self._of_app(app, keys)
            secret, new = _new_key(app)
            ends = new.made + grace
            ending = [replace(key, ends=min(key.ends or ends, ends)) for key in older]
            keys[:] = [*(key for key in keys if key not in older), *ending, new]
        _hand_over(secret, new)
        self._record("key_rotated", new)
        for key in ending:
            _tell(f"Key {key.id} of {app} ends {time_as_text(key.ends) if grace else 'now'}.")
        self._warn_of_given(app)

    def revoke(self, key_id: str | None, app: str | None) -> None:
        with changing(self._folder) as keys:
            revoked = self._of_app(app, keys) if app else [k for k in keys if k.id == key_id]
            if not revoked:
                raise NotDone(f"There is no key {key_id}. `list` shows which there are.")
            keys[:] = [key for key in keys if key not in revoked]
        for key in revoked:
            _tell(f"Key {key.id} of {key.app} has ended.")
            self._record("key_revoked", key)
        if app:
            self._warn_of_given(app)
        if not keys and not self._given:
            _tell("No key is left: all calls are refused until there is a new one.")

    def show(self) -> None:
        made = read(path_in(self._folder))
        keys = sorted(valid(made or []), key=lambda key: (key.app, key.made))
        used = iter(self._used([*(key.id for key in keys), *map(given_id, self._given)]))
        rows = [("APP", "KEY ID", "MADE", "ENDS", "LAST USED")]
        rows += [
            (key.app, key.id, time_as_text(key.made), time_as_text(key.ends), next(used))
            for key in keys
        ]
        rows += [(app, "-", "OTP_API_KEYS", "never", next(used)) for app in self._given]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(map(str.ljust, row, widths)).rstrip())
        if len(rows) == 1:
            _tell("All calls are refused." if made is not None else self._without_any_key())

    def _without_any_key(self) -> str:
        """As the API decides when it starts."""
        try:
            self._settings.refuse_to_be_open()
        except SettingsError as error:
            return f"There is no key, and without one the API does not start: {error}."
        return "Anybody may call, without a key."

    def _used(self, key_ids: Sequence[str]) -> list[str]:
        """When each key was last used. Where Redis cannot tell that, nothing is said of it."""
        try:
            with self._redis() as redis:
                found = KeyUse(redis).last(key_ids)
        except StorageUnavailable:
            _warnings.warning("Redis is unreachable, so the last use of keys is not shown.")
            return [""] * len(key_ids)
        return [time_as_text(at) if at else "not in 90 days" for at in found]

    def _record(
        self, action: Literal["key_created", "key_rotated", "key_revoked"], key: ApiKey
    ) -> None:
        """Add an entry to the audit log. The command goes on without Redis, because a key that
        leaked must end all the same, and says that the entry is missing."""
        try:
            with self._redis() as redis:
                audit = Audit(redis, keep_seconds=self._settings.otp_keep_audit)
                audit.record(action, "api.keys", "", app=key.app, key_id=key.id)
        except StorageUnavailable:
            _warnings.warning("Redis is unreachable, so the audit log does not have this.")

    def _redis(self) -> Redis:
        url = self._settings.redis_url.get_secret_value()
        return connect(url, timeout_seconds=PATIENCE_SECONDS)

    def _of_app(self, app: str, keys: Sequence[ApiKey]) -> Sequence[ApiKey]:
        found = [key for key in keys if key.app == app]
        if not found:
            self._warn_of_given(app)
            raise NotDone(f"There is no key of {app} that this command has made.")
        return found

    def _warn_of_given(self, app: str) -> None:
        if app in self._given:
            _tell(f"OTP_API_KEYS has a key of {app}: change it there, and restart the API.")


def _new_key(app: str) -> tuple[str, ApiKey]:
    """The key itself, and what is kept of it. Its form is for programs that look for secrets."""
    key_id = secrets.token_hex(4)
    secret = f"otp_{key_id}_{secrets.token_hex(32)}"
    made = datetime.now(UTC).replace(microsecond=0)
    return secret, ApiKey(app=app, id=key_id, made=made, hashed=hash_of(secret))


def _hand_over(secret: str, key: ApiKey) -> None:
    print(secret, flush=True)
    _tell(f"Key {key.id} of {key.app}, valid from now on. It is shown this once only.")
    _tell("For programs that know the Verify v2 API:")
    _tell(f"  Account SID  {account_sid(key.app)}")
    _tell("  Auth token   the key, without its underscores")


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def app_name(text: str) -> str:
    if not re.fullmatch(APP_NAME, text):
        raise argparse.ArgumentTypeError("an app's name is up to 32 letters, digits, - and _")
    if text in OWN_APPS:
        raise argparse.ArgumentTypeError(f"{text} is a name of the service's own")
    return text


def _key_id(text: str) -> str:
    if not re.fullmatch(KEY_ID, text):
        # It may be a whole key, so it is not repeated.
        raise argparse.ArgumentTypeError("a key id is 8 digits and letters, such as 1a2b3c4d")
    return text


def _duration(text: str) -> timedelta:
    match = re.fullmatch("([0-9]{1,4})([smhd])", "0s" if text == "0" else text)
    if not match:
        raise argparse.ArgumentTypeError("a time is 0, or a number of s, m, h or d such as 24h")
    return timedelta(seconds=int(match[1]) * SECONDS[match[2]])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api.keys",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="make a key for an app, and print it")
    create.set_defaults(do=Keys.create)
    create.add_argument("app", metavar="APP", type=app_name)
    show = commands.add_parser("list", help="which keys there are; never the keys themselves")
    show.set_defaults(do=Keys.show)
    rotate = commands.add_parser("rotate", help="make a new key; the older ones of the app end")
    rotate.set_defaults(do=Keys.rotate)
    rotate.add_argument("app", metavar="APP", type=app_name)
    rotate.add_argument(
        "--grace",
        type=_duration,
        default="24h",
        metavar="TIME",
        help="when the older keys end: after a time such as 30m, 24h (default) or 7d; 0: now",
    )
    revoke = commands.add_parser("revoke", help="end a key, or all keys of an app, at once")
    revoke.set_defaults(do=Keys.revoke)
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("key_id", metavar="KEY_ID", nargs="?", type=_key_id)
    which.add_argument("--app", metavar="APP", type=app_name, help="all keys of this app")
    return parser


def main() -> None:
    arguments = vars(_parser().parse_args())
    do = arguments.pop("do")
    try:
        do(Keys(Settings.load()), **arguments)
    except (NotDone, SettingsError) as error:
        sys.exit(f"otp keys: {error}")
