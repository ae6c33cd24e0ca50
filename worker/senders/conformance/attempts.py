"""One send of a checked sender, and everything that must hold for every send."""

import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging.handlers import BufferingHandler
from typing import get_args

from worker.senders.base import DeliveryError, Failure, Message, Sender
from worker.senders.conformance.subject import Broken, Subject


@dataclass(frozen=True, kw_only=True)
class Attempt:
    error: DeliveryError | None
    seconds: float

    def __str__(self) -> str:
        return self.error.failure if self.error else "accepted"


def attempt_send(subject: Subject, sender: Sender, message: Message) -> Attempt:
    """Send, and check everything that holds for every send. Raises Broken."""
    error: DeliveryError | None = None
    given: object = None
    with all_logs() as logs:
        begun = time.monotonic()
        try:
            given = sender.send(message)
        except DeliveryError as raised:
            error = raised
        except Exception as raised:
            raise Broken(f"it raised {type(raised).__name__} instead of DeliveryError") from raised
        seconds = time.monotonic() - begun
    logged = [text for record in logs for text in _logged(record)]
    private = {message.code, message.to.lstrip("+")}
    show_nothing("a log record", logged, private | subject.secrets())
    if error is not None:
        show_nothing("an error", texts_of(error), private | subject.secrets())
        if error.failure not in get_args(Failure):
            raise Broken(f"{error.failure!r} is not one of {get_args(Failure)}")
        if not re.fullmatch("[A-Za-z0-9_.:-]{1,64}", error.error):
            raise Broken("its error is not a short word or number")
    if given is not None and not (isinstance(given, str) and re.fullmatch(r"\S{1,128}", given)):
        raise Broken("send() returned neither None nor a short ID")
    show_nothing("the provider's id", [str(given)], private)
    if seconds > subject.longest_seconds:
        raise Broken(f"it took {seconds:.1f} s, over the limit of {subject.longest_seconds:.1f} s")
    return Attempt(error=error, seconds=seconds)


def must_be_accepted(attempt: Attempt) -> None:
    if attempt.error is not None:
        raise Broken(f"the provider accepted, but it reports {attempt.error}")


def must_fail(attempt: Attempt, *failures: Failure, because: str) -> None:
    """`because` says what the provider did."""
    if attempt.error is None or attempt.error.failure not in failures:
        raise Broken(f"{because}, but it reports {attempt}")


def show_nothing(where: str, texts: list[str], private: set[str]) -> None:
    if any(one in text for one in private for text in texts):
        raise Broken(f"{where} shows the code, the recipient or a secret of the URL")


def texts_of(error: BaseException) -> list[str]:
    """All that is readable of an error and of those that hang on it."""
    texts = []
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in seen:
            seen.append(one)
            texts += [str(one), repr(one), repr(one.args), str(vars(one))]
            waiting += [one.__cause__, one.__context__]
    return texts


def _logged(record: logging.LogRecord) -> list[str]:
    texts = [record.getMessage(), str(vars(record))]
    if record.exc_info and record.exc_info[1]:
        texts += texts_of(record.exc_info[1])
    return texts


@contextmanager
def all_logs() -> Iterator[list[logging.LogRecord]]:
    """Everything that any thread logs in the block, including DEBUG. Before attempts in several
    threads, enter it once around them: each one restores the level that it found."""
    root = logging.getLogger()
    level = root.level
    handler = BufferingHandler(sys.maxsize)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.buffer
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
