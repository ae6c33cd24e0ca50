"""What the owner is shown of the pumping guard."""

from itertools import count

import pytest

from shared.owner.pumping import guarded

FREE = {"OTP_LIMIT_IP": "100000/1h", "OTP_RESEND_SECONDS": "0"}


@pytest.fixture
def view(store, settings):
    return lambda: guarded(store, lambda app: settings.app(app).policy().guard)


@pytest.fixture
def pump(user):
    """Ask for codes to the next numbers of a range, the first of which are typed in."""
    numbers = count(100)

    def pump(messages, *, verified=0, prefix="+14155550", app="default"):
        for n in range(messages):
            to = f"{prefix}{next(numbers)}"
            started = user.ask(to, app=app)
            if n < verified:
                user.type(user.code(started), to, app=app)

    return pump


@pytest.mark.parametrize("env", [FREE])
def test_shows_ranges_and_countries_with_what_came_of_their_messages(view, pump):
    pump(5, verified=2)
    pump(3, prefix="+14155560", app="shop")
    seen = {(r.app, r.kind, r.subject): (r.sent, r.verified, r.state) for r in view()}
    assert seen == {
        ("default", "range", "+1415555"): (5, 2, "ok"),
        ("default", "country", "US"): (5, 2, "ok"),
        ("shop", "range", "+1415556"): (3, 0, "ok"),
        ("shop", "country", "US"): (3, 0, "ok"),
    }


@pytest.mark.parametrize(
    ("env", "state"),
    [({**FREE, "OTP_GUARD": "block"}, "held"), ({**FREE, "OTP_GUARD": "monitor"}, "monitored")],
)
def test_shows_first_what_is_held_or_would_be(view, pump, state):
    pump(25, verified=25, prefix="+14155560")
    pump(20, verified=1)
    assert [(row.subject, row.state) for row in view()] == [
        ("+1415555", state),
        ("US", "ok"),
        ("+1415556", "ok"),
    ]


@pytest.mark.parametrize("env", [{**FREE, "OTP_GUARD": "block"}])
def test_forgets_what_has_left_the_window(view, pump, clock):
    pump(20)
    assert view()[0].state == "held"
    clock.shift(2 * 86400)
    assert view() == []


@pytest.mark.parametrize("env", [{**FREE, "OTP_GUARD": "off"}])
def test_is_empty_when_the_guard_is_off(view, pump):
    pump(2)
    assert view() == []


HELD = "default:range:+1415555"


@pytest.mark.parametrize("env", [{**FREE, "OTP_GUARD": "block"}])
class TestWhatTheOwnerDecided:
    @pytest.mark.parametrize("redis", ["fake"], indirect=True)
    def test_is_shown_as_released_until_the_window_is_over(self, view, pump, store, clock):
        pump(20)
        store.release_guard(HELD)
        pump(1)
        rows = {row.name: row for row in view()}
        assert (rows[HELD].state, rows[HELD].sent) == ("released", 1)
        clock.shift(86400 - 7200)
        pump(1)
        clock.shift(3 * 3600)
        assert {row.name: row.state for row in view()}[HELD] == "ok"

    def test_is_shown_as_released_before_any_message_follows(self, view, pump, store):
        pump(20)
        store.release_guard(HELD)
        assert {row.name: (row.state, row.sent) for row in view()}[HELD] == ("released", 0)

    def test_is_shown_as_held_when_it_has_to_be_held_again(self, view, pump, store):
        pump(20)
        store.release_guard(HELD)
        pump(20)
        assert view()[0].state == "held"

    def test_is_shown_as_exempt_for_how_much_longer(self, view, pump, store, clock):
        pump(20)
        store.exempt_guard(HELD, 7200)
        clock.shift(3600)
        row = {row.name: row for row in view()}[HELD]
        assert row.state == "exempt"
        assert 3590 < row.exempt_seconds <= 3600

    def test_is_shown_before_and_after_any_message(self, view, store, clock):
        store.exempt_guard(HELD, 30 * 86400)
        clock.shift(20 * 86400)
        assert [(row.name, row.state, row.sent) for row in view()] == [(HELD, "exempt", 0)]
