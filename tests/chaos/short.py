"""Figures of `make chaos` in their short form, as tests. A file for each part of the service that
fails, because the files run at the same time."""

from types import ModuleType

import pytest

from tests.chaos.figures import FIGURES
from tests.chaos.scene import run

SEED = 1
# Their bars are milliseconds, which another test would take.
ALONE = {"redis-down", "redis-hung", "provider-hangs"}


def figures_of(*modules: ModuleType) -> pytest.MarkDecorator:
    """Runs a test with the name of each figure in these modules."""
    places = {module.__name__ for module in modules}
    names = [name for name, figure in FIGURES.items() if figure.__module__ in places]
    marks = {name: [pytest.mark.alone] if name in ALONE else [] for name in names}
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=marks[name]) for name in names]
    )


def assert_is_within_its_bars(name: str) -> None:
    verdict = run(name, FIGURES[name], seed=SEED, short=True)
    print(verdict)
    if verdict.is_only_late:
        # Whatever else the machine was doing then.
        verdict = run(name, FIGURES[name], seed=SEED, short=True)
        print(verdict)
    assert verdict.is_met, verdict
