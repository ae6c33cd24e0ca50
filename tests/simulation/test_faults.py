"""The simulation finds faults: each one that is planted, and by an invariant that it breaks."""

import os
import re
from inspect import getmembers, isfunction

import pytest

from tests import preloaded
from tests.simulation import faults, invariants
from tests.simulation.faults import DoesNotApply, Fault

# One that comes to calm times early.
SEED = 7
FOUND = re.compile(r"step ([\d,]+): (\w+): ")


@pytest.mark.parametrize("name", faults.NAMES)
def test_a_fault_is_found_within_a_minute(tmp_path, name, figure):
    fault = Fault.named(name)
    tree, log = tmp_path / "tree", tmp_path / "log"
    tree.mkdir()
    fault.plant(tree)
    command = ("tests.simulation", "--processes", "1", "--minutes", "1", "--seed", str(SEED))
    with log.open("wb") as output:
        preloaded.start(*command, cwd=tree, env=os.environ, output=output).wait()
    told = log.read_text(encoding="utf-8")
    found = FOUND.search(told)
    assert found, told
    figure(f"fault {name}", f"{found[2]}, step {found[1]}")
    assert found[2] in fault.found_by


def test_there_are_enough():
    assert len(faults.NAMES) >= 12


def test_every_invariant_finds_a_fault():
    names = {name for name, _ in getmembers(invariants, isfunction) if name[0] != "_"}
    assert frozenset().union(*(Fault.named(name).found_by for name in faults.NAMES)) == names


def test_a_patch_that_no_longer_applies_is_noticed(tmp_path):
    gone = ("shared/scripts/lib/time.lua", "local function then_ms()\n", "")
    with pytest.raises(DoesNotApply, match="0 times"):
        Fault("", frozenset(), (gone,)).plant(tmp_path)
