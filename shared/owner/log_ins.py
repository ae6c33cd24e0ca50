"""The owner's log-ins and sessions, as far as Redis has a part in them."""

import json
import math
from dataclasses import dataclass

from shared.errors import TooManyLogIns
from shared.policy import Limit
from shared.storage import keys, reading
from shared.storage.scripts import Scripts, named
from shared.verification.admission import windows

# Wrong log-ins that are looked at: of one address, and of all together.
PER_ADDRESS = Limit(count=10, window_seconds=60)
IN_ALL = Limit(count=20, window_seconds=60)
IDLE_SECONDS = 3600
LONGEST_SESSION_SECONDS = 12 * 3600
# For how long an address is known after a log-in from it.
KNOWN_SECONDS = 30 * 86400


@dataclass(frozen=True, kw_only=True)
class Session:
    """An open session: since when (Unix seconds, by Redis's clock), by whom and from where."""

    name: str
    began: float | None
    actor: str
    ip: str


class LogIns:
    """Throttles logins and keeps sessions. The caller says whether a password is right, and names
    the sessions."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        # Also while Redis is full: that is when the owner has to look.
        self._log_in = scripts.load("owner/log_in", when_full=True)
        self._use_session = scripts.load("owner/use_session", when_full=True)
        self._end_sessions = scripts.load("owner/end_sessions", when_full=True)

    def log_in(
        self,
        address: str,
        *,
        right: bool,
        session: str | None = None,
        actor: str = "",
        ip: str = "",
    ) -> bool:
        """Whether someone may come in from an address, and open a session of this name. `actor` and
        `ip` are what sessions() says of it. Raises TooManyLogIns; the caller must not tell then
        whether the password was right."""
        names = [
            keys.failed_log_ins(address),
            keys.failed_log_ins("all"),
            keys.known(address),
            *([keys.session(session), keys.SESSIONS] if session else []),
        ]
        request: dict[str, str | int] = {
            "right": right,
            "per_address": windows(PER_ADDRESS),
            "in_all": windows(IN_ALL),
            "known_ms": KNOWN_SECONDS * 1000,
            "idle_ms": IDLE_SECONDS * 1000,
            "longest_ms": LONGEST_SESSION_SECONDS * 1000,
            "about": json.dumps({"actor": actor, "ip": ip}),
        }
        wait_ms = self._log_in(names, named(request))
        if wait_ms > 0:
            raise TooManyLogIns(math.ceil(wait_ms / 1000))
        return bool(wait_ms == 0)

    def use_session(self, session: str) -> bool:
        """Whether the session is open. It stays so for another IDLE_SECONDS."""
        words = [IDLE_SECONDS * 1000, LONGEST_SESSION_SECONDS * 1000]
        return bool(self._use_session([keys.session(session)], words))

    def end_session(self, session: str) -> None:
        self._scripts.run(lambda redis: redis.delete(keys.session(session)))

    def end_other_sessions(self, session: str) -> int:
        """End all sessions except this one. Returns how many were open."""
        return int(self._end_sessions([keys.SESSIONS, keys.session(session)], []))

    def sessions(self) -> list[Session]:
        """The open sessions, newest first."""
        (listed,) = self._scripts.fetch(lambda pipe: pipe.hgetall(keys.SESSIONS))
        about = reading.fields(listed)
        if not about:
            return []
        (began,) = self._scripts.fetch(lambda pipe: pipe.mget(list(about)))
        found = [
            _session(key, line, at)
            for (key, line), at in zip(about.items(), began, strict=True)
            if at is not None
        ]
        return sorted(found, key=lambda one: one.began or 0, reverse=True)


def _session(key: str, line: str, began: object) -> Session:
    about = reading.json_object(line) or {}
    return Session(
        name=key.removeprefix(keys.session("")),
        began=reading.moment(began),
        actor=str(about.get("actor", reading.UNKNOWN)),
        ip=str(about.get("ip", reading.UNKNOWN)),
    )
