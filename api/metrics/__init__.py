"""GET /metrics: the figures of the whole service as Prometheus text.

They are in Redis, so it makes no difference which process is scraped. While Redis is unreachable
the status is still 200, and otp_redis_up is 0. So an alert can tell this from an API that is down.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.http.access import Access
from api.metrics import counts, gauges
from shared.errors import StorageUnavailable
from shared.owner.budgets import budgets
from shared.owner.pumping import guarded
from shared.owner.state import SystemState
from shared.owner.statistics import Statistics
from shared.owner.tally import Tally
from shared.policy import Policy
from shared.storage.scripts import Scripts
from shared.storage.server import describe
from shared.verification.store import Store


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the figures are read from. `policy` returns that of an app."""

    scripts: Scripts
    store: Store
    statistics: Statistics
    state: SystemState
    tally: Tally
    policy: Callable[[str], Policy]
    started: float

    def of_counts(self, viewer: str | None) -> Iterator[Metric]:
        self.tally.flush()
        totals = self.statistics.totals()
        yield from counts.counters(totals, viewer)
        yield from counts.histograms(totals)

    def of_state(self, _viewer: str | None) -> Iterator[Metric]:
        yield from gauges.of_state(self.state.read())

    def of_server(self, _viewer: str | None) -> Iterator[Metric]:
        if found := self.scripts.run(describe):
            yield from gauges.of_server(found)

    def of_apps(self, viewer: str | None) -> Iterator[Metric]:
        apps = [app for app in self.store.apps() if viewer in (None, app)]
        yield from gauges.of_budgets(budgets(self.scripts, apps, self.policy))
        guards = guarded(self.store, lambda app: self.policy(app).guard)
        yield from gauges.of_guards([guard for guard in guards if viewer in (None, guard.app)])


@dataclass(frozen=True)
class _Collected(Collector):
    figures: Figures
    viewer: str | None

    def collect(self) -> Iterator[Metric]:
        """Show what can be read: a Redis that takes no writes still tells why."""
        of = self.figures
        yield from gauges.of_process(of.started)
        is_up = True
        for read in (of.of_server, of.of_counts, of.of_state, of.of_apps):
            try:
                yield from list(read(self.viewer))
            except StorageUnavailable:
                is_up = False
        yield GaugeMetricFamily(
            "otp_redis_up", "1 if Redis answered, and took writes", float(is_up)
        )


def endpoints(figures: Figures, access: Access) -> Blueprint:
    metrics = Blueprint("metrics", __name__)

    @metrics.get("/metrics")
    def get_metrics() -> Response:
        collected = _Collected(figures, access.scraper(request))
        return Response(generate_latest(collected), content_type=CONTENT_TYPE_LATEST)

    return metrics
