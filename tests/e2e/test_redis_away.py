"""Redis dies, hangs and comes back. The service says so at once, lives on, and goes on by itself;
what it has accepted is delivered once."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from threading import Event, Thread
from typing import NamedTuple, Self

import pytest

from tests.e2e.conftest import Answer, Service, wait_for

pytestmark = pytest.mark.alone
_lines = count(2_000_000)


def new_phone() -> str:
    return f"+1217{next(_lines)}"


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    # What Redis has confirmed must outlive it.
    service = start_service(redis_options=("--appendonly", "yes", "--appendfsync", "always"))
    yield service
    service.stop()


class Asked(NamedTuple):
    at: float
    phone: str
    answer: Answer


class Load:
    """Clients that go on asking for codes, each for a new number, and one that goes on asking
    whether the API lives."""

    def __init__(self, service: Service) -> None:
        self.asked: list[Asked] = []
        self.lives: list[Answer] = []
        self._service = service
        self._stop = Event()
        self._clients = [Thread(target=self._ask) for _ in range(4)]
        self._clients.append(Thread(target=self._look))

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for client in self._clients:
            client.join()

    def accepted(self) -> list[str]:
        return [asked.phone for asked in self.asked if asked.answer.status == 202]

    def since(self, moment: float) -> list[Asked]:
        return [asked for asked in self.asked if asked.at > moment]

    def wait_for_accepted(self, more: int) -> None:
        enough = len(self.accepted()) + more
        wait_for(lambda: len(self.accepted()) >= enough)

    def _ask(self) -> None:
        while not self._stop.wait(0.01):
            phone, at = new_phone(), time.monotonic()
            answer = self._service.call("POST", "/generate-otp", {"phone": phone})
            self.asked.append(Asked(at, phone, answer))

    def _look(self) -> None:
        while not self._stop.wait(0.01):
            self.lives.append(self._service.call("GET", "/health/live"))


def check(load: Load, away: float, back: float, figure: Callable[[str, str], None]) -> None:
    """What was answered while Redis was away, from one moment to another, and after it was back."""
    problems = {asked.answer.code for asked in load.asked if asked.answer.status != 202}
    assert problems == {"storage_unavailable"}
    refused = [asked.answer for asked in load.since(away) if asked.answer.status == 503]
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    p50, p99, worst = spread(refused)
    assert worst < 1
    figure(f"{len(refused)} x 503: p50, p99, worst", f"{p50:.3f}, {p99:.3f}, {worst:.3f} s")

    assert {answer.status for answer in load.lives} == {200}
    p50, p99, worst = spread(load.lives)
    assert p99 < 0.2
    figure("/health/live: p50, p99, worst", f"{p50:.3f}, {p99:.3f}, {worst:.3f} s")

    accepted = [asked for asked in load.since(back) if asked.answer.status == 202]
    wait = min(asked.at + asked.answer.seconds for asked in accepted) - back
    assert wait < 2
    figure("back: the first code is accepted after", f"{wait:.1f} s")


def check_messages(service: Service, load: Load, figure: Callable[[str, str], None]) -> None:
    """Everything accepted arrives, once, from the worker that was there before."""
    accepted, begin = load.accepted(), time.monotonic()
    wait_for(lambda: set(accepted) <= {line["to"] for line in service.sent()}, 20)
    figure("then: the last message leaves after", f"{time.monotonic() - begin:.1f} s")
    messages = Counter(line["to"] for line in service.sent())
    assert set(messages.values()) == {1}
    assert service.worker.process.poll() is None
    # What Redis comes to too late has no effect; what it was just doing may have had one.
    more = {asked.phone for asked in load.asked} & messages.keys() - set(accepted)
    figure(f"{len(accepted)} accepted: lost, sent twice, 503 but sent", f"0, 0, {len(more)}")


def _named(figure: Callable[[str, str], None], what: str, name: str, value: str) -> None:
    figure(f"{what}, {name}", value)


def spread(answers: list[Answer]) -> tuple[float, float, float]:
    """The median, the 99th percentile, and the longest that an answer took."""
    seconds = sorted(answer.seconds for answer in answers)
    return seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100], seconds[-1]


def test_redis_dies_and_comes_back(service, figure):
    with Load(service) as load:
        load.wait_for_accepted(200)
        died = time.monotonic()
        service.redis_server.kill()
        wait_for(lambda: len(load.since(died)) >= 500)
        service.redis_server.start()
        back = time.monotonic()
        load.wait_for_accepted(200)
    named = partial(_named, figure, "Redis killed")
    check(load, died, back, named)
    check_messages(service, load, named)


def test_redis_hangs_and_comes_back(service, figure):
    with Load(service) as load:
        load.wait_for_accepted(200)
        hung = time.monotonic()
        with service.redis_server.hanging():
            wait_for(lambda: time.monotonic() > hung + 5, 6)
        back = time.monotonic()
        load.wait_for_accepted(200)
    named = partial(_named, figure, "Redis hung 5 s")
    check(load, hung, back, named)
    check_messages(service, load, named)
