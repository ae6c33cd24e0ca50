"""The arithmetic of the model: sliding windows, budgets, guards, breakers and the queue's rate."""

from collections import Counter
from collections.abc import Iterator

from shared.policy import Limit, Policy
from tests.simulation.nouns import Ask
from tests.simulation.scene import OWN_LIMIT

DAY, GUARD_PARTS = 86_400_000, 24
BREAKER_FAILURES, BREAKER_OPEN, BREAKER_KEPT = 5, 5_000, 600_000
Key = tuple[str, ...]


class Tallies:
    """What happened when. `now` is the time."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.times: dict[Key, list[int]] = {}
        self.spent: Counter[Key] = Counter()
        self.drained: Counter[int] = Counter()
        # By name, until when a guard is kept, and what it counted in each part of its window.
        self.guards: dict[str, tuple[int, Counter[tuple[str, int]]]] = {}
        # By channel and sender: failures in a row, until when it is open, and is kept.
        self.breakers: dict[Key, tuple[int, float, int]] = {}

    def wait(self, key: Key, *windows: Limit) -> float:
        """Until one more event fits into every window."""
        times = self.times.get(key, [])
        full = (one for one in windows if len(times) >= one.count)
        waits = (times[-one.count] + one.window_seconds * 1000 - self.now for one in full)
        return max(0, max(waits, default=0))

    def note(self, key: Key, *windows: Limit) -> None:
        if windows:
            most = max(one.count for one in windows)
            self.times[key] = [*self.times.get(key, ()), self.now][-most:]

    def limits(self, ask: Ask, policy: Policy) -> Iterator[tuple[Key, tuple[Limit, ...]]]:
        """In their order."""
        account = ask.account
        subjects = (
            ("to", account, ask.counted),
            ("ip", account, ask.ip),
            ("app", account),
            ("country", account, ask.country),
            ("range", account, ask.to[:-4]),
            ("global",),
        )
        for key in subjects[:4] + subjects[5:] if ask.channel == "email" else subjects:
            if windows := policy.limits[key[0]]:
                yield key, windows
        if ask.own_limit:
            yield ("rate_limit", ask.app, ask.ip), OWN_LIMIT

    def budget_left(self, ask: Ask, policy: Policy) -> bool:
        budget = policy.budget.get(ask.channel)  # type: ignore[call-overload]
        return budget is None or self.spent[self._today(ask)] < budget

    def spend(self, ask: Ask) -> None:
        self.spent[self._today(ask)] += 1

    def until_tomorrow(self) -> int:
        return (self.now // DAY + 1) * DAY - self.now

    def _today(self, ask: Ask) -> Key:
        return ask.account, ask.channel, str(self.now // DAY)

    def guards_of(self, ask: Ask, policy: Policy) -> Iterator[tuple[str, str, Limit]]:
        """Their kinds, names and limits. Email costs nothing."""
        if ask.channel == "email":
            return
        yield "range", f"{ask.account}:range:{ask.to[:-4]}", policy.guard.ranges
        yield "country", f"{ask.account}:country:{ask.country}", policy.guard.countries

    def is_held(self, name: str, limit: Limit, percent: int) -> bool:
        part, (_, counts) = self.now // _part(limit), self.guards.get(name, (0, Counter()))
        sent, verified = (
            sum(counts[what, part - ago] for ago in range(GUARD_PARTS + 1))
            for what in ("sent", "verified")
        )
        return sent >= limit.count and verified * 100 < percent * sent

    def watch(self, name: str, limit: Limit, what: str) -> None:
        """Without messages there is nothing to compare approvals with."""
        if what == "verified" and self.guards.get(name, (0,))[0] <= self.now:
            return
        ends, counts = self.guards.get(name, (0, Counter()))
        counts = counts if ends > self.now else Counter()
        counts[what, self.now // _part(limit)] += 1
        if counts[what, self.now // _part(limit)] == 1:
            ends = self.now + _part(limit) * (GUARD_PARTS + 1)
        self.guards[name] = ends, counts

    def open_until(self, channel: str, sender: str) -> float:
        _, open_until, ends = self.breakers.get((channel, sender), (0, 0, 0))
        return open_until if ends > self.now else 0

    def probe(self, channel: str, sender: str, until: float) -> None:
        """One attempt tests whether the provider is back."""
        if self.open_until(channel, sender):
            failures, _, ends = self.breakers[channel, sender]
            self.breakers[channel, sender] = failures, until, ends

    def tell_breaker(self, channel: str, sender: str, result: str) -> bool:
        """Returns whether it opens."""
        if result == "accepted":
            self.breakers.pop((channel, sender), None)
        if result not in ("transient", "unknown"):
            return False
        failures, open_until, ends = self.breakers.get((channel, sender), (0, 0, 0))
        failures, open_until = (failures + 1, open_until) if ends > self.now else (1, 0)
        opens = failures >= BREAKER_FAILURES
        open_until = self.now + BREAKER_OPEN if opens else open_until
        self.breakers[channel, sender] = failures, open_until, self.now + BREAKER_KEPT
        return opens

    def backlog(self, since: int | None, length: int, patience: float) -> float:
        """How long a new send waits behind so many, the first of which was asked for `since`: at
        the rate of the last seconds."""
        if since is None or self.now - since < patience:
            return 0
        this_second = self.now // 1000
        first = max(this_second - 4, -(since // -1000))
        drained = sum(self.drained[second] for second in range(first, this_second + 1))
        return length / drained * (self.now - first * 1000) if drained else self.now - since


def _part(limit: Limit) -> int:
    return limit.window_seconds * 1000 // GUARD_PARTS
