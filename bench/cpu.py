"""CPU time of processes, from /proc."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.parts import children

_TICKS = os.sysconf("SC_CLK_TCK")
# In the text behind the program's name. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
_USER, _SYSTEM = 11, 12


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its living children, to 10 ms each."""
    return sum(map(_own_seconds, (pid, *children(pid))))


def _own_seconds(pid: int) -> float:
    # A child may end between being listed and being read.
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
    return 0.0


@dataclass(frozen=True, kw_only=True)
class Spent:
    """How many units of work were done, how fast, and the CPU seconds of each process meanwhile."""

    units: int
    per_second: float
    cpu: Mapping[str, float]

    def each_ms(self, *names: str) -> float:
        """Milliseconds of these processes per unit."""
        return 1000 * sum(self.cpu[name] for name in names) / self.units


def watch(pids: Mapping[str, Sequence[int]], work: Callable[[], tuple[int, float]]) -> Spent:
    """Run `work`, which makes the load and returns its units, in all and a second. The CPU time is
    that of `pids`, and under "load" that of this process."""

    def now() -> dict[str, float]:
        seen = {name: sum(map(cpu_seconds, some)) for name, some in pids.items()}
        return {**seen, "load": time.process_time()}

    before = now()
    units, per_second = work()
    cpu = {name: seconds - before[name] for name, seconds in now().items()}
    return Spent(units=units, per_second=per_second, cpu=cpu)
