"""Figures of `make chaos` in their short form, as tests. A file for each part of the service that
fails, because the files run at the same time, and one for the figures that have bars in
milliseconds."""

from types import ModuleType

import pytest

from tests.chaos.figures import FIGURES
from tests.chaos.scene import run

SEED = 1
# Their bars are milliseconds, which another test would take.
IN_MILLISECONDS = ("redis-down", "redis-hung", "provider-hangs")


def figures_of(*modules: ModuleType) -> pytest.MarkDecorator:
    """Run a test with the name of each figure in these modules that may share the machine."""
    places = {module.__name__ for module in modules}
    names = [name for name, figure in FIGURES.items() if figure.__module__ in places]
    return pytest.mark.parametrize("name", [n for n in names if n not in IN_MILLISECONDS])


def assert_is_within_its_bars(name: str) -> None:
    verdict = run(name, FIGURES[name], seed=SEED, short=True)
    print(verdict)
    if verdict.is_only_late:
        # Whatever else the machine was doing then.
        verdict = run(name, FIGURES[name], seed=SEED, short=True)
        print(verdict)
    assert verdict.is_met, verdict
