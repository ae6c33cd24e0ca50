"""What takes milliseconds, even while Redis is down or hangs, or a provider hangs."""

import pytest

from tests.chaos.short import IN_MILLISECONDS, assert_is_within_its_bars

pytestmark = pytest.mark.alone


@pytest.mark.parametrize("name", IN_MILLISECONDS)
def test_figure_is_within_its_bars(name):
    assert_is_within_its_bars(name)
