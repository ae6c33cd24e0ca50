"""The threads of a worker: outcomes are recorded together, none is lost while Redis is away, and
nothing that one of them meets holds up the others."""

import sys
import time
from dataclasses import replace
from threading import Barrier, Event

import pytest

from shared.delivery.ledger import Ledger
from shared.policy import CHANNELS, Channel
from tests.fakes import FakeSender, FlakyLedger, outlets
from worker.crew import Crew
from worker.deliverer import Deliverer
from worker.senders.base import DeliveryError, Sender


class SlowLedger(Ledger):
    """Records when it is let, and remembers how many outcomes came together."""

    def __init__(self, scripts) -> None:
        super().__init__(scripts)
        self.go_on = Event()
        self.batches: list[int] = []

    def done(self, outcomes):
        self.batches.append(len(outcomes))
        self.go_on.wait(10)
        return super().done(outcomes)


@pytest.fixture
def crew_on(codes, sender):
    """A crew of four that works, and the deliverer that it has."""
    crews = []

    def make(ledger: Ledger, **senders: FakeSender) -> tuple[Crew, Deliverer]:
        named = senders or {"fake": sender}
        deliverer = Deliverer(ledger, codes, outlets(dict.fromkeys(CHANNELS, named)))
        crew = Crew(deliverer, 4)
        crew.start()
        crews.append(crew)
        return crew, deliverer

    yield make
    for crew in crews:
        crew.stop()


@pytest.fixture
def sends(user) -> list[tuple[str, int]]:
    return [(user.ask(f"+1415555010{n}").verification_id, 1) for n in range(4)]


@pytest.fixture
def statuses(service, sends):
    def statuses() -> list[str]:
        return [service.view(id_, app="default").sends[0].status for id_, _ in sends]

    return statuses


def deliver(crew: Crew, sends) -> None:
    """As a worker does: no more claims than places."""
    places = crew.take_places(10)
    crew.begin(sends[:places], places)


def wait_until_idle(crew: Crew) -> None:
    idle = 0
    while idle < 4:
        taken = crew.take_places(10)
        assert taken
        idle += taken
    crew.leave_places(idle)


def wait_for(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_what_comes_while_one_is_recorded_is_recorded_together(
    scripts, crew_on, sends, statuses, sender
):
    ledger = SlowLedger(scripts)
    crew, _ = crew_on(ledger)
    deliver(crew, sends[:1])
    wait_for(lambda: ledger.batches == [1])
    deliver(crew, sends[1:])
    wait_for(lambda: len(sender.messages) == 4)
    time.sleep(0.05)
    ledger.go_on.set()
    wait_until_idle(crew)
    assert ledger.batches == [1, 3]
    assert statuses() == ["sent"] * 4


def test_an_attempt_is_recorded_as_soon_as_redis_is_back(scripts, crew_on, sends, statuses, sender):
    """What is not recorded would be sent again."""
    ledger = FlakyLedger(scripts, done=2)
    crew, _ = crew_on(ledger)
    deliver(crew, sends)
    wait_until_idle(crew)
    assert ledger.away == {"done": 0}
    assert statuses() == ["sent"] * 4
    assert len(sender.messages) == 4


def test_what_is_not_recorded_has_a_place_and_its_lease(scripts, crew_on, sends):
    """So that there are never more of them than threads, and nobody else sends them."""
    ledger = SlowLedger(scripts)
    crew, deliverer = crew_on(ledger)
    deliver(crew, sends)
    wait_for(lambda: ledger.batches)
    assert crew.take_places(0.05) == 0
    assert deliverer.under_way == 4
    ledger.go_on.set()
    wait_until_idle(crew)
    assert deliverer.under_way == 0


def test_an_outcome_whose_code_has_ended_is_given_up(scripts, crew_on, sends):
    ledger = FlakyLedger(scripts, done=10)
    crew, deliverer = crew_on(ledger)
    assert crew.take_places(1) == 4
    crew.attempt([replace(claim, life_seconds=0) for claim in deliverer.claim(sends)])
    wait_until_idle(crew)
    assert ledger.away["done"] > 0
    assert deliverer.under_way == 0


def test_what_cannot_be_recorded_at_all_holds_nobody_up(scripts, crew_on, sends, sender, caplog):
    class BrokenLedger(Ledger):
        def done(self, outcomes):
            raise ZeroDivisionError("a code is 123456")

    crew, deliverer = crew_on(BrokenLedger(scripts))
    for send in sends:
        deliver(crew, [send])
        wait_until_idle(crew)
    assert len(sender.messages) == 4
    assert deliverer.under_way == 0
    assert "delivery_raised" in caplog.messages
    assert "a code is" not in caplog.text


def test_what_one_sender_does_not_take_the_next_one_gets_at_once(ledger, crew_on, sends, statuses):
    first = FakeSender(*[DeliveryError("transient", "smtp_451")] * 4)
    second = FakeSender()
    crew, _ = crew_on(ledger, first=first, second=second)
    deliver(crew, sends)
    wait_until_idle(crew)
    assert len(second.messages) == 4
    assert statuses() == ["sent"] * 4


def test_redis_that_leaves_before_the_next_sender_is_asked_loses_no_thread(
    scripts, crew_on, sends, statuses, caplog
):
    first, second = FakeSender(DeliveryError("transient", "smtp_451")), FakeSender()
    ledger = FlakyLedger(scripts)
    first.during = lambda _: ledger.away.update(claim=1)
    crew, _ = crew_on(ledger, first=first, second=second)
    deliver(crew, sends[:1])
    wait_until_idle(crew)
    assert statuses()[0] == "queued"
    assert "delivery_put_off" in caplog.messages
    first.during = lambda _: None
    deliver(crew, sends[1:])
    wait_until_idle(crew)
    assert statuses()[1:] == ["sent"] * 3


Senders = dict[Channel, dict[str, Sender]]


class Hanging(FakeSender):
    """Holds every message until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = Event()
        self.holds = 0
        self.during = self.hold

    def hold(self, _) -> None:
        self.holds += 1
        self.go_on.wait(10)


class Lane:
    """A crew whose senders hang, and what a worker's loop does with it."""

    def __init__(self, ledger, codes, size: int, senders: Senders) -> None:
        self.deliverer = Deliverer(ledger, codes, outlets(senders), slow_seconds=0.1)
        self.crew = Crew(self.deliverer, size)
        self.crew.start()
        self.size = size
        self.waiting: list[tuple[str, int]] = []

    def turn(self) -> None:
        places = self.crew.take_places(0.02)
        sends, self.waiting = self.waiting[:places], self.waiting[places:]
        self.crew.begin(sends, places)

    def turn_until(self, condition) -> None:
        def turned():
            self.turn()
            return condition()

        wait_for(turned)


@pytest.fixture
def lane(ledger, codes):
    lanes = []

    def make(size: int, senders: Senders) -> Lane:
        lanes.append((Lane(ledger, codes, size, senders), senders))
        return lanes[-1][0]

    yield make
    for lane, senders in lanes:
        for sender in (one for named in senders.values() for one in named.values()):
            if isinstance(sender, Hanging):
                sender.go_on.set()
        wait_for(lambda lane=lane: not lane.deliverer.under_way)
        lane.crew.stop()


def start(user, number: int, channel: Channel = "sms") -> tuple[str, int]:
    return user.ask(f"+1415555020{number}", channel).verification_id, 1


def test_two_senders_that_hang_leave_a_thread_of_two_to_a_third_one(lane, user, store):
    webhook, smtp, console = Hanging(), Hanging(), FakeSender()
    crew = lane(
        2, {"sms": {"webhook": webhook}, "whatsapp": {"smtp": smtp}, "call": {"console": console}}
    )
    hanging = [start(user, n, channel) for n, channel in enumerate(("sms", "whatsapp") * 3)]
    crew.waiting = [*hanging, start(user, 9, "call")]
    crew.turn_until(lambda: console.messages)
    # And each time again.
    crew.waiting += [start(user, 7, "call"), start(user, 8, "call")]
    crew.turn_until(lambda: len(console.messages) == 3)
    assert 2 <= webhook.holds + smtp.holds <= 3
    attempts = [store.records(id_).sends[0].fields["attempts"] for id_, _ in hanging]
    assert sum(map(int, attempts)) == webhook.holds + smtp.holds


def test_one_sender_that_hangs_takes_all_threads_but_the_last(lane, user):
    webhook, console = Hanging(), FakeSender()
    crew = lane(4, {"sms": {"webhook": webhook}, "call": {"console": console}})
    crew.waiting = [start(user, n) for n in range(8)]
    # Four took a place each. One gave it back, and it stays free for others.
    crew.turn_until(lambda: webhook.holds == 4 and not crew.waiting)
    crew.waiting = [start(user, 9, "call")]
    crew.turn_until(lambda: console.messages)
    assert webhook.holds == 4


def test_a_sender_that_hung_gets_all_threads_when_it_is_quick_again(lane, user):
    webhook = Hanging()
    crew = lane(2, {"sms": {"webhook": webhook}})
    crew.waiting = [start(user, 0)]
    crew.turn_until(crew.deliverer.slow_attempts)
    webhook.go_on.set()
    crew.waiting = [start(user, 1)]
    crew.turn_until(lambda: len(webhook.messages) == 2)
    crew.turn_until(lambda: not crew.deliverer.under_way)
    together = Barrier(2, timeout=10)
    webhook.during = lambda _: together.wait()
    crew.waiting = [start(user, 2), start(user, 3)]
    crew.turn_until(lambda: len(webhook.messages) == 4)


def test_while_the_first_sender_hangs_the_next_one_gets_what_is_left(lane, user):
    first, second = Hanging(), FakeSender()
    crew = lane(2, {"sms": {"first": first, "second": second}})
    crew.waiting = [start(user, 0), start(user, 1)]
    crew.turn_until(lambda: first.holds == 2 and len(crew.deliverer.slow_attempts()) == 2)
    crew.waiting = [start(user, 2)]
    crew.turn_until(lambda: second.messages)
    assert first.holds == 2


def test_a_crew_of_one_sends_one_message_after_the_other(lane, user):
    webhook, console = Hanging(), FakeSender()
    crew = lane(1, {"sms": {"webhook": webhook}, "call": {"console": console}})
    crew.waiting = [start(user, 0), start(user, 9, "call")]
    crew.turn_until(crew.deliverer.slow_attempts)
    crew.turn()
    assert console.messages == []
    webhook.go_on.set()
    crew.turn_until(lambda: console.messages)


def test_a_sender_that_ends_its_thread_does_not(ledger, crew_on, sends, statuses, sender):
    sender.during = lambda _: sys.exit(1)
    crew, _ = crew_on(ledger)
    deliver(crew, sends)
    wait_until_idle(crew)
    assert statuses() == ["queued"] * 4
    sender.during = lambda _: None
    assert crew.take_places(1) == 4
    crew.leave_places(4)


def test_an_attempt_that_comes_too_late_is_not_made(ledger, crew_on, sends, sender):
    """The process stood still, and somebody else has the send by now."""
    crew, deliverer = crew_on(ledger)
    assert crew.take_places(1) == 4
    crew.attempt([replace(claim, asked_at=claim.asked_at - 6) for claim in deliverer.claim(sends)])
    wait_until_idle(crew)
    assert sender.messages == []
    assert deliverer.under_way == 0
