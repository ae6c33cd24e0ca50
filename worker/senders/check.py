"""Does a sender keep to the contract in base.py? For those of this project, and for your own.

    python -m worker.senders.check 'twilio://AC…:token@+15005550006?api=http://{server}'

{server} stands for 127.0.0.1:PORT, where the check plays the provider: one that accepts, one that
refuses in every way, one that hangs up, one that says nothing, one that answers byte by byte, and
none at all. So a sender should let its URL say where the provider is. Without {server} only what
needs no provider is checked.

In a test suite:

    SUBJECT = Subject(url="example://key@example.com?api=http://{server}")

    @pytest.mark.parametrize("check", checks_for(SUBJECT), ids=lambda check: check.__name__)
    def test_keeps_to_the_contract(check):
        check(SUBJECT)
"""

import argparse
import json
import logging
import random
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import get_args
from urllib.parse import unquote, urlsplit

from shared.policy import CHANNELS, Channel
from worker.senders import named_senders, sender_for
from worker.senders.base import (
    LONGEST_SEND_SECONDS,
    DeliveryError,
    Failure,
    Message,
    Sender,
)
from worker.senders.check_servers import (
    HttpServer,
    Reply,
    TcpServer,
    accepting,
    dripping,
    nobody,
    refusing,
    serving,
    silent,
)
from worker.senders.sockets import bounded

THREADS = 16
MESSAGES_PER_THREAD = 4
# What a send gets where the provider answers byte by byte.
DRIP_SECONDS = 1.0

# What the playing provider says when it takes a message: ids as several providers give them.
ACCEPTED = json.dumps({"id": "kit-1", "sid": "SM" + 32 * "0"})

_REDIRECTS = (301, 302, 303, 307, 308)


class Broken(AssertionError):
    """The sender does not keep to the contract, and how."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A sender to check. `to` and `channel` are made up if they are not given; `protocol` is what
    it speaks; `accepted` is the body of an answer that it reads as accepted."""

    url: str
    to: str | None = None
    channel: Channel | None = None
    protocol: str | None = None
    accepted: str = ACCEPTED
    longest_seconds: float = LONGEST_SEND_SECONDS
    make: Callable[[str], Sender] = sender_for

    @property
    def speaks(self) -> str:
        return self.protocol or ("smtp" if self.url.startswith("smtp") else "http")

    def sender(self, server: str = "127.0.0.1:9") -> Sender:
        return self.make(self.url.replace("{server}", server))

    @cached_property
    def _first_channel(self) -> Channel:
        return next(iter(self.sender().channels))

    def message(self) -> Message:
        channel = self.channel or self._first_channel
        # Random ones, to tell messages apart. A shorter code is by chance in what else is sent.
        digits = f"{random.randrange(10**7, 10**8)}"  # noqa: S311
        code = f"{random.randrange(10**9, 10**10)}"  # noqa: S311
        made_up = f"kit{digits}@example.com" if channel == "email" else f"+1415{digits[1:]}"
        return Message(
            to=self.to or made_up,
            channel=channel,
            code=code,
            subject=f"{code} is your code",
            text=f"{code} is your code. Never share it.",
            html=f"<p>{code} is your code.</p>" if channel == "email" else None,
            locale="en",
            expires_in=200,
            idempotency_key=f"VE{24 * '0'}{digits}-1",
            receipt_url="https://otp.example.com/receipts/kit?send=VE0-1&attempt=1",
        )

    def secrets(self) -> set[str]:
        """What must be seen nowhere: the password of the URL, or what stands in its place."""
        parts = urlsplit(self.url)
        secret = parts.password or parts.username or ""
        return {secret, unquote(secret)} - {""}


Check = Callable[[Subject], None]


def declares_its_channels(subject: Subject) -> None:
    """It serves some channels, and is refused for others when the service starts."""
    served = set(subject.sender().channels)
    if not served or not served <= set(CHANNELS):
        raise Broken(f"channels are {sorted(served)}, not some of {CHANNELS}")
    if subject.make is not sender_for:
        return
    for channel in set(CHANNELS) - served:
        try:
            named_senders([("", subject.url.replace("{server}", "127.0.0.1:9"))], channel)
        except ValueError:
            continue
        raise Broken(f"it is taken for {channel}")


def keeps_the_secrets_of_its_url(subject: Subject) -> None:
    """Neither its repr nor the ValueError for a URL that is wrong shows a password."""
    sender = subject.sender()
    _show_nothing("its repr", [repr(sender), str(sender)], subject.secrets())
    whole = subject.url.replace("{server}", "127.0.0.1:9")
    head, at, tail = whole.rpartition("@")
    for wrong in (
        f"{whole}{'&' if '?' in whole else '?'}nonsense=1",
        f"{whole}#{'/'.join(subject.secrets())}",
        f"{head}{at}",
        f"{head}:{at}{tail}",
        f"{head}/{at}{tail}",
        f"{head}?{at}{tail}",
        f"{head}{at}{tail.replace(':9', ':port')}",
    ):
        try:
            subject.make(wrong)
        except ValueError as error:
            _show_nothing("a ValueError", _texts(error), subject.secrets())


def hands_messages_over(subject: Subject) -> None:
    """What the provider accepts, it takes as accepted; each message is handed over once."""
    server = accepting(subject.speaks, subject.accepted)
    with serving(server) as address:
        sender = subject.sender(address)
        for _ in range(3):
            _accepted(_attempt(subject, sender, subject.message()))
        if len(server.received) != 3:
            raise Broken(f"3 messages were {len(server.received)} to the provider")


def keeps_no_dead_connection(subject: Subject) -> None:
    """A provider that hangs up after each message still gets the next one, once."""
    server = accepting(subject.speaks, subject.accepted, hang_up=True)
    with serving(server) as address:
        sender = subject.sender(address)
        for connections in (1, 2, 3):
            _accepted(_attempt(subject, sender, subject.message()))
            server.wait_for_hang_ups(connections)
        if len(server.received) != 3:
            raise Broken(f"3 messages were {len(server.received)} to the provider")


def serves_many_threads(subject: Subject) -> None:
    """16 threads at a time, and every message arrives once and unmixed."""
    messages = [subject.message() for _ in range(THREADS * MESSAGES_PER_THREAD)]
    server = accepting(subject.speaks, subject.accepted)
    with serving(server) as address:
        sender = subject.sender(address)
        with ThreadPoolExecutor(THREADS) as pool:
            attempts = pool.map(lambda message: _attempt(subject, sender, message), messages)
        for attempt in attempts:
            _accepted(attempt)
        for message in messages:
            with_code = [r for r in server.received if message.code.encode() in r]
            address_said = message.to.lstrip("+").encode().replace(b"@", b"")
            if len(with_code) != 1:
                raise Broken(f"a code was in {len(with_code)} requests instead of 1")
            if address_said not in with_code[0].replace(b"%40", b"").replace(b"@", b""):
                raise Broken("a code was in a request without its recipient")


def names_every_refusal(subject: Subject) -> None:
    """Whatever the provider answers, and be it the message itself, nothing but a DeliveryError
    comes of it, and the code and the recipient stay out of that."""
    server, refusals = refusing(subject.speaks)
    with serving(server) as address:
        sender = subject.sender(address)
        for refusal in refusals:
            refusal.begin()
            attempt = _attempt(subject, sender, subject.message())
            if refusal.is_clear and attempt.error is None:
                raise Broken(f"{refusal.name} is accepted to it")


def follows_no_redirect(subject: Subject) -> None:
    """A redirect would carry the code to whoever the answer names."""
    trap = HttpServer(lambda _: Reply(body=subject.accepted.encode()))
    with serving(trap) as trap_address:
        for status in _REDIRECTS:
            reply = Reply(status=status, headers={"Location": f"http://{trap_address}/elsewhere"})
            server = HttpServer(lambda _, reply=reply: reply)  # type: ignore[misc]
            with serving(server) as address:
                attempt = _attempt(subject, subject.sender(address), subject.message())
            if trap.requests:
                raise Broken(f"it followed a {status}")
            if attempt.error is None:
                raise Broken(f"it takes a {status} as accepted")


def is_transient_when_nobody_listens(subject: Subject) -> None:
    """Nothing was taken, so the next sender may have it at once."""
    attempt = _attempt(subject, subject.sender(nobody()), subject.message())
    if attempt.error is None or attempt.error.failure != "transient":
        raise Broken(f"nobody listened, and it says {attempt}")


def survives_a_provider_that_hangs_up(subject: Subject) -> None:
    """Nothing was accepted: transient if nothing was sent, else unknown."""
    with serving(TcpServer(hang_up=True)) as address:
        attempt = _attempt(subject, subject.sender(address), subject.message())
    if attempt.error is None or attempt.error.failure not in ("transient", "unknown"):
        raise Broken(f"the provider hung up, and it says {attempt}")


def does_not_wait_for_ever(subject: Subject) -> None:
    """A server that takes the connection and says nothing costs a bounded time."""
    with serving(TcpServer()) as address:
        attempt = _attempt(subject, subject.sender(address), subject.message())
    if attempt.error is None or attempt.error.failure not in ("transient", "unknown"):
        raise Broken(f"nobody answered, and it says {attempt}")


def knows_what_it_does_not_know(subject: Subject) -> None:
    """The provider has the whole message, and says nothing or hangs up: it may have taken it. So it
    is not sent again here."""
    for hang_up in (True, False):
        server = silent(subject.speaks, hang_up=hang_up)
        with serving(server) as address:
            attempt = _attempt(subject, subject.sender(address), subject.message())
        if attempt.error is None or attempt.error.failure != "unknown":
            raise Broken(f"the message left, no answer came, and it says {attempt}")
        if len(server.received) > 1:
            raise Broken("it sent the message again")


def keeps_its_deadline(subject: Subject) -> None:
    """A provider that answers byte by byte, with each byte in time, costs a bounded time."""
    for server in dripping(subject.speaks):
        with serving(server) as address, bounded(DRIP_SECONDS):
            attempt = _attempt(subject, subject.sender(address), subject.message())
        if attempt.error is None or attempt.error.failure not in ("transient", "unknown"):
            raise Broken(f"the answer had no end, and it says {attempt}")
        if attempt.seconds > 2 * DRIP_SECONDS:
            raise Broken(f"the deadline was {DRIP_SECONDS} s, and it took {attempt.seconds:.1f} s")


_ALONE: tuple[Check, ...] = (declares_its_channels, keeps_the_secrets_of_its_url)
_WITH_SERVER: tuple[Check, ...] = (
    hands_messages_over,
    keeps_no_dead_connection,
    serves_many_threads,
    names_every_refusal,
    is_transient_when_nobody_listens,
    survives_a_provider_that_hangs_up,
    does_not_wait_for_ever,
    knows_what_it_does_not_know,
    keeps_its_deadline,
)
_WITH_HTTP: tuple[Check, ...] = (follows_no_redirect,)


def checks_for(subject: Subject) -> tuple[Check, ...]:
    """The checks that can be made of a sender."""
    if "{server}" not in subject.url:
        return _ALONE
    return _ALONE + _WITH_SERVER + (_WITH_HTTP if subject.speaks == "http" else ())


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    error: DeliveryError | None
    seconds: float

    def __str__(self) -> str:
        return self.error.failure if self.error else "accepted"


def _attempt(subject: Subject, sender: Sender, message: Message) -> _Attempt:
    """Send, and check everything that holds for every send. Raises Broken."""
    error: DeliveryError | None = None
    given: object = None
    with _logs() as logs:
        already = len(logs)
        begun = time.monotonic()
        try:
            given = sender.send(message)
        except DeliveryError as raised:
            error = raised
        except Exception as raised:
            raise Broken(f"it raised {type(raised).__name__} instead of DeliveryError") from raised
        seconds = time.monotonic() - begun
        logged = [text for record in logs[already:] for text in _logged(record)]
    private = {message.code, message.to.lstrip("+")}
    _show_nothing("a log record", logged, private | subject.secrets())
    if error is not None:
        _show_nothing("an error", _texts(error), private | subject.secrets())
        if error.failure not in get_args(Failure):
            raise Broken(f"{error.failure!r} is not one of {get_args(Failure)}")
        if not re.fullmatch("[A-Za-z0-9_.:-]{1,64}", error.error):
            raise Broken("the error is not a short word or number")
    if given is not None and not (isinstance(given, str) and re.fullmatch(r"\S{1,128}", given)):
        raise Broken("send() answered neither None nor a short id")
    _show_nothing("the provider's id", [str(given)], private)
    if seconds > subject.longest_seconds:
        raise Broken(f"it took {seconds:.1f} s; {subject.longest_seconds:.1f} s are the limit")
    return _Attempt(error=error, seconds=seconds)


def _accepted(attempt: _Attempt) -> None:
    if attempt.error is not None:
        raise Broken(f"the provider accepted, and it says {attempt.error}")


def _show_nothing(where: str, texts: list[str], private: set[str]) -> None:
    if any(one in text for one in private for text in texts):
        raise Broken(f"{where} shows the code, the recipient or a secret of the URL")


def _texts(error: BaseException) -> list[str]:
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
        texts += _texts(record.exc_info[1])
    return texts


class _Recorder(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []
        self.users = 0
        self.guard = threading.Lock()
        self.level_before = logging.NOTSET

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


_recorder = _Recorder()


@contextmanager
def _logs() -> Iterator[list[logging.LogRecord]]:
    """All that is logged from now on, of all threads, DEBUG included."""
    root = logging.getLogger()
    with _recorder.guard:
        if not _recorder.users:
            _recorder.level_before = root.level
            root.addHandler(_recorder)
            root.setLevel(logging.DEBUG)
        _recorder.users += 1
    try:
        yield _recorder.records
    finally:
        with _recorder.guard:
            _recorder.users -= 1
            if not _recorder.users:
                root.removeHandler(_recorder)
                root.setLevel(_recorder.level_before)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m worker.senders.check", description="Check a sender against its contract."
    )
    parser.add_argument("url", help="its URL, with {server} where the provider's HOST:PORT goes")
    parser.add_argument("--to", help="the recipient, if any will not do")
    parser.add_argument("--channel", choices=CHANNELS, help="if not the first that it serves")
    parser.add_argument("--protocol", choices=("http", "smtp"), help="if it cannot be guessed")
    parser.add_argument("--accepted", default=ACCEPTED, help="the body that it reads as accepted")
    subject = Subject(**vars(parser.parse_args()))
    broken = 0
    for check in checks_for(subject):
        try:
            check(subject)
        except (Broken, ValueError) as error:
            broken += 1
            print(f"BROKEN  {check.__name__}: {error}")  # noqa: T201
        else:
            print(f"ok      {check.__name__}")  # noqa: T201
    if "{server}" not in subject.url:
        print("no {server} in the URL: the rest was not checked")  # noqa: T201
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
