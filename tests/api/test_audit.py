"""`python -m api.audit`."""

import json
import sys

import pytest

from api.audit import main
from shared.owner.audit import Audit
from shared.storage.scripts import Scripts
from tests.redis_servers import free_port

DAY = 86400


@pytest.fixture
def run(real_redis, monkeypatch, capsys):
    """The command, with these words. Answers what it prints."""

    def run(*words: str, port: int | None = None) -> str:
        found = real_redis.connection_pool.connection_kwargs
        url = f"redis://{found['host']}:{port or found['port']}/{found.get('db', 0)}"
        monkeypatch.setenv("REDIS_URL", url)
        monkeypatch.setattr(sys, "argv", ["api.audit", *words])
        main()
        return capsys.readouterr().out

    return run


@pytest.fixture
def audit(real_redis) -> Audit:
    return Audit(Scripts(real_redis), keep_seconds=30 * DAY)


def actions(printed: str) -> list[str]:
    return [json.loads(line)["action"] for line in printed.splitlines()]


def test_prints_the_oldest_entry_first(run, audit):
    for action in ("log_in", "cancel", "log_out"):
        audit.record(action, "admin", "192.0.2.1")
    assert actions(run()) == ["log_in", "cancel", "log_out"]
    assert run("--csv").splitlines()[0] == "at,action,actor,ip,times,facts"


def test_prints_only_entries_of_the_time_that_is_asked_for(run, audit, real_redis):
    audit.record("log_in", "admin", "192.0.2.1")
    now = json.loads(real_redis.lindex("otp:audit", 0))
    for action, at in {"pause": 1764547199, "cancel": 1761955200}.items():
        real_redis.rpush("otp:audit", json.dumps({**now, "action": action, "at": at * 1000}))
    assert actions(run()) == ["cancel", "pause", "log_in"]
    assert actions(run("--since", "2025-11-01", "--until", "2025-12-01")) == ["cancel", "pause"]
    last = "2025-11-30T23:59:59"
    assert actions(run("--until", f"{last}Z")) == ["cancel"]
    assert actions(run("--since", f"{last}+00:00", "--until", "2025-12-01")) == ["pause"]
    assert actions(run("--since", last)) == ["pause", "log_in"]


def test_prints_nothing_without_entries(run):
    assert run() == ""


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_names_a_wrong_time(run, capsys, text):
    with pytest.raises(SystemExit) as ended:
        run("--since", text)
    assert ended.value.code == 2
    assert "is not a date or time such as 2026-11-01" in capsys.readouterr().err


def test_says_so_without_redis(run):
    with pytest.raises(SystemExit, match="otp audit: Redis is unreachable"):
        run(port=free_port())
