"""How much of their daily budgets of messages the apps have used."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.policy import SERVICE_SID, Channel, Policy
from shared.storage import keys, reading
from shared.storage.scripts import Scripts

_DAY_SECONDS = 86400


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Messages of an app by a channel on this UTC day, and how many it may have sent by its end."""

    app: str
    channel: Channel
    used: int
    limit: int


def budgets(scripts: Scripts, apps: list[str], policy: Callable[[str], Policy]) -> list[Budget]:
    """Those of `apps` that have budgets. Raises StorageUnavailable."""
    # A Service uses the budget of its account.
    limits = [
        (app, channel, limit)
        for app in apps
        if not SERVICE_SID.fullmatch(app)
        for channel, limit in policy(app).budget.items()
    ]
    if not limits:
        return []
    ((seconds, _),) = scripts.fetch(lambda pipe: pipe.time())
    day = seconds // _DAY_SECONDS
    names = [keys.budget(app, channel, day) for app, channel, _ in limits]
    used = scripts.run(lambda redis: redis.mget(names))
    return [
        Budget(app=app, channel=channel, used=reading.number(number), limit=limit)
        for (app, channel, limit), number in zip(limits, used, strict=True)
    ]
