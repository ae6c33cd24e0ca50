"""How a running API follows a file of API keys."""

import logging
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from shared.settings import SettingsError

log = logging.getLogger("otp.api")

# Inode, time of change, size. The file has changed if one of them differs.
_Version = tuple[int, int, int]
# A broken file that has not changed is read again after so long, because it may be its disk.
_PAUSE_SECONDS = 1.0


class _Named(Protocol):
    @property
    def app(self) -> str: ...
    @property
    def id(self) -> str: ...


Key = TypeVar("Key", bound=_Named)


class FollowedFile(Generic[Key]):
    """The keys in a file at this moment.

    Each call looks for a new version of the file, which takes some microseconds. So each process
    knows a change immediately, also one where Kubernetes points a symbolic link to another folder.
    If the file is broken or gone, that is logged and the last keys read stay valid.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[Path], Sequence[Key] | None],
        first: Sequence[Key] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` returns None if there is no file. `first` are the keys until a file exists. `now`
        is in seconds. Raises SettingsError if the file is broken."""
        self._now = now
        self._path = path
        self._read = read
        # One attribute. With two, a thread could see the keys of one file with another's version.
        self._seen: tuple[_Version | None, Sequence[Key] | None] = (None, first)
        self._problem: str | None = None
        self._broken: tuple[_Version | None, float] = (None, 0.0)
        self._look()

    def keys(self) -> Sequence[Key] | None:
        """Returns None if there is and was no file."""
        try:
            is_new = self._look()
            self._problem = None
        except SettingsError as error:
            is_new = False
            # Without a version, because this one has to be read again.
            self._seen = (None, self._seen[1] or [])
            if str(error) != self._problem:
                self._problem = str(error)
                log.error("api_keys_broken", extra={"error": self._problem})  # noqa: TRY400
        _, keys = self._seen
        if is_new:
            log.info("api_keys_changed", extra={"keys": [f"{k.app} {k.id}" for k in keys or ()]})
        return keys

    def _look(self) -> bool:
        """Whether there is something new. Raises SettingsError."""
        newest = _version(self._path)
        if newest == self._seen[0]:
            return False
        (broken, again_at), problem = self._broken, self._problem
        # Reading it for each request could take longer than the request.
        if problem and newest == broken and self._now() < again_at:
            raise SettingsError(problem)
        self._broken = newest, self._now() + _PAUSE_SECONDS
        keys = self._read(self._path)
        if keys is None:
            raise SettingsError(f"{self._path} no longer exists")
        self._seen = (newest, keys)
        return True


def _version(path: Path) -> _Version | None:
    """Returns None if there is no file. Raises SettingsError."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    # A pipe would hold up every request.
    if not stat.S_ISREG(found.st_mode):
        raise SettingsError(f"{path} is not a file")
    return found.st_ino, found.st_mtime_ns, found.st_size
