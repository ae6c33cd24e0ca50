"""Many at once, on a real server."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api import create_app
from tests.api.verify_v2.conftest import V2
from tests.user import wrong

CALLS = 500


@pytest.fixture
def redis(real_redis):
    return real_redis


@pytest.fixture
def app(settings, redis):
    return create_app(settings, redis)


@pytest.fixture
def v2(app) -> V2:
    return V2(app.test_client())


@pytest.fixture
def at_once(app):
    """What became of so many calls: (status, code of an error or status of a verification)."""

    def at_once(call: Callable[[V2], Any]) -> Counter[tuple[int, Any]]:
        def made(_: int) -> tuple[int, Any]:
            caller = V2(app.test_client())
            # On a busy machine Redis may be too slow for one of so many, which has no effect.
            while (answer := call(caller)).status_code == 503:
                pass
            return answer.status_code, answer.json.get("code", answer.json["status"])

        with ThreadPoolExecutor(50) as threads:
            return Counter(threads.map(made, range(CALLS)))

    return at_once


def test_a_right_code_is_approved_once(v2, service, code, at_once):
    one = v2.start(service)

    answers = at_once(lambda caller: caller.check(service, code(one)))

    assert answers == {(200, "approved"): 1, (404, 20404): CALLS - 1}


def test_five_wrong_codes_are_compared(v2, service, code, at_once):
    one = v2.start(service)

    answers = at_once(lambda caller: caller.check(service, wrong(code(one))))

    assert answers == {(200, "pending"): 5, (429, 60202): CALLS - 5}


def test_one_verification_is_started_and_sent_five_times(v2, service, redis, at_once):
    answers = at_once(lambda caller: caller.ask(service))

    assert answers == {(201, "pending"): 5, (429, 60203): CALLS - 5}
    assert len(redis.keys("otp:verification:*")) == 1
    assert len(redis.keys("otp:send:*")) == 5


def test_it_is_ended_once(v2, service, at_once):
    one = v2.start(service)

    answers = at_once(lambda caller: caller.update(service, one["sid"], "approved"))

    assert answers == {(200, "approved"): 1, (404, 20404): CALLS - 1}


def test_a_changed_service_keeps_all_changes(v2, service, app, redis):
    changes = [
        {"CodeLength": 8},
        {"CustomCodeEnabled": "true"},
        {"LookupEnabled": "true"},
        {"SkipSmsToLandlines": "true"},
        {"FriendlyName": "Other"},
    ]
    with ThreadPoolExecutor(5) as threads:
        list(
            threads.map(
                lambda form: V2(app.test_client()).post(f"/Services/{service}", **form), changes
            )
        )

    one = v2.get(f"/Services/{service}").json
    assert (one["code_length"], one["friendly_name"]) == (8, "Other")
    for switch in ("custom_code_enabled", "lookup_enabled", "skip_sms_to_landlines"):
        assert one[switch] is True
