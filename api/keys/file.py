"""The file of the API keys that `python -m api.keys` creates.

One key per line, as its SHA-256. A slow hash would only slow requests, because no one can guess 256
random bits.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from shared.settings import SettingsError
from shared.settings.sources import replace_secret
from shared.settings.types import APP_NAME

KEY_ID = "[0-9a-f]{8}"
_HEAD = "# app, key ID, created, expires, SHA-256 of the key. For help: python -m api.keys --help\n"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key as the file stores it. `ends` is None if it has no end."""

    app: str
    id: str
    made: datetime
    ends: datetime | None = None
    hashed: bytes


def hash_of(key: str) -> bytes:
    return sha256(key.encode()).digest()


def time_as_text(time: datetime | None) -> str:
    return time.strftime(_TIME) if time else "never"


def path_in(folder: Path) -> Path:
    return folder / "api_keys"


def read(path: Path) -> list[ApiKey] | None:
    """All keys of the file, including expired ones. Returns None if there is no file.

    Raises SettingsError, which names a wrong line but does not show it: it may hold a key.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} cannot be read: not valid UTF-8") from None
    keys = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                keys.append(_parse(line))
            except ValueError:
                raise SettingsError(
                    f"{path}: line {number} is invalid; "
                    "expected: app, key ID, created, expires, SHA-256"
                ) from None
    return keys


@contextmanager
def changing(folder: Path) -> Iterator[list[ApiKey]]:
    """The valid keys, to be changed in place. They are written unless the block raises. Concurrent
    commands wait for each other, and readers see the old file or the new one. Raises SettingsError.
    """
    path = path_in(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = valid(read(path) or [])
            yield keys
            # Remove keys that end immediately, so a clock set back can't revive them.
            _write(path, valid(keys))
            # Without this, a power cut could bring a revoked key back.
            os.fsync(lock)
        finally:
            os.close(lock)
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from None


def valid(keys: Sequence[ApiKey]) -> list[ApiKey]:
    now = datetime.now(UTC)
    return [key for key in keys if key.ends is None or now < key.ends]


def _parse(line: str) -> ApiKey:
    """Raises ValueError."""
    app, id_, made, ends, hashed = line.split()
    if not re.fullmatch(APP_NAME, app) or not re.fullmatch(KEY_ID, id_):
        raise ValueError("not an app and a key id")
    if not re.fullmatch("[0-9a-f]{64}", hashed):
        raise ValueError("not a SHA-256")
    return ApiKey(
        app=app,
        id=id_,
        made=_time(made),
        ends=None if ends == "never" else _time(ends),
        hashed=bytes.fromhex(hashed),
    )


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _write(path: Path, keys: list[ApiKey]) -> None:
    lines = [_HEAD]
    for key in keys:
        times = f"{time_as_text(key.made)} {time_as_text(key.ends)}"
        lines.append(f"{key.app} {key.id} {times} {key.hashed.hex()}\n")
    replace_secret(path, "".join(lines))
