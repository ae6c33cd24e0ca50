"""The lines that starts and checks leave in the log."""

import json
import logging
from typing import Any

import pytest

from tests.user import OTHER_PHONE, PHONE, wrong

PREMIUM = "+19005550123"
FREE = {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "none", "OTP_LIMIT_IP": "none"}
GUARD = {**FREE, "OTP_GUARD": "block", "OTP_GUARD_RANGE": "2/24h", "OTP_GUARD_COUNTRY": "2/24h"}


@pytest.fixture
def lines(caplog):
    """The lines of an event, without what the logger adds."""
    caplog.set_level(logging.INFO)
    return lambda event: [r for r in caplog.records if r.message == event]


@pytest.fixture
def shown(redis):
    """What the dashboard has of the last refusal."""
    return lambda: json.loads(redis.lindex("otp:refusals", 0))


def one(found: list[Any]) -> Any:
    (line,) = found
    return line


@pytest.mark.parametrize(
    ("env", "rule", "starts"),
    [
        ({"OTP_CALL_SENDERS": "none"}, "channel_not_enabled", [(PHONE, "call")]),
        ({"OTP_ALLOWED_COUNTRIES": "DE FR"}, "country_not_allowed", [(PHONE, "sms")]),
        ({"OTP_ALLOWED_COUNTRIES": "US"}, "country_not_allowed", [("+4915123456789", "sms")]),
        ({}, "number_type", [(PREMIUM, "sms")]),
        ({"OTP_BLOCKED_PREFIXES": "+1415555"}, "blocked_prefix", [(PHONE, "sms")]),
        (GUARD, "guard_range", [(f"+14155550{n}", "sms") for n in (101, 102, 103)]),
        (
            {**GUARD, "OTP_GUARD_RANGE": "99/24h"},
            "guard_country",
            [(f"+1415555{n}", "sms") for n in (1101, 2102, 3103)],
        ),
        ({**FREE, "OTP_LIMIT_TO": "1/1h"}, "to", [(PHONE, "sms")] * 2),
        ({**FREE, "OTP_LIMIT_IP": "1/1h"}, "ip", [(PHONE, "sms"), (OTHER_PHONE, "sms")]),
        ({**FREE, "OTP_LIMIT_COUNTRY": "1/1h"}, "country", [(PHONE, "sms"), (OTHER_PHONE, "sms")]),
        ({**FREE, "OTP_BUDGET": "call:1"}, "budget", [(PHONE, "call"), (OTHER_PHONE, "call")]),
        ({**FREE, "OTP_MAX_SENDS": "1"}, "sends", [(PHONE, "sms")] * 2),
    ],
)
def test_a_refused_start_names_the_rule_that_the_dashboard_shows(
    caller, lines, shown, rule, starts
):
    for to, channel in starts:
        answer = caller.generate(to, channel=channel)
    assert answer.status_code >= 400
    line = one(lines("start_refused"))
    assert line.rule == shown()["rule"] == rule
    assert line.why.startswith(rule)
    assert to not in line.why
    assert "+1415555" not in line.why


def test_a_start_of_somebody_locked_out_names_the_rule(caller, lines, shown):
    started = caller.generate()
    for _ in range(5):
        caller.mistype(started)
    caller.generate()
    assert one(lines("start_refused")).rule == "resend"


@pytest.mark.parametrize("env", [{**FREE, "OTP_MAX_FAILED_CHECKS": "1/24h"}])
def test_wrong_codes_of_the_recipient_are_a_rule_of_starts_and_checks(caller, lines, shown):
    started = caller.generate()
    caller.mistype(started)
    caller.generate()
    line = one(lines("start_refused"))
    assert line.rule == shown()["rule"] == "failed_checks"
    assert line.why.startswith("failed_checks")
    caller.mistype(started)
    assert [line.rule for line in lines("check_refused")] == ["incorrect_code", "failed_checks"]


@pytest.mark.parametrize("env", [{**FREE, "OTP_RESEND_SECONDS": "30"}])
def test_a_refused_resend_names_its_rule(client, caller, lines):
    id_ = caller.generate().json["verification_id"]
    client.post(f"/verify/{id_}/resend", json={"channel": "sms"})
    client.post(f"/verify/{id_}/resend", json={"channel": "email"})
    client.post(f"/verify/{id_}/cancel")
    caller.generate(headers={"Idempotency-Key": "k"})
    caller.generate(OTHER_PHONE, headers={"Idempotency-Key": "k"})
    found = lines("start_refused")
    rules = ["resend", "channel_not_enabled", "idempotency_conflict"]
    assert [line.rule for line in found] == rules
    assert all(line.why.startswith(line.rule) for line in found)


@pytest.mark.parametrize("by", ["phone", "email", "verification_id"])
def test_every_wrong_code_is_logged_with_its_verification(caller, lines, by):
    started = caller.generate(**({"email": "a@example.com"} if by == "email" else {}))
    id_, code = started.json["verification_id"], caller.code(started)
    to = {"phone": PHONE, "email": "a@example.com", "verification_id": id_}[by]
    for _ in range(6):
        caller.verify(wrong(code), **{by: to})
    caller.verify(code + "1", **{by: to})
    found = lines("check_refused")
    assert [line.verification_id for line in found] == [id_] * 7
    assert [line.rule for line in found] == ["incorrect_code"] * 5 + ["max_checks"] * 2


def test_a_code_of_a_wrong_length_is_logged_with_its_verification(caller, lines):
    started = caller.generate()
    caller.verify("12345")
    line = one(lines("check_refused"))
    assert line.verification_id == started.json["verification_id"]
    assert line.rule == "invalid_request"


@pytest.mark.parametrize("env", [{**FREE, "OTP_LIMIT_IP": "1/1h", "OTP_MAX_CHECKS": "1"}])
def test_a_check_from_a_limited_network_is_logged_with_its_verification(caller, lines, shown):
    caller.mistype(caller.generate())
    started = caller.client.post(
        "/generate-otp", json={"phone": OTHER_PHONE}, environ_overrides={"REMOTE_ADDR": "10.0.0.1"}
    )
    caller.verify("123456", phone=OTHER_PHONE)
    line = lines("check_refused")[-1]
    assert line.rule == shown()["rule"] == "failed_ip"
    assert line.verification_id == started.json["verification_id"]


def test_a_code_of_nobody_is_logged_without_a_verification(caller, lines):
    caller.verify("123456")
    line = one(lines("check_refused"))
    assert (line.rule, line.verification_id) == ("verification_not_found", None)
