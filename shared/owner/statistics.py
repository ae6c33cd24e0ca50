"""What the scripts have counted, bucket by bucket of time: the figures of the dashboard."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from redis.client import Pipeline

from shared.delivery.ledger import ATTEMPT_RESULTS
from shared.storage import keys, reading
from shared.storage.scripts import DURATION_BOUNDS_MS, Scripts

Window = Literal["minutes", "hours", "days"]

# The unit in the key, its milliseconds, how many are shown.
WINDOWS: Mapping[Window, tuple[str, int, int]] = {
    "minutes": ("minute", 60_000, 60),
    "hours": ("hour", 3_600_000, 48),
    "days": ("day", 86_400_000, 30),
}
_DAY_MS = 86_400_000
# As in lib/counting.lua.
OTHER_APPS = "*"
# More countries than anybody reads: the rest is one line.
MOST_COUNTRIES = 20

Series = list[int]
# name -> measure -> a number per bucket
Table = dict[str, dict[str, Series]]


@dataclass(frozen=True, kw_only=True)
class Times:
    """Milliseconds under which half, and 95 in 100, of the events stayed: in each bucket (None: it
    had no event), and in the whole window."""

    p50: Sequence[float | None]
    p95: Sequence[float | None]
    whole_p50: float | None
    whole_p95: float | None


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The results of the codes requested. `counts` has a series for each of STEPS."""

    counts: Mapping[str, Series]
    to_sent: Times
    to_verified: Times


@dataclass(frozen=True, kw_only=True)
class Report:
    """`starts` are the buckets in Unix seconds, oldest first; the last one is not over. `senders`
    are named `channel:sender`, `failures` and `drops` by their reason."""

    window: Window
    step_seconds: int
    starts: Sequence[int]
    everything: Flow
    channels: Mapping[str, Flow]
    senders: Table
    countries: Table
    failures: Table
    drops: Table
    refused: Table


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Counts by the names that lib/counting.lua and Tally gave them: of everything, and what single
    apps have of it. Only the first apps of each day are counted one by one."""

    everything: Mapping[str, int]
    by_app: Mapping[str, Mapping[str, int]]


# How lib/rolling_up.lua marks what an app has of a count.
_OF_APP = "app\n"
STEPS = ("started", "sent", "delivered", "verified", "failed", "dropped")
RECEIPTS = ("delivered", "undelivered")


class Statistics:
    """Reads the buckets, which scripts write. Methods raise StorageUnavailable."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._roll_up = scripts.load("owner/roll_up", when_full=True)

    def totals(self) -> Totals:
        """All counts since Redis started. Their sums never fall."""
        self._roll_up([], [])

        def ask(pipe: Pipeline) -> None:
            pipe.hgetall(keys.COUNTS)
            pipe.hgetall(keys.API_COUNTS)

        counts, of_api = map(reading.counts, self._scripts.fetch(ask))
        by_app: dict[str, dict[str, int]] = defaultdict(dict)
        for name in [name for name in counts if name.startswith(_OF_APP)]:
            app, _, rest = name.removeprefix(_OF_APP).partition("\n")
            by_app[app][rest] = counts.pop(name)
        return Totals(everything=counts | of_api, by_app=by_app)

    def read(self, window: Window, app: str | None = None) -> Report:
        """The figures of one app, or of everything."""
        unit, step_ms, shown = WINDOWS[window]
        bucket = partial(keys.stats_of, app, unit) if app else partial(keys.stats, unit)
        newest = self._roll_up([], []) // step_ms
        numbers = range(newest - shown + 1, newest + 1)

        def ask(pipe: Pipeline) -> None:
            for number in numbers:
                pipe.hgetall(bucket(number))

        buckets = self._scripts.fetch(ask)
        return report(
            window,
            [number * step_ms // 1000 for number in numbers],
            list(map(reading.counts, buckets)),
        )

    def apps(self, window: Window) -> list[str]:
        """The apps counted on the days of a window, and OTHER_APPS if they were too many."""
        _, step_ms, shown = WINDOWS[window]
        now = self._roll_up([], [])
        days = range((now - shown * step_ms) // _DAY_MS, now // _DAY_MS + 1)
        (names,) = self._scripts.fetch(lambda pipe: pipe.sunion(list(map(keys.stats_apps, days))))
        return sorted(str(reading.text(name)) for name in names or ())

    def refusals(self, most: int) -> list[dict[str, Any]]:
        """The latest ones, newest first, as start.lua and check.lua wrote them."""
        (lines,) = self._scripts.fetch(lambda pipe: pipe.lrange(keys.REFUSALS, 0, most - 1))
        return read_refusals(lines)


def read_refusals(lines: object) -> list[dict[str, Any]]:
    """From what lib/refusals.lua wrote, with an app and a rule each."""
    return [
        {
            **refusal,
            "at": reading.number(refusal.get("at")),
            "app": reading.text(refusal.get("app")) or reading.UNKNOWN,
            "rule": reading.text(refusal.get("rule")) or reading.UNKNOWN,
        }
        for refusal in reading.json_objects(lines)
    ]


def report(window: Window, starts: Sequence[int], buckets: Sequence[Mapping[str, int]]) -> Report:
    """The figures of buckets, each with counts by the name that lib/counting.lua got."""
    # Rows, measures and zeros exist once they are looked at.
    tables: dict[str, Table] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(lambda: [0] * len(buckets)))
    )
    for place, counts in enumerate(buckets):
        for name, value in counts.items():
            for table, row, measure in _places(name.split(":")):
                for counted in (row, _ALL) if table in _BY_CHANNEL else (row,):
                    tables[table][counted][measure][place] += value
    channels = {channel for table in _BY_CHANNEL for channel in tables[table]} - {_ALL}

    def flow(row: str) -> Flow:
        return Flow(
            counts={step: tables["flow"][row][step] for step in STEPS},
            to_sent=_times(tables["to_sent"][row], len(buckets)),
            to_verified=_times(tables["to_approved"][row], len(buckets)),
        )

    return Report(
        window=window,
        step_seconds=WINDOWS[window][1] // 1000,
        starts=starts,
        everything=flow(_ALL),
        channels={channel: flow(channel) for channel in sorted(channels)},
        senders=_plain(tables["senders"], (*ATTEMPT_RESULTS, *RECEIPTS)),
        countries=_busiest(_plain(tables["countries"], ("requested", "approved")), MOST_COUNTRIES),
        failures=_plain(tables["failed"], ("count",)),
        drops=_plain(tables["dropped"], ("count",)),
        refused=_plain(tables["refused"], ("count",)),
    )


_ALL = "*"
_BY_CHANNEL = ("flow", "to_sent", "to_approved")


def _places(words: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """The table, row and measure of everything that a count is added to."""
    match words:
        case ["started", channel]:
            yield "flow", channel, "started"
        case ["checks", channel, "approved"]:
            yield "flow", channel, "verified"
        case ["sends", channel, "sent", *_]:
            yield "flow", channel, "sent"
        case ["sends", channel, "failed" | "dropped" as status, *reason]:
            yield "flow", channel, status
            yield status, ":".join(reason) or "unknown", "count"
        case ["attempts" | "receipts" as kind, channel, sender, result]:
            yield "senders", f"{channel}:{sender}", "accepted" if result == "sent" else result
            # A receipt may say that an attempt without an answer was accepted after all.
            if kind == "receipts" and result in ("sent", "delivered"):
                yield "flow", channel, result
        case ["to_sent" | "to_approved" as event, channel, bound]:
            yield event, channel, bound
        case ["country", region, measure]:
            yield "countries", region, measure
        case ["refused", rule]:
            yield "refused", rule, "count"


def _plain(table: Table, measures: Sequence[str]) -> Table:
    """Every row with these measures, the rows by name."""
    return {row: {m: table[row][m] for m in measures} for row in sorted(table)}


def _busiest(table: Table, most: int) -> Table:
    """The rows with the most of their first measure; the others are added up as `others`."""
    by_size = sorted(table, key=lambda row: -sum(next(iter(table[row].values()))))
    shown = {row: table[row] for row in by_size[:most]}
    for row in by_size[most:]:
        for measure, series in table[row].items():
            others = shown.setdefault("others", {}).setdefault(measure, [0] * len(series))
            others[:] = [a + b for a, b in zip(others, series, strict=True)]
    return shown


def _times(by_bound: Mapping[str, Series], buckets: int) -> Times:
    histograms = [{b: series[i] for b, series in by_bound.items()} for i in range(buckets)]
    whole = {bound: sum(series) for bound, series in by_bound.items()}
    return Times(
        p50=[percentile(histogram, 0.5) for histogram in histograms],
        p95=[percentile(histogram, 0.95) for histogram in histograms],
        whole_p50=percentile(whole, 0.5),
        whole_p95=percentile(whole, 0.95),
    )


def percentile(histogram: Mapping[str, int], share: float) -> float | None:
    """The milliseconds under which this share of the events stayed, taken as evenly spread between
    the bounds. None without events; the last bound for what is beyond it."""
    left = share * sum(histogram.values())
    if not left:
        return None
    lower = 0
    for bound in DURATION_BOUNDS_MS:
        count = histogram.get(str(bound), 0)
        if count >= left:
            return round(lower + (bound - lower) * left / count, 1)
        left -= count
        lower = bound
    return float(lower)
