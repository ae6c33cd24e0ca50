"""The account's limits of guesses, by every way in which a code of its Service can be checked."""

import logging
from collections.abc import Callable

import pytest

from tests.user import OTHER_PHONE, PHONE, wrong

SHOP = '[shop]\nmax_failed_checks = "3/24h"\nlimit_ip = "2/1h"\nmax_checks = 2\nlimit_to = "9/1h"'
WAYS = ("v2 by address", "v2 by SID", "page", "form")


@pytest.fixture
def more() -> dict[str, str]:
    return {"OTP_APPS": SHOP, "OTP_MAX_FAILED_CHECKS": "100/24h", "OTP_LIMIT_IP": "none"}


@pytest.fixture
def guess(v2, service, client) -> Callable[..., int]:
    """Check a code of a verification in one of the ways. The status of the answer."""

    def guess(way: str, started, otp: str, to: str = PHONE, ip: str = "192.0.2.1") -> int:
        page = f"/verify/{started['sid']}"
        caller = {"REMOTE_ADDR": ip}
        match way:
            case "v2 by address":
                return v2.check(service, otp, to).status_code
            case "v2 by SID":
                return v2.check_sid(service, started["sid"], otp).status_code
            case "page":
                body = {"otp": otp}
                return client.post(f"{page}/check", json=body, environ_overrides=caller).status_code
            case _:
                own = {"Sec-Fetch-Site": "same-origin"}
                answer = client.post(page, data={"otp": otp}, headers=own, environ_overrides=caller)
                return answer.status_code

    return guess


@pytest.mark.parametrize("last", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_wrong_codes_of_one_recipient_are_counted_together(
    v2, service, code, guess, redis, first, last
):
    started = v2.start(service)
    redis.hset(f"otp:verification:{started['sid']}", "checks_left", 100)
    for number in range(3):
        status = guess(first, started, wrong(code(started)), ip=f"198.51.{number}.1")
        assert status in (200, 400)

    assert guess(last, started, wrong(code(started))) == 429
    assert guess(last, started, code(started)) == 429
    assert guess(last, started, wrong(code(started))) == 429


@pytest.mark.parametrize("way", WAYS)
def test_they_are_forgotten_with_a_right_code(v2, service, code, guess, way):
    for _ in range(3):
        started = v2.start(service)
        for number in range(2):
            guess(way, started, wrong(code(started)), ip=f"198.51.{number}.1")
        assert guess(way, started, code(started)) in (200, 303)


@pytest.mark.parametrize("last", ["page", "form"])
@pytest.mark.parametrize("first", ["page", "form"])
def test_wrong_codes_of_one_network_are_counted_for_all_services(
    v2, service, code, guess, first, last
):
    """Two starts an hour with two checks each: four wrong codes."""
    services = [service, v2.service("Another")]
    numbers = [f"+1415555{number:04}" for number in range(150, 154)]
    for number, to in enumerate(numbers):
        started = v2.start(services[number % 2], to)
        assert guess(first, started, wrong(code(started)), to, f"192.0.2.{number}") == 400

    fifth = v2.start(service, OTHER_PHONE)
    assert guess(last, fifth, code(fifth), OTHER_PHONE, "192.0.2.99") == 429
    assert guess(last, fifth, code(fifth), OTHER_PHONE, "203.0.113.1") in (200, 303)


def test_the_address_of_the_account_s_server_is_nobody_s(v2, service, code):
    for number in range(6):
        to = f"+1415555{number + 150:04}"
        started = v2.start(service, to)
        assert v2.check(service, wrong(code(started)), to).status_code == 200


@pytest.mark.parametrize("way", ["v2 by address", "v2 by SID", "page"])
def test_every_wrong_code_is_logged_with_its_verification(v2, service, code, guess, caplog, way):
    caplog.set_level(logging.INFO)
    started = v2.start(service)
    for _ in range(4):
        guess(way, started, wrong(code(started)))
    lines = [record for record in caplog.records if record.message == "check_refused"]
    assert [line.verification_id for line in lines] == [started["sid"]] * 4
    assert [line.rule for line in lines] == ["incorrect_code"] * 3 + ["failed_checks"]
