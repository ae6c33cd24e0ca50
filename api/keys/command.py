"""`python -m api.keys`: create, list, rotate and revoke API keys while the service runs."""

import argparse
import logging
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from api.keys import file
from api.keys.file import KEY_ID, ApiKey, path_in, time_as_text
from api.verify_v2.access import account_sid
from shared.errors import StorageUnavailable
from shared.owner.audit import Audit
from shared.owner.key_use import KeyUse, given_id
from shared.policy import METRICS_APP, OWN_APPS, SECONDS
from shared.settings import Settings, SettingsError
from shared.settings.types import APP_NAME
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.verification.store import PATIENCE_SECONDS

_ABOUT = """\
Create, list, rotate and revoke API keys without restarting the service.

An app is one of your programs that calls this service. You choose its name. The app sends its key
with every request in this header:
  Authorization: Bearer otp_1a2b3c4d_...
Apps cannot see each other's data. Once you create a key, the API rejects calls without one.
"""
_MORE = """\
examples:
  python -m api.keys create shop             create a key for the app "shop" and print it
  python -m api.keys create metrics          create a key that can only read GET /metrics
  python -m api.keys list                    list keys with their creation, expiry and last use
  python -m api.keys rotate shop             create a new key; the old ones expire in 24 hours
  python -m api.keys rotate shop --grace 0   create a new key; the old ones expire now (use this if
                                             a key leaked)
  python -m api.keys revoke 1a2b3c4d         revoke this key now
  python -m api.keys revoke --app shop       revoke all keys of the app "shop" now

The key ID is the middle part of the key: 1a2b3c4d in otp_1a2b3c4d_... A key is shown only once,
when you create it. OTP_DATA_DIR stores only its hash. Changes take effect immediately.
Keys in OTP_API_KEYS are also valid. Change them there.

exit status: 0 success; 1 failure (see stderr for the reason); 2 invalid command
"""

# Also printed on stderr.
_warnings = logging.getLogger("otp.keys")


class NotDone(Exception):
    """The message says why the command failed."""


class Keys:
    """The subcommands. They raise NotDone and SettingsError. Only a new key goes to stdout, for
    `KEY=$(...)`."""

    def __init__(self, settings: Settings, scripts: Scripts) -> None:
        if settings.otp_data_dir is None:
            raise NotDone("OTP_DATA_DIR is missing. Set it to the folder where keys are stored.")
        self._settings = settings
        self._scripts = scripts
        self._folder = settings.otp_data_dir
        self._given = [app for app, _ in settings.api_keys()]

    def create(self, app: str) -> None:
        is_first = not self._given and not path_in(self._folder).exists()
        with file.changing(self._folder) as keys:
            secret, key = _new_key(app)
            keys.append(key)
        _hand_over(secret, key)
        self._record("key_created", key)
        if is_first:
            _tell("This is the first key. From now on, the API rejects calls without a key.")

    def rotate(self, app: str, grace: timedelta) -> None:
        with file.changing(self._folder) as keys:
            older = self._of_app(app, keys)
            secret, new = _new_key(app)
            ends = new.made + grace
            ending = [replace(key, ends=min(key.ends or ends, ends)) for key in older]
            keys[:] = [*(key for key in keys if key not in older), *ending, new]
        _hand_over(secret, new)
        self._record("key_rotated", new)
        for key in ending:
            when = f"at {time_as_text(key.ends)}" if grace else "now"
            _tell(f"Key {key.id} of {app} expires {when}.")
        self._warn_of_given(app)

    def revoke(self, key_id: str | None, app: str | None) -> None:
        with file.changing(self._folder) as keys:
            revoked = self._of_app(app, keys) if app else [k for k in keys if k.id == key_id]
            if not revoked:
                raise NotDone(f"Key {key_id} not found. Run `list` to see all keys.")
            keys[:] = [key for key in keys if key not in revoked]
        for key in revoked:
            _tell(f"Key {key.id} of {key.app} was revoked.")
            self._record("key_revoked", key)
        if app:
            self._warn_of_given(app)
        if not keys and not self._given:
            _tell("No keys are left. The API rejects all calls until you create a new key.")

    def show(self) -> None:
        made = file.read(path_in(self._folder))
        keys = sorted(file.valid(made or []), key=lambda key: (key.app, key.made))
        used = iter(self._used([*(key.id for key in keys), *map(given_id, self._given)]))
        rows = [("APP", "KEY ID", "CREATED", "EXPIRES", "LAST USED")]
        rows += [
            (key.app, key.id, time_as_text(key.made), time_as_text(key.ends), next(used))
            for key in keys
        ]
        rows += [(app, "-", "OTP_API_KEYS", "never", next(used)) for app in self._given]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(map(str.ljust, row, widths)).rstrip())
        if len(rows) == 1:
            _tell(
                "No valid keys exist, so the API rejects all calls."
                if made is not None
                else self._without_any_key()
            )

    def _without_any_key(self) -> str:
        try:
            self._settings.refuse_to_be_open()
        except SettingsError as error:
            return f"No keys exist, and without one the API does not start: {error}."
        return "No keys exist, so anyone can call the API."

    def _used(self, key_ids: Sequence[str]) -> list[str]:
        """When each key was last used. Empty if Redis is unreachable."""
        try:
            found = KeyUse(self._scripts).last(key_ids)
        except StorageUnavailable as error:
            _warnings.warning("Without Redis, the last use of each key is unknown: %s.", error)
            return [""] * len(key_ids)
        return [time_as_text(at) if at else "not in 90 days" for at in found]

    def _record(
        self, action: Literal["key_created", "key_rotated", "key_revoked"], key: ApiKey
    ) -> None:
        """Add an entry to the audit log. The command also works without Redis, because a leaked key
        has to be revoked."""
        audit = Audit(self._scripts, keep_seconds=self._settings.otp_keep_audit)
        try:
            audit.record(action, "api.keys", "", app=key.app, key_id=key.id)
        except StorageUnavailable as error:
            _warnings.warning("Without Redis, this change is not in the audit log: %s.", error)

    def _of_app(self, app: str, keys: Sequence[ApiKey]) -> Sequence[ApiKey]:
        found = [key for key in keys if key.app == app]
        if not found:
            self._warn_of_given(app)
            raise NotDone(f"No key created by this command was found for {app}.")
        return found

    def _warn_of_given(self, app: str) -> None:
        if app in self._given:
            file = self._settings.api_keys_file
            where = f"in {file}." if file else "there and restart the API."
            _tell(f"OTP_API_KEYS also has a key for {app}. Change it {where}")


def _new_key(app: str) -> tuple[str, ApiKey]:
    """The key, and what is stored of it. The prefix helps programs that look for leaked secrets."""
    key_id = secrets.token_hex(4)
    secret = f"otp_{key_id}_{secrets.token_hex(32)}"
    made = datetime.now(UTC).replace(microsecond=0)
    return secret, ApiKey(app=app, id=key_id, made=made, hashed=file.hash_of(secret))


def _hand_over(secret: str, key: ApiKey) -> None:
    print(secret, flush=True)
    _tell(f"Key {key.id} for {key.app} is now active. Save it: it won't be shown again.")
    if key.app == METRICS_APP:
        _tell("It can only read GET /metrics, with the figures of all apps.")
        return
    _tell("For clients of the Verify v2-compatible API:")
    _tell(f"  Account SID  {account_sid(key.app)}")
    _tell("  Auth token   the key without its underscores")


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def app_name(text: str) -> str:
    if not re.fullmatch(APP_NAME, text):
        raise argparse.ArgumentTypeError("an app name can have up to 32 letters, digits, - and _")
    if text in OWN_APPS:
        raise argparse.ArgumentTypeError(f"{text} is reserved; choose another name")
    return text


def _key_id(text: str) -> str:
    if not re.fullmatch(KEY_ID, text):
        # Not repeated, because it may be a whole key.
        raise argparse.ArgumentTypeError("a key ID has 8 characters, 0-9 and a-f, such as 1a2b3c4d")
    return text


def _duration(text: str) -> timedelta:
    match = re.fullmatch("([0-9]{1,4})([smhd])", "0s" if text == "0" else text)
    if not match:
        raise argparse.ArgumentTypeError(
            "expected 0 or a number followed by s, m, h or d, such as 24h"
        )
    return timedelta(seconds=int(match[1]) * SECONDS[match[2]])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api.keys",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="create a key for an app and print it")
    create.set_defaults(do=Keys.create)
    create.add_argument("app", metavar="APP", type=app_name)
    show = commands.add_parser("list", help="list key IDs and dates, never the keys themselves")
    show.set_defaults(do=Keys.show)
    rotate = commands.add_parser("rotate", help="create a new key and expire the app's old ones")
    rotate.set_defaults(do=Keys.rotate)
    rotate.add_argument("app", metavar="APP", type=app_name)
    rotate.add_argument(
        "--grace",
        type=_duration,
        default="24h",
        metavar="TIME",
        help="how long the old keys stay valid, such as 30m, 24h (default) or 7d; use 0 to expire "
        "them now",
    )
    revoke = commands.add_parser("revoke", help="revoke a key, or all keys of an app, immediately")
    revoke.set_defaults(do=Keys.revoke)
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("key_id", metavar="KEY_ID", nargs="?", type=_key_id)
    which.add_argument("--app", metavar="APP", type=app_name, help="revoke all keys of this app")
    return parser


def main() -> None:
    arguments = vars(_parser().parse_args())
    do = arguments.pop("do")
    try:
        settings = Settings.load()
        url = settings.redis_url.get_secret_value()
        with connect(url, timeout_seconds=PATIENCE_SECONDS) as redis:
            do(Keys(settings, Scripts(redis)), **arguments)
    except (NotDone, SettingsError) as error:
        sys.exit(f"otp keys: {error}")
