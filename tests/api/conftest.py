"""The API on fakeredis; what depends on Redis itself is shown in tests/shared."""

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.fake_redis import fake_redis


@pytest.fixture
def redis() -> Iterator[Redis]:
    with fake_redis() as fake:
        yield fake
