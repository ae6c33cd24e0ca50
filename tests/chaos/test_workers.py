"""Workers and the API are killed, restarted, or get hostile jobs."""

from tests.chaos import hostile, workers, workflows
from tests.chaos.short import assert_is_within_its_bars, figures_of


@figures_of(hostile, workers, workflows)
def test_figure_is_within_its_bars(name):
    assert_is_within_its_bars(name)
