"""What the service has counted so far."""

from collections.abc import Mapping

from redis import Redis

from shared.owner.statistics import Statistics
from shared.storage.scripts import Scripts


def counts(redis: Redis) -> Mapping[str, int]:
    """By name, as metrics read them."""
    return Statistics(Scripts(redis)).totals().everything
