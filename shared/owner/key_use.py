"""When each API key was last used, for the owner who wonders which ones can go."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from shared.errors import StorageUnavailable
from shared.storage import keys
from shared.storage.scripts import Scripts

# A key that was not used for so long is shown as not used.
KEPT_SECONDS = 90 * 86400
_EVERY_SECONDS = 60


class KeyUse:
    """Keys are named by their ids, those of OTP_API_KEYS by their app: see `given_id`."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._noted: dict[str, float] = {}

    def note(self, key_id: str) -> None:
        """Note that a key was used now: in each process at most once a minute, and not while Redis
        is unreachable."""
        now = int(time.time())
        # A clock that was set back counts as another minute.
        if abs(now - self._noted.get(key_id, 0)) < _EVERY_SECONDS:
            return
        self._noted[key_id] = now
        with suppress(StorageUnavailable):
            self._scripts.put(keys.key_used(key_id), now, seconds=KEPT_SECONDS)

    def last(self, key_ids: Sequence[str]) -> list[datetime | None]:
        """When each key was used, to the minute. Raises StorageUnavailable."""
        if not key_ids:
            return []
        found = self._scripts.run(lambda redis: redis.mget(map(keys.key_used, key_ids)))
        return [datetime.fromtimestamp(int(at), UTC) if at else None for at in found]


def given_id(app: str) -> str:
    """What the keys of an app in OTP_API_KEYS are called. No key that was made has such an id."""
    return f"given:{app}"
