"""The counters and histograms of /metrics, from the counts in Redis."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from shared.owner.statistics import OTHER_APPS, Totals
from shared.owner.tally import LATENCY_BOUNDS_MS
from shared.storage.scripts import DURATION_BOUNDS_MS


class _Counter(NamedTuple):
    """`labels` are in the order of the words in the name of a count."""

    name: str
    labels: str
    text: str


class _Histogram(NamedTuple):
    name: str
    labels: str
    text: str
    bounds_ms: tuple[float, ...]


# By the first word of a count's name in Redis.
_COUNTERS = {
    "started": _Counter("otp_started", "channel", "Verifications started"),
    "sends_requested": _Counter(
        "otp_sends_requested", "channel", "Sends requested, including resends"
    ),
    "country": _Counter(
        "otp_country", "country what", "Sends requested and verifications approved, by country"
    ),
    "refused": _Counter("otp_refused", "rule", "Starts and checks refused, by rule"),
    "sends": _Counter("otp_sends", "channel status reason", "Sends that ended, by status"),
    "receipts": _Counter(
        "otp_receipts", "channel sender outcome", "Receipts from providers, by outcome"
    ),
    "attempts": _Counter(
        "otp_delivery_attempts", "channel sender result", "Delivery attempts, by result"
    ),
    "checks": _Counter("otp_checks", "channel result", "Codes checked"),
    "webhooks": _Counter(
        "otp_webhook_events", "result", "Events for the backends of apps, by result"
    ),
    "breaker_opened": _Counter(
        "otp_breaker_opened", "channel sender", "Times that a sender was skipped after failures"
    ),
    "requests": _Counter("otp_http_requests", "method status route", "HTTP requests answered"),
}
# These have the label `app` too, and are counted by app.
_BY_APP = ("started", "sends", "checks", "refused")
_HISTOGRAMS = {
    "to_sent": _Histogram(
        "otp_seconds_to_sent",
        "channel",
        "Time from a request to a provider that accepted the message",
        DURATION_BOUNDS_MS,
    ),
    "to_approved": _Histogram(
        "otp_seconds_to_approved",
        "channel",
        "Time from the start of a verification to its approval",
        DURATION_BOUNDS_MS,
    ),
    "request_took": _Histogram(
        "otp_http_request_seconds",
        "method route",
        "Time that the API took for a request",
        LATENCY_BOUNDS_MS,
    ),
    "redis_took": _Histogram(
        "otp_redis_seconds",
        "",
        "Time that a process of the API waited for an answer of Redis",
        LATENCY_BOUNDS_MS,
    ),
}
# What scripts and Tally call the sums of durations, which are in microseconds.
_SUM = "sum"


def counters(totals: Totals, viewer: str | None) -> Iterator[Metric]:
    """`viewer` is the app that sees its own counts, and those of all others together. None sees
    every app."""
    families = {
        kind: CounterMetricFamily(
            name, text, labels=(["app"] if kind in _BY_APP else []) + labels.split()
        )
        for kind, (name, labels, text) in _COUNTERS.items()
    }
    apps = {app: counts for app, counts in totals.by_app.items() if viewer in (None, app)}
    for count, value in totals.everything.items():
        kind, _, rest = count.partition(":")
        if kind not in _COUNTERS:
            # A histogram, or from another version.
            continue
        labels = _labels(rest, _COUNTERS[kind].labels)
        if kind not in _BY_APP:
            families[kind].add_metric(labels, value)
            continue
        own = {app: counts[count] for app, counts in sorted(apps.items()) if count in counts}
        if others := value - sum(own.values()):
            own[OTHER_APPS] = max(0, others)
        for app, of_app in own.items():
            families[kind].add_metric([app, *labels], of_app)
    yield from families.values()


def histograms(totals: Totals) -> Iterator[Metric]:
    """Leaves out the bounds of another version. Durations that an earlier version counted have no
    sum, so only rates of a sum and of its count belong together."""
    counted: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    sums: dict[tuple[str, str], int] = {}
    for count, value in totals.everything.items():
        kind, _, rest = count.partition(":")
        if kind == _SUM:
            kind, _, labels = rest.partition(":")
            sums[kind, labels] = value
        elif kind in _HISTOGRAMS:
            labels, _, bound = rest.rpartition(":")
            counted[kind, labels][bound] = value
    families = {
        kind: HistogramMetricFamily(of.name, of.text, labels=of.labels.split())
        for kind, of in _HISTOGRAMS.items()
    }
    for (kind, labels), by_bound in counted.items():
        of = _HISTOGRAMS[kind]
        seconds = {f"{ms:g}": f"{ms / 1000:g}" for ms in of.bounds_ms} | {"inf": "+Inf"}
        so_far = accumulate(by_bound.get(bound, 0) for bound in seconds)
        families[kind].add_metric(
            _labels(labels, of.labels),
            list(zip(seconds.values(), so_far, strict=True)),
            sums.get((kind, labels), 0) / 1_000_000,
        )
    yield from families.values()


def _labels(words: str, names: str) -> list[str]:
    """The values of labels. The last one may have colons in it, and some sends have no reason."""
    number = len(names.split())
    values = words.split(":", number - 1) if number else []
    return [*values, *[""] * (number - len(values))]
