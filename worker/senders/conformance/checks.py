"""The checks themselves, each named for what a sender that passes it does."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from shared.policy import CHANNELS
from worker.senders import named_senders, sender_for
from worker.senders.base import Message
from worker.senders.conformance.attempts import (
    all_logs,
    attempt_send,
    must_be_accepted,
    must_fail,
    show_nothing,
    texts_of,
)
from worker.senders.conformance.servers import (
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
from worker.senders.conformance.subject import Broken, Subject
from worker.senders.sockets import bounded

THREADS = 16
MESSAGES_PER_THREAD = 4
# What a send gets where the provider answers byte by byte.
DRIP_SECONDS = 1.0

_REDIRECTS = (301, 302, 303, 307, 308)

Check = Callable[[Subject], None]


def _must_be_received_once(received: Sequence[bytes], messages: Sequence[Message]) -> None:
    """A sender may also make requests without a code, such as to ask whether a person can be
    reached."""
    with_code = [one for one in received for message in messages if message.code.encode() in one]
    if len(with_code) != len(messages):
        raise Broken(f"the provider received {len(with_code)} messages, expected {len(messages)}")


def declares_its_channels(subject: Subject) -> None:
    """It serves some channels, and is refused for others when the service starts."""
    served = set(subject.sender().channels)
    if not served or not served <= set(CHANNELS):
        raise Broken(f"channels are {sorted(served)}; expected some of {CHANNELS}")
    if subject.make is not sender_for:
        return
    for channel in set(CHANNELS) - served:
        try:
            named_senders([("", subject.url.replace("{server}", "127.0.0.1:9"))], channel)
        except ValueError:
            continue
        raise Broken(f"it is accepted for {channel}, which it does not support")


def keeps_the_secrets_of_its_url(subject: Subject) -> None:
    """Neither its repr nor the ValueError for a URL that is wrong shows a password."""
    sender = subject.sender()
    show_nothing("its repr", [repr(sender), str(sender)], subject.secrets())
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
            show_nothing("a ValueError", texts_of(error), subject.secrets())


def hands_messages_over(subject: Subject) -> None:
    """What the provider accepts, it takes as accepted; each message is handed over once."""
    server = accepting(subject.speaks, subject.accepted)
    with serving(server) as address:
        sender = subject.sender(address)
        messages = [subject.message() for _ in range(3)]
        for message in messages:
            must_be_accepted(attempt_send(subject, sender, message))
        _must_be_received_once(server.received, messages)


def keeps_no_dead_connection(subject: Subject) -> None:
    """A provider that hangs up after each message still gets the next one, once."""
    server = accepting(subject.speaks, subject.accepted, hang_up=True)
    with serving(server) as address:
        sender = subject.sender(address)
        messages = [subject.message() for _ in range(3)]
        for message in messages:
            must_be_accepted(attempt_send(subject, sender, message))
            server.wait_for_hang_ups(len(server.received))
        _must_be_received_once(server.received, messages)


def serves_many_threads(subject: Subject) -> None:
    """16 threads at a time, and every message arrives once and unmixed."""
    messages = [subject.message() for _ in range(THREADS * MESSAGES_PER_THREAD)]
    server = accepting(subject.speaks, subject.accepted)
    with serving(server) as address:
        sender = subject.sender(address)
        with all_logs(), ThreadPoolExecutor(THREADS) as pool:
            attempts = pool.map(lambda message: attempt_send(subject, sender, message), messages)
        for attempt in attempts:
            must_be_accepted(attempt)
        for message in messages:
            with_code = [r for r in server.received if message.code.encode() in r]
            address_said = message.to.lstrip("+").encode().replace(b"@", b"")
            if len(with_code) != 1:
                raise Broken(f"a code was in {len(with_code)} requests, expected 1")
            if address_said not in with_code[0].replace(b"%40", b"").replace(b"@", b""):
                raise Broken("a code was in a request without its recipient")


def names_every_refusal(subject: Subject) -> None:
    """Every answer of the provider, even the message itself, raises only a DeliveryError, which
    contains neither the code nor the recipient."""
    server, refusals = refusing(subject.speaks)
    with serving(server) as address:
        sender = subject.sender(address)
        for name, is_clear in refusals:
            attempt = attempt_send(subject, sender, subject.message())
            if is_clear and attempt.error is None:
                raise Broken(f"it reports {name} as accepted")


def follows_no_redirect(subject: Subject) -> None:
    """A redirect would send the code to any host that the answer names."""
    trap = HttpServer(lambda _: Reply(body=subject.accepted.encode()))
    with serving(trap) as trap_address:
        for status in _REDIRECTS:
            reply = Reply(status=status, headers={"Location": f"http://{trap_address}/elsewhere"})
            server = HttpServer(lambda _, reply=reply: reply)  # type: ignore[misc]
            with serving(server) as address:
                attempt = attempt_send(subject, subject.sender(address), subject.message())
            if trap.requests:
                raise Broken(f"it followed a {status}")
            if attempt.error is None:
                raise Broken(f"it reports a {status} as accepted")


def is_transient_when_nobody_listens(subject: Subject) -> None:
    """Nothing was taken, so the next sender may have it at once."""
    attempt = attempt_send(subject, subject.sender(nobody()), subject.message())
    must_fail(attempt, "transient", because="nothing was listening")


def survives_a_provider_that_hangs_up(subject: Subject) -> None:
    """Nothing was accepted: transient if nothing was sent, else unknown."""
    with serving(TcpServer(hang_up=True)) as address:
        attempt = attempt_send(subject, subject.sender(address), subject.message())
    must_fail(attempt, "transient", "unknown", because="the provider hung up")


def does_not_wait_for_ever(subject: Subject) -> None:
    """A server that takes the connection and says nothing costs a bounded time."""
    with serving(TcpServer()) as address:
        attempt = attempt_send(subject, subject.sender(address), subject.message())
    must_fail(attempt, "transient", "unknown", because="there was no response")


def knows_what_it_does_not_know(subject: Subject) -> None:
    """The provider has the whole message, and says nothing or hangs up: it may have taken it. So it
    is not sent again here."""
    for hang_up in (True, False):
        server = silent(subject.speaks, hang_up=hang_up)
        with serving(server) as address:
            attempt = attempt_send(subject, subject.sender(address), subject.message())
        must_fail(attempt, "unknown", because="the message was sent without a response")
        if len(server.received) > 1:
            raise Broken("it sent the message again")


def keeps_its_deadline(subject: Subject) -> None:
    """A provider that answers byte by byte, with each byte in time, costs a bounded time."""
    for server in dripping(subject.speaks):
        with serving(server) as address, bounded(DRIP_SECONDS):
            attempt = attempt_send(subject, subject.sender(address), subject.message())
        must_fail(attempt, "transient", "unknown", because="the response never ended")
        if attempt.seconds > 2 * DRIP_SECONDS:
            raise Broken(f"it took {attempt.seconds:.1f} s, over the deadline of {DRIP_SECONDS} s")


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
