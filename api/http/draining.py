"""How the API stops: it says so first, and finishes its requests later.

A proxy needs the time between to send requests elsewhere. Meanwhile the API answers everything, but
`/health/ready` says 503. Each answer closes its connection, because a proxy that kept one could
send a request just when it ends.
"""

import ctypes
import signal
from collections.abc import Callable
from multiprocessing import RawValue
from types import FrameType

from shared.errors import OtpError

# Where the WSGI environment says that the API is about to stop.
STOPPING = "otp.stopping"
_PR_SET_PDEATHSIG = 1
Handler = Callable[[int, FrameType | None], object]


class Stopping(OtpError):
    """The API is about to stop."""


class Draining:
    """Whether the API is about to stop. The main process, which gets SIGTERM, shares it with the
    processes that answer requests."""

    def __init__(self) -> None:
        # In shared memory, because reading it for each answer has to cost nothing.
        self._began = RawValue(ctypes.c_bool, False)

    def has_begun(self) -> bool:
        return bool(self._began.value)

    def begin_on_sigterm(self, seconds: int, stop: Handler) -> None:
        """Have SIGTERM begin the draining, and call `stop` so many seconds later. A second SIGTERM
        calls it immediately."""

        def begin(*_: object) -> None:
            self._began.value = True
            signal.signal(signal.SIGTERM, stop)
            signal.alarm(seconds)

        signal.signal(signal.SIGALRM, stop)
        signal.signal(signal.SIGTERM, begin)


def stop_with_parent() -> None:
    """Have this process stop as by SIGTERM when the one that started it is killed. Otherwise it
    would answer further requests, with keys and settings that no one can change. Only Linux can do
    this. https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""
    control = getattr(ctypes.CDLL(None), "prctl", None)
    if control:
        control(_PR_SET_PDEATHSIG, signal.SIGTERM)
