"""The API on fakeredis; what depends on Redis itself is shown in tests/shared."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from shared.logs.lines import JsonLines
from tests.fake_redis import fake_redis


@pytest.fixture
def redis() -> Iterator[Redis]:
    with fake_redis() as fake:
        yield fake


class _Writer(logging.Handler):
    """What a line says of its request is known only while that is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.formatter = JsonLines()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def written(caplog) -> Iterator[list[dict[str, Any]]]:
    """The lines of our own loggers as programs read them, with those of requests."""
    writer, ours = _Writer(), logging.getLogger("otp")
    caplog.set_level(logging.DEBUG, "otp")
    ours.addHandler(writer)
    yield writer.lines
    ours.removeHandler(writer)
