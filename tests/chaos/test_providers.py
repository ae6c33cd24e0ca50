"""Providers die, are silent, or take too few messages."""

from tests.chaos import providers, vendors
from tests.chaos.short import assert_is_within_its_bars, figures_of


@figures_of(providers, vendors)
def test_figure_is_within_its_bars(name):
    assert_is_within_its_bars(name)
