"""What the owner is shown of the pumping guard."""

from itertools import count

import pytest

from shared.pumping import guarded

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
