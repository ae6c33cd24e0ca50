"""`python -m api.backup`: save the secrets and Services of an installation, and restore them."""

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from api.keys import file as key_file
from api.printing import print_all
from shared import VERSION
from shared.errors import StorageUnavailable
from shared.policy import DEFAULT_APP
from shared.settings import Settings, SettingsError
from shared.settings.sources import find, read_sources, replace_secret
from shared.storage import keys, reading
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.verify_v2.copies import Copy, copies_of, restore

_ABOUT = """\
Save the secrets and Services of an installation, and restore them. See docs/operations.md.

A backup has the files that Sixpost generated in OTP_DATA_DIR (secret keys, API keys as hashes, the
owner's password) and the Services in Redis. It has neither .env nor secrets that you set yourself.
Anyone who can read a backup can log in as the owner and forge codes.
"""
_MORE = """\
examples:
  (umask 077; python -m api.backup create > sixpost.backup)
  python -m api.backup restore < sixpost.backup

exit status: 0 success; 1 failure (see stderr for the reason), nothing was changed or printed
unless the reason says so; 2 invalid command
"""
_PATIENCE_SECONDS = 5.0

# The address and password of Redis are not in it: compose generates both for its own Redis.
Secret = Literal["otp_secret_keys", "otp_admin_password", "otp_receipt_keys", "api_keys"]
_SECRETS: tuple[Secret, ...] = get_args(Secret)


class NotDone(Exception):
    """The message says why the command failed."""


class Backup(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    sixpost_backup: Literal[1] = 1
    version: str
    made_at: datetime
    secrets: dict[Secret, str]
    services: list[Copy]

    def __str__(self) -> str:
        return f"{', '.join(self.secrets) or 'no secrets'} and {len(self.services)} Services"

    def write(self) -> str:
        """A line of JSON and its checksum, because copies of files can be incomplete."""
        line = self.model_dump_json()
        return f"{line}\n{_checksum(line)}\n"

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Raises NotDone."""
        line, _, checksum = content.decode(errors="replace").strip().partition("\n")
        line = line.strip()
        if _checksum(line) != checksum:
            raise NotDone("this is no complete backup; nothing was restored")
        try:
            return cls.model_validate_json(line)
        except ValidationError:
            raise NotDone("this backup is of another version; nothing was restored") from None


def _checksum(line: str) -> str:
    return f"sha256 {sha256(line.encode()).hexdigest()}"


def create() -> None:
    """Print a backup: all of it, or nothing."""
    if sys.stdout.isatty():
        raise NotDone("a backup holds secrets; redirect it to a file that only you can read")
    settings = Settings.load()
    # A damaged one raises SettingsError.
    settings.secret_keys()
    folder = settings.otp_data_dir
    made = key_file.read(key_file.path_in(folder)) or [] if folder else []
    accounts = {
        DEFAULT_APP,
        *settings.app_names(),
        *(key.app for key in made),
        *(app for app, _ in settings.api_keys()),
        *(app for app, _ in settings.otp_services),
    }
    backup = Backup(
        version=VERSION,
        made_at=datetime.now(UTC),
        secrets=_texts(folder, _read_secrets(folder)) if folder else {},
        services=_services(settings, accounts),
    )
    print_all(backup.write())
    _tell(f"Saved {backup}. Keep .env and the secrets that you set yourself, too.")


def _read_secrets(folder: Path) -> dict[Secret, bytes]:
    return {name: (folder / name).read_bytes() for name in _SECRETS if (folder / name).exists()}


def _texts(folder: Path, secrets: Mapping[Secret, bytes]) -> dict[Secret, str]:
    """Raises NotDone."""
    try:
        return {name: content.decode() for name, content in secrets.items()}
    except UnicodeDecodeError:
        raise NotDone(f"a secret in {folder} is damaged: not valid UTF-8") from None


def _services(settings: Settings, accounts: set[str]) -> list[Copy]:
    url = settings.redis_url.get_secret_value()
    with connect(url, timeout_seconds=_PATIENCE_SECONDS) as redis:
        scripts = Scripts(redis)
        # Also apps whose last key was revoked lately.
        (active,) = scripts.fetch(lambda pipe: pipe.smembers(keys.APPS))
        accounts |= {str(reading.text(app)) for app in active or ()}
        return [
            copy
            for account in sorted(accounts)
            for copy in copies_of(
                scripts, account, [sid for app, sid in settings.otp_services if app == account]
            )
        ]


def restore_from_stdin(*, replace: bool) -> None:
    if sys.stdin.isatty():
        raise NotDone("redirect a backup to this command, as in restore < sixpost.backup")
    backup = Backup.read(sys.stdin.buffer.read())
    if backup.secrets:
        _write_secrets(backup.secrets, replace=replace)
    try:
        restored = _write_services(backup.services)
    except (SettingsError, StorageUnavailable) as error:
        raise NotDone(
            f"the secrets were restored, but not all Services: {error}; run this again"
        ) from None
    _tell(f"Restored {backup}. Redis already had {len(backup.services) - restored} of them.")


def _write_secrets(secrets: dict[Secret, str], *, replace: bool) -> None:
    # Settings.load() would generate what is missing.
    found = find("OTP_DATA_DIR", read_sources(os.environ, ".env", ()), None)
    if not found:
        raise NotDone("OTP_DATA_DIR is missing. Set it to the folder for the secrets.")
    folder = Path(found.value)
    there = _read_secrets(folder)
    contents = {name: text.encode() for name, text in secrets.items()}
    others = [name for name, content in contents.items() if there.get(name, content) != content]
    if others and not replace:
        raise NotDone(
            f"this installation has other secrets ({', '.join(others)}); nothing was restored. "
            "Add --replace to lose them"
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        for name, text in secrets.items():
            replace_secret(folder / name, text)
    except OSError as error:
        raise NotDone(
            f"not all secrets were restored: {error.filename}: {error.strerror}; run this again"
        ) from None


def _write_services(copies: list[Copy]) -> int:
    url = Settings.load().redis_url.get_secret_value()
    with connect(url, timeout_seconds=_PATIENCE_SECONDS) as redis:
        scripts = Scripts(redis)
        return sum(restore(scripts, copy) for copy in copies)


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api.backup",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("create", help="print a backup").set_defaults(do=create)
    back = commands.add_parser("restore", help="restore a backup from standard input")
    back.set_defaults(do=restore_from_stdin)
    back.add_argument(
        "--replace", action="store_true", help="even if this loses secrets of this installation"
    )
    return parser


def main() -> None:
    arguments = vars(_parser().parse_args())
    do = arguments.pop("do")
    try:
        do(**arguments)
    except (NotDone, SettingsError, StorageUnavailable) as error:
        sys.exit(f"otp backup: {error}")
    except OSError as error:
        sys.exit(f"otp backup: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
