"""Which events a worker posts at a time, while many endpoints hang."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from shared.delivery.webhooks import Webhooks
from tests.worker.senders.conftest import http_server
from worker.senders.conformance.servers import Reply
from worker.webhooks import Courier, Endpoint, Places

__all__ = ["http_server"]

KEYS = (b"k" * 24,)
PLACES = Places(requests=9, probes=8, new_probes=8, probe_seconds=0.05)


@pytest.fixture
def env():
    return {
        "OTP_WEBHOOK_URL": "https://shop.example/",
        "OTP_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }


@pytest.fixture
def hanging(http_server) -> Iterator[str]:
    """It answers no request until the test is over."""
    over = threading.Event()

    def hang(_request):
        over.wait(20)
        return Reply(status=200)

    yield http_server(hang)[0]
    over.set()


@pytest.fixture
def beside_hanging(user, webhooks, http_server, hanging) -> Callable[..., Courier]:
    """A courier that has begun to post to so many endpoints that hang, and one that answers, of the
    app `fast`."""

    def beside(count: int, places: Places = PLACES) -> Courier:
        to_slow = {f"slow-{n}": Endpoint(f"http://{hanging}/", KEYS) for n in range(count)}
        to_fast = {"fast": Endpoint(f"http://{http_server(status=200)[0]}/", KEYS)}
        courier = Courier(webhooks, {**to_fast, **to_slow}, ("127.0.0.1",), places)
        for n, app in enumerate(to_slow):
            user.ask(f"+1415555{1000 + n}", app=app)
        courier.turn(0.001)
        return courier

    return beside


def turn_until_answered(courier: Courier, webhooks: Webhooks) -> int:
    """Until the newest event is delivered. Returns how many were under way."""
    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline:
        under_way = courier.turn(0.001)
        if webhooks.recent()[0].result == "delivered":
            return under_way
    raise AssertionError("the newest event was not delivered")


def test_endpoints_that_hang_leave_places_for_one_that_answers(
    user, redis, webhooks, beside_hanging
):
    redis.hset("otp:webhooks:endpoint:fast", "successes", 1)
    courier = beside_hanging(PLACES.probes)
    user.ask(app="fast")
    assert turn_until_answered(courier, webhooks) == PLACES.probes + 1


def test_endpoints_that_hang_are_cut_off_for_one_that_was_never_tried(
    user, webhooks, beside_hanging
):
    courier = beside_hanging(PLACES.probes)
    user.ask(app="fast")
    # Only one had to go.
    assert turn_until_answered(courier, webhooks) == PLACES.probes


def test_endpoints_that_hang_keep_their_time_while_there_are_places(user, webhooks, beside_hanging):
    courier = beside_hanging(PLACES.probes - 1)
    user.ask(app="fast")
    assert turn_until_answered(courier, webhooks) == PLACES.probes
    assert {event.result for event in webhooks.recent()[1:]} == {None}


def test_only_so_many_unproven_endpoints_are_begun_at_a_time(webhooks, beside_hanging):
    beside_hanging(8, Places(new_probes=3))
    assert len(webhooks.take(10).events) == 5


def test_a_worker_waits_for_no_event_while_endpoints_wait_for_places(beside_hanging):
    courier = beside_hanging(40, Places(requests=9, probes=8, new_probes=2, probe_seconds=0))
    begun = time.perf_counter()
    for _ in range(10):
        courier.turn(10)
    assert time.perf_counter() - begun < 10
