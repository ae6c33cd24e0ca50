"""From what was answered and what the provider got to figures and their bars."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.chaos.load import Answer
from tests.chaos.provider import Call


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measured value of a figure. Without a bar it is there for the reader."""

    name: str
    value: float
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""

    @property
    def is_met(self) -> bool:
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    @property
    def is_time(self) -> bool:
        return self.unit in (" s", " ms")

    def __str__(self) -> str:
        bar = ""
        if self.at_most is not None and self.at_most in (0, self.at_least):
            bar = f" [{_short(self.at_most)}]"
        elif self.at_most is not None:
            bar = f" [≤ {_short(self.at_most)}]"
        elif self.at_least is not None:
            bar = f" [≥ {_short(self.at_least)}]"
        missed = "" if self.is_met else " !"
        return f"{self.name} {_short(self.value)}{self.unit}{bar}{missed}"


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """What became of the verifications that were started.

    lost           answered 202, and no provider took the message
    duplicates     messages of a send beyond its first one
    repetitions    messages that an idempotent provider did not send again
    other_codes    duplicates that carried another code than the first one
    unannounced    sends of starts that were not answered 202
    delays         seconds from the 202 to the provider's taking it, in rising order
    after_expiry   messages taken when their code had expired
    """

    accepted: int
    lost: int
    duplicates: int
    repetitions: int
    other_codes: int
    unannounced: int
    delays: Sequence[float]
    after_expiry: int

    def delay(self, share: float) -> float:
        return quantile(self.delays, share)

    @property
    def worst(self) -> float:
        return max(self.delays, default=0.0)


def deliveries(
    answers: Iterable[Answer], calls: Iterable[Call], ttl_seconds: float = 300
) -> Deliveries:
    promised = {answer.key: answer for answer in answers if answer.status == 202}
    calls = list(calls)
    taken: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.outcome == "accepted":
            taken[call.key].append(call)
    first = {key: min(call.at for call in taken[key]) for key in promised if key in taken}
    return Deliveries(
        accepted=len(promised),
        lost=len(promised) - len(first),
        duplicates=sum(len(messages) - 1 for messages in taken.values()),
        repetitions=sum(call.outcome == "repeated" for call in calls),
        other_codes=sum(
            one.code != other.code
            for messages in taken.values()
            for one, other in pairwise(messages)
        ),
        unannounced=len(taken.keys() - promised.keys()),
        delays=sorted(at - promised[key].answered_at for key, at in first.items()),
        after_expiry=sum(
            call.at > promised[key].asked_at + ttl_seconds for key in first for call in taken[key]
        ),
    )


def statuses(answers: Iterable[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _short(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")
