"""An outage of Redis is noticed once for the whole process, and logged when it begins and ends."""

import logging
import tomllib
from pathlib import Path

import pytest
from redis import exceptions

from shared import VERSION
from shared.delivery.ledger import Ledger
from shared.errors import StorageUnavailable
from shared.owner.statistics import Statistics
from shared.storage.client import connect
from shared.storage.scripts import Scripts
from shared.verification.store import Store
from tests.e2e.conftest import wait_for
from tests.redis_servers import redis_server


@pytest.fixture
def server(tmp_path):
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def calls(server):
    """Calls of several objects of one process."""
    redis = connect(server.url, timeout_seconds=0.2)
    scripts = Scripts(redis)
    store, ledger, statistics = Store(scripts), Ledger(scripts), Statistics(scripts)
    return [
        store.write_something,
        lambda: ledger.sweep(1),
        lambda: statistics.refusals(1),
    ]


def changes(caplog) -> list[str]:
    return [r.message for r in caplog.records if r.levelno == logging.WARNING]


def are_answered(calls) -> bool:
    try:
        for call in calls:
            call()
    except StorageUnavailable:
        return False
    return True


def are_refused(calls) -> None:
    for call in calls * 3:
        with pytest.raises(StorageUnavailable):
            call()


def test_a_redis_that_dies_and_one_that_hangs_are_logged_once_each_way(server, calls, caplog):
    assert are_answered(calls)
    assert changes(caplog) == []
    server.kill()
    are_refused(calls)
    assert changes(caplog) == ["redis_unreachable"]
    server.start()
    wait_for(lambda: are_answered(calls))
    assert changes(caplog) == ["redis_unreachable", "redis_reachable"]
    with server.hanging():
        are_refused(calls)
    wait_for(lambda: are_answered(calls))
    assert changes(caplog) == ["redis_unreachable", "redis_reachable"] * 2


def test_says_why_and_never_with_a_password(tmp_path, caplog):
    with redis_server(tmp_path, "--requirepass", "right", user=":right") as server:
        redis = connect(server.url.replace("right", "hunter2"), timeout_seconds=0.2)
        are_refused([Store(Scripts(redis)).write_something])
    (record,) = caplog.records
    assert isinstance(record.error, str)
    assert "password" in record.error
    assert "hunter2" not in record.error


def test_what_redis_answers_is_no_outage(server, caplog):
    redis = connect(server.url, timeout_seconds=0.2)
    redis.lpush("otp:ready", 1)
    redis.rename("otp:ready", "otp:due")
    with pytest.raises(exceptions.ResponseError):
        Ledger(Scripts(redis)).sweep(1)
    assert changes(caplog) == []


def test_the_version_is_that_of_the_project():
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["version"] == VERSION
