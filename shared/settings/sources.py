"""Where settings come from: the environment, `.env`, files for secrets, and secrets made at start.
A misspelled name stops the start: the setting would silently keep its default."""

import base64
import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dotenv import dotenv_values

Source = Mapping[str, str]


class SettingsError(Exception):
    """A setting is missing, unknown or malformed; the message names it and what is expected."""


def read_sources(
    env: Source, env_file: str | Path | None, secret_names: Collection[str]
) -> list[Source]:
    """The environment and `.env`, nearest first, without empty values, which count as not set. So
    do spaces alone, except in a secret: its own check names that mistake. Raises SettingsError if
    `.env` cannot be read."""
    try:
        # utf-8-sig skips the byte order mark that some editors put first.
        dotenv = dotenv_values(env_file, encoding="utf-8-sig") if env_file else {}
    except OSError as error:
        raise SettingsError(f"{env_file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{env_file} cannot be read: not valid UTF-8") from None
    return [
        {
            name: value
            for name, value in source.items()
            if value and (value.strip() or name in secret_names)
        }
        for source in (env, dotenv)
    ]


class Found(NamedTuple):
    """The value of a setting, and the file that it comes from, if it comes from one."""

    value: str
    file: Path | None = None


def find(name: str, sources: Sequence[Source], secrets_dir: Path | None) -> Found | None:
    """Returns None if no source has the setting. Pass `secrets_dir` for secrets only. Raises
    SettingsError for a file that cannot be read or is empty."""
    for source in sources:
        if name in source:
            return Found(source[name])
        if secrets_dir and (path := source.get(f"{name}_FILE")):
            return Found(read_secret(Path(path), f"{name}_FILE"), Path(path))
    mounted = secrets_dir / name.lower() if secrets_dir else None
    if mounted and mounted.is_file():
        return Found(read_secret(mounted, f"{name}: {mounted}"), mounted)
    return None


def file_of(name: str, env: Source) -> Path | None:
    """The file that holds a secret by NAME_FILE, or None if NAME itself is set."""
    path = env.get(f"{name}_FILE")
    return Path(path) if path and not env.get(name) else None


def read_secret(path: Path, name: str) -> str:
    """The text of a file, which errors call `name`. Raises SettingsError, also for an empty file: a
    secret that did not arrive must not count as one that was never set."""
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name} cannot be read: not valid UTF-8") from None
    if not text:
        raise SettingsError(f"{name} is empty; add the value or remove the file")
    return text


def refuse_unknown(names: Iterable[str], known: Collection[str]) -> None:
    """Raise SettingsError for names that begin with OTP_ or misspell a setting, and are none."""
    errors = []
    for name in sorted({*names} - {*known}):
        if _BY_KUBERNETES.fullmatch(name):
            continue
        meant = next((one for one in sorted(known) if _misspells(name, one)), None)
        if meant or name.startswith("OTP_"):
            hint = f" Did you mean {meant}?" if meant else ""
            errors.append(
                f"{name} is not a known setting; see .env.example for the full list.{hint}"
            )
    if errors:
        raise SettingsError(" ".join(errors))


# Kubernetes adds these to every container for a Service, such as one named otp or otp-api.
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_BY_KUBERNETES = re.compile(
    r"[A-Z0-9_]+_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)"
    r"|PORT(_[0-9]{1,5}_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)

# HOST, PORT and other short names are too close to ordinary variables, such as POST.
_SHORTEST_MISSPELLED = 8


def _misspells(name: str, setting: str) -> bool:
    """Whether a name is within two edits of a setting, and reads like it. REDIS_SSL is two edits
    from REDIS_URL, and another word. So at most half the letters of each word may differ, and a
    short word begins with the same letter."""
    # The first comparison is cheap, and true for almost any two names.
    differ = len({*name} ^ {*setting}) > 4 or len(setting) < _SHORTEST_MISSPELLED
    if differ or _edits(name, setting) > 2:
        return False
    given, right = name.split("_"), setting.split("_")
    return len(given) != len(right) or all(map(_reads_like, given, right))


def _reads_like(word: str, right: str) -> bool:
    return 2 * _edits(word, right) <= len(right) and (len(right) > 4 or word[:1] == right[:1])


def _edits(one: str, other: str) -> int:
    """How many letters to insert, delete, replace or swap with the next. 3 stands for more too."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return min(row[-1], 3)


# A process that has created the file writes it in one call, right after.
_LONGEST_WRITE_SECONDS = 0.5


def made_secrets(folder: Path, given: Collection[str]) -> dict[str, str]:
    """The secrets that the first start keeps in OTP_DATA_DIR, without those given. Raises
    SettingsError."""
    return {
        name: kept_secret(folder / name, make) for name, make in _MADE.items() if name not in given
    }


def _new_key() -> str:
    return f"k{secrets.token_hex(2)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


_MADE: Mapping[str, Callable[[], str]] = {
    "otp_secret_keys": _new_key,
    "otp_admin_password": lambda: secrets.token_urlsafe(32),
}


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in a file, made at the first call. Processes that start together agree on it.
    Raises SettingsError."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _create(path, f"{make()}\n".encode())
        _wait_until_written(path)
    except OSError as error:
        raise SettingsError(f"OTP_DATA_DIR is not writable: {error.strerror}") from None
    return read_secret(path, f"{path.name.upper()}: {path}")


def _create(path: Path, content: bytes) -> None:
    """Write a file unless another process was first."""
    with contextlib.suppress(FileExistsError):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, content)
        except OSError:
            path.unlink()
            raise
        finally:
            os.close(file)


def _wait_until_written(path: Path) -> None:
    """Wait for a process that has created the file and writes it just now."""
    over_at = time.monotonic() + _LONGEST_WRITE_SECONDS
    while path.stat().st_size == 0 and time.monotonic() < over_at:
        time.sleep(0.01)


def replace_secret(path: Path, text: str) -> None:
    """Write a file that only the folder's owner can read: readers see the old text or the new one.
    Raises OSError."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        if os.geteuid() == 0:
            # The API is not root and has to read the file.
            folder = path.parent.stat()
            os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
