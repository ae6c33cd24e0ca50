"""Each figure of `make chaos` in its short form."""

import pytest

from tests.chaos.figures import FIGURES
from tests.chaos.scene import run

SEED = 1
# Their bars are milliseconds, which another test would take.
ALONE = {"redis-down", "redis-hung", "provider-hangs"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.alone] if name in ALONE else []) for name in FIGURES],
)
def test_figure_is_within_its_bars(name):
    verdict = run(name, FIGURES[name], seed=SEED, short=True)
    print(verdict)
    if verdict.is_only_late:
        # Whatever else the machine was doing then.
        verdict = run(name, FIGURES[name], seed=SEED, short=True)
        print(verdict)
    assert verdict.is_met, verdict
