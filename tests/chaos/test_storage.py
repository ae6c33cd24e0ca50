"""Redis dies, is full, or fails over."""

from tests.chaos import failover, storage
from tests.chaos.short import assert_is_within_its_bars, figures_of


@figures_of(failover, storage)
def test_figure_is_within_its_bars(name):
    assert_is_within_its_bars(name)
