"""Two vendors for one channel, the first of which dies."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext

from tests.chaos.programs import Provider
from tests.chaos.scene import Scene, settle
from tests.chaos.verdict import Measure, deliveries
from tests.counts import counts

_RATE = 25


def vendor_dead(scene: Scene) -> Sequence[Measure]:
    """Telnyx's servers are gone: from one moment on, connections are refused."""
    return _under_load(scene, silent=False)


def vendor_silent(scene: Scene) -> Sequence[Measure]:
    """The way to Telnyx is gone: from one moment on, nothing answers to connections."""
    return _under_load(scene, silent=True)


def _under_load(scene: Scene, *, silent: bool) -> Sequence[Measure]:
    redis = scene.redis()
    first, second = scene.vendor("telnyx"), scene.vendor("vonage")
    service = scene.service(redis.url, first, second)
    port, _ = service.start_api()
    service.start_workers(2)
    load = scene.load(port, rate=_RATE)
    time.sleep(1)
    first.program.kill()
    died_at = time.time()
    with _never_answering(first) if silent else nullcontext():
        time.sleep(scene.scaled(long=60, short=5))
        answers = load.end()
        with redis.client() as client:
            open_sends = settle(client, 15)
            sent = counts(client).get("sends:sms:sent", 0)
    all_sent = deliveries(answers, [*first.calls(), *second.calls()])
    after = deliveries((a for a in answers if a.asked_at > died_at), second.calls())
    in_time = sum(delay <= 5 for delay in after.delays)
    return [
        Measure(name="verifications", value=all_sent.accepted),
        Measure(name="since it died", value=after.accepted, at_least=4 * _RATE),
        Measure(
            name="sent in 5 s by the second",
            value=100 * in_time / after.accepted,
            at_least=99,
            unit=" %",
        ),
        Measure(name="worst", value=after.worst, unit=" s"),
        Measure(name="not recorded as sent", value=all_sent.accepted - sent, at_most=0),
        Measure(name="lost", value=all_sent.lost + open_sends, at_most=0),
        Measure(name="duplicates", value=all_sent.duplicates),
    ]


@contextmanager
def _never_answering(provider: Provider) -> Iterator[None]:
    """Takes the port of a provider that was killed. Linux drops what comes for a full backlog."""
    address = ("127.0.0.1", int(provider.url.rpartition(":")[2]))
    with ExitStack() as sockets:
        listening = sockets.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(0)
        filling = sockets.enter_context(socket.socket())
        # A worker may come first, and then this one would wait too.
        filling.setblocking(False)
        filling.connect_ex(address)
        yield
