"""GET /metrics: the counts in Redis as Prometheus text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from api.http.access import Access
from shared.owner.state import State, SystemState
from shared.owner.statistics import Statistics
from shared.storage.scripts import DURATION_BOUNDS_MS

# By the first word of a count's name in Redis: the metric, its labels, what it counts.
_COUNTERS = {
    "started": ("otp_started", "channel", "Verifications started"),
    "sends_requested": ("otp_sends_requested", "channel", "Sends requested, including resends"),
    "country": (
        "otp_country",
        "country what",
        "Sends requested and verifications approved, by country",
    ),
    "refused": ("otp_refused", "rule", "Starts and checks refused, by rule"),
    "sends": ("otp_sends", "channel status reason", "Sends that ended, by status"),
    "receipts": ("otp_receipts", "channel sender outcome", "Receipts from providers, by outcome"),
    "attempts": ("otp_delivery_attempts", "channel sender result", "Delivery attempts, by result"),
    "checks": ("otp_checks", "channel result", "Codes checked"),
    "webhooks": ("otp_webhook_events", "result", "Events for the backends of apps, by result"),
    "breaker_opened": (
        "otp_breaker_opened",
        "channel sender",
        "Times that a sender was skipped after failures",
    ),
}
# Likewise for durations in milliseconds. Each event is in the first bucket that is long enough.
_DURATIONS = {
    "to_sent": (
        "otp_seconds_to_sent",
        "Time from a request to a provider that accepted the message",
    ),
    "to_approved": (
        "otp_seconds_to_approved",
        "Time from the start of a verification to its approval",
    ),
}


@dataclass(frozen=True)
class _Measured(Collector):
    counts: Mapping[str, int]
    state: State

    def collect(self) -> Iterator[Metric]:
        families = {
            kind: CounterMetricFamily(name, text, labels=labels.split())
            for kind, (name, labels, text) in _COUNTERS.items()
        }
        durations: dict[tuple[str, str], dict[str, int]] = {}
        for count, value in self.counts.items():
            kind, _, rest = count.partition(":")
            if kind in _DURATIONS:
                channel, _, bound = rest.partition(":")
                durations.setdefault((kind, channel), {})[bound] = value
            elif kind in families:
                names = _COUNTERS[kind][1].split()
                labels = rest.split(":", len(names) - 1)
                # Some sends have no reason.
                missing = len(names) - len(labels)
                families[kind].add_metric([*labels, *[""] * missing], value)
            # Another version wrote the other counts.
        yield from families.values()
        yield from _histograms(durations)
        queue = self.state.queue
        yield GaugeMetricFamily("otp_queue_length", "Jobs waiting for a worker", queue.waiting)
        yield GaugeMetricFamily(
            "otp_sends_open", "Sends not yet sent, dropped or failed", queue.unfinished
        )
        yield GaugeMetricFamily(
            "otp_webhook_oldest_seconds",
            "Age of the oldest event that waits to be delivered, or 0",
            self.state.events.oldest_seconds or 0,
        )
        yield GaugeMetricFamily("otp_workers", "Running workers", len(self.state.workers))
        open_breakers = GaugeMetricFamily(
            "otp_breaker_open", "1 while the sender is skipped", labels=["channel", "sender"]
        )
        for sender in self.state.senders:
            open_breakers.add_metric([sender.channel, sender.name], float(sender.is_skipped))
        yield open_breakers


def _histograms(durations: Mapping[tuple[str, str], Mapping[str, int]]) -> Iterator[Metric]:
    """Leaves out the bounds of another version."""
    families = {
        kind: HistogramMetricFamily(name, text, labels=["channel"])
        for kind, (name, text) in _DURATIONS.items()
    }
    seconds = {str(ms): f"{ms / 1000:g}" for ms in DURATION_BOUNDS_MS} | {"inf": "+Inf"}
    for (kind, channel), counted in durations.items():
        so_far = accumulate(counted.get(bound, 0) for bound in seconds)
        buckets = list(zip(seconds.values(), so_far, strict=True))
        families[kind].add_metric([channel], buckets, sum_value=None)
    yield from families.values()


def endpoints(statistics: Statistics, state: SystemState, access: Access) -> Blueprint:
    metrics = Blueprint("metrics", __name__)

    @metrics.get("/metrics")
    def get_metrics() -> Response:
        access.scraper(request)
        measured = _Measured(statistics.totals(), state.read())
        return Response(generate_latest(measured), content_type=CONTENT_TYPE_LATEST)

    return metrics
