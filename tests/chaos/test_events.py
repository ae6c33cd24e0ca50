"""Workers and APIs are killed while there are events, codes expire together, or endpoints hang."""

from tests.chaos import events
from tests.chaos.short import assert_is_within_its_bars, figures_of


@figures_of(events)
def test_figure_is_within_its_bars(name):
    assert_is_within_its_bars(name)
