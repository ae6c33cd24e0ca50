"""The audit log: who did what, for as long as it is kept."""

import json
import logging

import pytest

from shared.owner.audit import MOST_ENTRIES, Audit
from tests.conftest import EVERY_REDIS, redis_of

redis = redis_of(*EVERY_REDIS)

DAY = 86400
IP, ANOTHER_IP = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def audit(scripts) -> Audit:
    return Audit(scripts, keep_seconds=30 * DAY)


def actions(audit: Audit) -> list[str]:
    return [entry.action for entry in audit.entries()]


def test_an_entry_says_who_did_what_when_and_to_whom(audit, redis):
    seconds, _ = redis.time()
    audit.record("reveal", "admin", IP, to="+1415*****23", verification_id="VE1")
    (entry,) = audit.entries()
    assert (entry.action, entry.actor, entry.ip, entry.times) == ("reveal", "admin", IP, 1)
    assert entry.facts == {"to": "+1415*****23", "verification_id": "VE1"}
    assert seconds <= entry.at < seconds + 5


def test_the_newest_comes_first(audit):
    for action in ("log_in", "cancel", "log_out"):
        audit.record(action, "admin", IP)
    assert actions(audit) == ["log_out", "cancel", "log_in"]


def test_each_is_also_a_line_of_the_log(audit, caplog):
    caplog.set_level(logging.INFO)
    audit.record("unblock", "admin", IP, to="+1415*****23")
    (line,) = caplog.records
    assert (line.name, line.message) == ("otp.audit", "audit")
    assert (line.action, line.actor, line.ip, line.to) == ("unblock", "admin", IP, "+1415*****23")


def test_a_flood_of_wrong_log_ins_is_one_entry_and_pushes_nothing_out(audit):
    audit.record("erasure", "admin", IP)
    for ip in [IP, ANOTHER_IP] * (MOST_ENTRIES // 2 + 1):
        audit.record("log_in_failed", "admin", ip)
    failed, erasure = audit.entries()
    assert (failed.action, failed.times, failed.ip) == (
        "log_in_failed",
        MOST_ENTRIES + 2,
        ANOTHER_IP,
    )
    assert erasure.action == "erasure"
    audit.record("log_in", "admin", IP)
    audit.record("log_in_failed", "admin", IP)
    assert actions(audit) == ["log_in_failed", "log_in", "log_in_failed", "erasure"]


def test_other_entries_in_a_row_stay_apart(audit):
    audit.record("cancel", "admin", IP, verification_id="VE1")
    audit.record("cancel", "admin", IP, verification_id="VE2")
    assert [entry.facts["verification_id"] for entry in audit.entries()] == ["VE2", "VE1"]


def test_it_holds_the_last_thousand(audit):
    for number in range(MOST_ENTRIES + 5):
        audit.record("cancel", "admin", IP, verification_id=f"VE{number}")
    entries = audit.entries()
    assert len(entries) == MOST_ENTRIES
    assert entries[-1].facts["verification_id"] == "VE5"


def test_an_entry_goes_when_its_time_is_over(audit, clock, redis):
    audit.record("log_in", "admin", IP)
    clock.shift(20 * DAY)
    audit.record("cancel", "admin", IP)
    clock.shift(10 * DAY)
    audit.record("log_out", "admin", IP)
    assert actions(audit) == ["log_out", "cancel"]
    clock.shift(31 * DAY)
    assert redis.keys() == []


def test_what_somebody_sends_does_not_break_out_of_an_entry(audit):
    audit.record("cancel", 'admin","action":"x', IP, note='{"}\n')
    (entry,) = audit.entries()
    assert (entry.action, entry.actor) == ("cancel", 'admin","action":"x')
    assert entry.facts == json.loads('{"note": "{\\"}\\n"}')
