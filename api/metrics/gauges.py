"""The gauges of /metrics: what is the case right now."""

from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from shared import VERSION
from shared.owner.budgets import Budget
from shared.owner.pumping import Guarded
from shared.owner.state import State
from shared.storage.server import Server


def of_process(started: float) -> Iterator[Metric]:
    yield InfoMetricFamily("otp_build", "The running version", {"version": VERSION})
    yield GaugeMetricFamily(
        "otp_process_start_seconds", "Unix time at which the process that answers started", started
    )


def of_server(server: Server) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "otp_redis_memory_used_bytes", "Memory that Redis uses", server.used_bytes
    )
    yield GaugeMetricFamily(
        "otp_redis_memory_max_bytes", "Memory that Redis may use, or 0", server.most_bytes
    )
    yield GaugeMetricFamily(
        "otp_redis_persistence_ok",
        "1 if Redis could last write its files",
        float(server.persists),
    )


def of_state(state: State) -> Iterator[Metric]:
    queue = state.queue
    yield GaugeMetricFamily("otp_queue_length", "Jobs waiting for a worker", queue.waiting)
    yield GaugeMetricFamily(
        "otp_oldest_send_seconds",
        "How long the oldest send has waited for a worker, or 0",
        queue.oldest_seconds or 0,
    )
    yield GaugeMetricFamily(
        "otp_sends_open", "Sends not yet sent, dropped or failed", queue.unfinished
    )
    yield GaugeMetricFamily(
        "otp_webhook_oldest_seconds",
        "Age of the oldest event that waits to be delivered, or 0",
        state.events.oldest_seconds or 0,
    )
    yield GaugeMetricFamily("otp_workers", "Running workers", len(state.workers))
    heard = GaugeMetricFamily(
        "otp_worker_heartbeat_seconds",
        "Time since the last heartbeat of a worker",
        labels=["host", "worker"],
    )
    for worker in state.workers:
        heard.add_metric([worker.host, worker.name], worker.heard_seconds)
    yield heard
    open_breakers = GaugeMetricFamily(
        "otp_breaker_open", "1 while the sender is skipped", labels=["channel", "sender"]
    )
    for sender in state.senders:
        open_breakers.add_metric([sender.channel, sender.name], float(sender.is_skipped))
    yield open_breakers


def of_budgets(budgets: Sequence[Budget]) -> Iterator[Metric]:
    labels = ["app", "channel"]
    used = GaugeMetricFamily("otp_budget_used", "Messages of this UTC day", labels=labels)
    limit = GaugeMetricFamily("otp_budget_limit", "Messages allowed a UTC day", labels=labels)
    for budget in budgets:
        used.add_metric([budget.app, budget.channel], budget.used)
        limit.add_metric([budget.app, budget.channel], budget.limit)
    yield from (used, limit)


def of_guards(guards: Sequence[Guarded]) -> Iterator[Metric]:
    """Ranges and countries that the guard holds, or would hold if it did not only monitor."""
    holds = GaugeMetricFamily(
        "otp_guard_holds",
        "Number ranges and countries that the pumping guard holds, or would hold",
        labels=["app", "kind", "state"],
    )
    found = Counter(
        (guard.app, guard.kind, guard.state)
        for guard in guards
        if guard.state in ("held", "monitored")
    )
    for of, number in sorted(found.items()):
        holds.add_metric(of, number)
    yield holds
