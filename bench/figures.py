"""What is measured, and how measurements are compared."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

Seen = TypeVar("Seen")

# Of a floor: a machine that is this restless tells nothing.
_NOISY = 0.4


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A line of the table. `met` is None if it has no bar."""

    name: str
    value: str
    bar: str = ""
    stretch: str = ""
    met: bool | None = None
    noisy: bool = False

    @classmethod
    def at_least(
        cls,
        name: str,
        value: float,
        bar: float,
        *,
        stretch: float | None = None,
        form: str = "{:.2f}",
        noisy: bool = False,
    ) -> Self:
        return cls(
            name=name,
            value=form.format(value),
            bar=f"≥ {form.format(bar)}",
            stretch="" if stretch is None else form.format(stretch),
            met=value >= bar,
            noisy=noisy,
        )

    @classmethod
    def at_most(
        cls,
        name: str,
        value: float,
        bar: float,
        *,
        stretch: float | None = None,
        form: str = "{:.2f}",
        noisy: bool = False,
    ) -> Self:
        return cls(
            name=name,
            value=form.format(value),
            bar=f"≤ {form.format(bar)}",
            stretch="" if stretch is None else form.format(stretch),
            met=value <= bar,
            noisy=noisy,
        )


def interleave(subjects: Mapping[str, Callable[[], Seen]], *, rounds: int) -> dict[str, list[Seen]]:
    """What each subject answered, round by round. Every other round goes backwards, so that a
    machine that gets slower or faster falls on each alike."""
    seen: dict[str, list[Seen]] = {name: [] for name in subjects}
    order = list(subjects)
    for _ in range(rounds):
        for name in order:
            seen[name].append(subjects[name]())
        order.reverse()
    return seen


def ratio(a: Sequence[float], b: Sequence[float]) -> float:
    """The median of the rounds' ratios, each of two measurements that are neighbours in time."""
    return statistics.median(x / y for x, y in zip(a, b, strict=True))


def is_noisy(floor: Sequence[float]) -> bool:
    lower, median, upper = statistics.quantiles(floor, n=4)
    return (upper - lower) / median > _NOISY
