"""The API on fakeredis; what depends on Redis itself is shown in tests/shared."""

from collections.abc import Iterator

import fakeredis
import pytest
from redis import Redis


@pytest.fixture
def redis() -> Iterator[Redis]:
    with fakeredis.FakeRedis() as fake:
        yield fake
