"""All figures, by name, in the order in which they are printed."""

from collections.abc import Callable, Mapping, Sequence

from tests.chaos import events, failover, hostile, providers, storage, vendors, workers, workflows
from tests.chaos.scene import Scene
from tests.chaos.verdict import Measure

FIGURES: Mapping[str, Callable[[Scene], Sequence[Measure]]] = {
    "worker-kills": workers.worker_kills,
    "idempotent": workers.idempotent,
    "redis-kills": storage.redis_kills,
    "redis-down": storage.redis_down,
    "redis-hung": storage.redis_hung,
    "redis-full": storage.redis_full,
    "provider-dead": providers.provider_dead,
    "provider-hangs": providers.provider_hangs,
    "vendor-dead": vendors.vendor_dead,
    "vendor-silent": vendors.vendor_silent,
    "stale-backlog": workers.stale_backlog,
    "overload": providers.overload,
    "rolling-restart": workers.rolling_restart,
    "hostile-jobs": hostile.hostile_jobs,
    "sentinel": failover.master_killed,
    "clock-skew": workers.clock_skew,
    "workflow-kills": workflows.workflow_kills,
    "workflow-race": workflows.workflow_race,
    "event-kills": events.event_kills,
    "event-expiries": events.event_expiries,
    "endpoints-hang": events.endpoints_hang,
}
