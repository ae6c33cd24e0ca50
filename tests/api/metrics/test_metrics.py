"""GET /metrics: the value of everything that docs/monitoring.md lists."""

import time

import pytest

from shared import VERSION
from shared.delivery.ledger import BREAKER_FAILURES, BREAKER_OPEN_SECONDS
from tests.api.metrics.conftest import BANK, METRICS, SHOP, bearer
from tests.user import OTHER_PHONE, PHONE


def histogram(name: str, bounds: tuple[str, ...], seconds: object) -> dict[str, object]:
    """A histogram of one event, which is in all buckets that are at least as long."""
    within = {f'{name}_bucket{{channel="sms",le="{bound}"}}': 1 for bound in bounds}
    of = '{channel="sms"}'
    return {**within, f"{name}_count{of}": 1, f"{name}_sum{of}": seconds}


def test_counts_one_start_one_delivery_a_wrong_and_a_right_check_and_one_refusal(use, measured):
    assert measured() == {}
    use()
    assert measured() == {
        'otp_started_total{app="shop",channel="sms"}': 1,
        'otp_sends_requested_total{channel="sms"}': 1,
        'otp_country_total{country="US",what="requested"}': 1,
        'otp_country_total{country="US",what="approved"}': 1,
        'otp_refused_total{app="shop",rule="resend"}': 1,
        'otp_sends_total{app="shop",channel="sms",reason="",status="sent"}': 1,
        'otp_receipts_total{channel="sms",outcome="delivered",sender="webhook"}': 1,
        'otp_delivery_attempts_total{channel="sms",result="accepted",sender="webhook"}': 1,
        'otp_checks_total{app="shop",channel="sms",result="incorrect"}': 1,
        'otp_checks_total{app="shop",channel="sms",result="approved"}': 1,
        'otp_checks_total{app="shop",channel="none",result="not_found"}': 1,
        # Started, accepted, delivered and approved. Nobody has delivered them yet.
        'otp_webhook_events_total{result="written"}': 4,
        "otp_webhook_oldest_seconds": pytest.approx(31.5, abs=0.1),
        **histogram(
            "otp_seconds_to_sent",
            ("2", "5", "10", "20", "50", "100", "200", "500", "+Inf"),
            1.5,
        ),
        **histogram("otp_seconds_to_approved", ("50", "100", "200", "500", "+Inf"), 31.5),
    }


def test_shows_what_waits_and_the_worker_that_is_at_it(
    caller, headers, sender, run_worker, measured
):
    caller.generate(headers=headers)
    waiting = measured()
    assert (waiting["otp_queue_length"], waiting["otp_sends_open"]) == (1, 1)
    assert "otp_workers" not in waiting
    meanwhile = {}
    sender.during = lambda message: meanwhile.update(measured())
    run_worker()
    assert (meanwhile["otp_workers"], meanwhile["otp_sends_open"]) == (1, 1)
    assert "otp_queue_length" not in meanwhile
    assert not {"otp_workers", "otp_queue_length", "otp_sends_open"} & set(measured())


def test_counts_no_worker_whose_heartbeats_have_stopped(redis, measured):
    # A worker that is killed stays in RQ's register until another one removes it.
    redis.sadd("rq:workers", "rq:worker:killed")
    assert "otp_workers" not in measured()


def test_shows_a_breaker_while_it_is_open_and_counts_that_it_opened(open_breaker, clock, measured):
    opened = 'otp_breaker_opened_total{channel="sms",sender="webhook"}'
    is_open = 'otp_breaker_open{channel="sms",sender="webhook"}'
    failed = 'otp_delivery_attempts_total{channel="sms",result="transient",sender="webhook"}'
    open_breaker()
    values = measured()
    assert (values[opened], values[is_open], values[failed]) == (1, 1, BREAKER_FAILURES)
    clock.shift(BREAKER_OPEN_SECONDS + 1)
    values = measured()
    assert values[opened] == 1
    assert is_open not in values


def test_counts_sends_that_ended_without_a_message_by_the_reason(
    client, caller, headers, run_worker, measured
):
    id_ = caller.generate(headers=headers).json["verification_id"]
    assert client.delete(f"/verifications/{id_}", headers=headers).status_code in (200, 204)
    run_worker()
    dropped = 'app="shop",channel="sms",reason="canceled",status="dropped"'
    assert measured()[f"otp_sends_total{{{dropped}}}"] == 1


class TestByApp:
    @pytest.fixture(autouse=True)
    def _asked(self, caller):
        for number in (PHONE, OTHER_PHONE):
            caller.generate(number, headers=bearer(SHOP))
        caller.generate(headers=bearer(BANK))
        caller.verify("123456", phone="+14155550111", headers=bearer(BANK))

    def test_a_key_for_the_metrics_sees_every_app(self, measured):
        seen = measured(METRICS)
        assert seen['otp_started_total{app="shop",channel="sms"}'] == 2
        assert seen['otp_started_total{app="bank",channel="sms"}'] == 1
        assert seen['otp_checks_total{app="bank",channel="none",result="not_found"}'] == 1
        assert not [name for name in seen if 'app="*"' in name]

    def test_another_key_sees_its_own_app_and_the_others_together(self, measured):
        seen = measured(BANK)
        assert seen['otp_started_total{app="bank",channel="sms"}'] == 1
        assert seen['otp_started_total{app="*",channel="sms"}'] == 2
        assert not [name for name in seen if "shop" in name]

    def test_what_was_counted_before_there_were_apps_is_with_the_others(self, redis, measured):
        measured()
        redis.hincrby("otp:counts", "started:sms", 10)
        seen = measured()
        assert seen['otp_started_total{app="shop",channel="sms"}'] == 2
        assert seen['otp_started_total{app="*",channel="sms"}'] == 10

    def test_a_sum_of_counts_does_not_fall_when_an_app_gets_no_count(self, redis, caller, measured):
        """Because there are too many counts."""
        before = measured()
        redis.hset("otp:counts", mapping={f"country:{n}:x": 1 for n in range(4000)})
        caller.generate("+14155550112", headers=bearer(SHOP))
        caller.generate("+14155550113", headers=bearer(METRICS))
        caller.verify("123456", phone="+14155550111", headers=bearer(SHOP))
        after = measured()
        shop = 'otp_started_total{app="shop",channel="sms"}'
        assert (before[shop], after[shop]) == (2, 3)
        not_found = 'otp_checks_total{app="%s",channel="none",result="not_found"}'
        assert not_found % "shop" not in after
        assert (after[not_found % "bank"], after[not_found % "*"]) == (1, 1)


def test_durations_without_a_sum_are_shown(redis, measured):
    """An earlier version counted them."""
    redis.hset("otp:counts", mapping={"to_sent:sms:200": 3, "to_sent:sms:of a later version": 1})
    seen = measured()
    assert seen['otp_seconds_to_sent_bucket{channel="sms",le="+Inf"}'] == 3
    assert seen['otp_seconds_to_sent_count{channel="sms"}'] == 3
    assert 'otp_seconds_to_sent_sum{channel="sms"}' not in seen


def test_shows_how_long_the_first_send_has_waited(redis, caller, headers, measured):
    assert "otp_oldest_send_seconds" not in measured()
    id_ = caller.generate(headers=headers).json["verification_id"]
    seconds, _ = redis.time()
    redis.hset(f"otp:send:{id_}:1", "asked", (seconds - 40) * 1000)
    assert 40 <= measured()["otp_oldest_send_seconds"] < 45


def test_shows_each_worker_with_its_last_heartbeat(caller, headers, sender, run_worker, values):
    caller.generate(headers=headers)
    seen = {}
    sender.during = lambda message: seen.update(values())
    run_worker()
    (heard,) = [name for name in seen if name.startswith("otp_worker_heartbeat_seconds{host=")]
    assert 0 <= seen[heard] < 30


class TestGuardAndBudget:
    @pytest.fixture
    def env(self, env) -> dict[str, str]:
        return env | {
            "OTP_BUDGET": "sms:10",
            "OTP_GUARD": "block",
            "OTP_GUARD_RANGE": "2/24h",
            "OTP_APPS": 'bank = {guard = "monitor", budget = "sms:20"}',
        }

    @pytest.fixture(autouse=True)
    def _asked(self, caller):
        for key in (SHOP, BANK):
            for last in "123":
                caller.generate(PHONE[:-1] + last, headers=bearer(key))

    def test_shows_what_is_held_and_what_would_be(self, measured):
        seen = measured()
        assert seen['otp_guard_holds{app="shop",kind="range",state="held"}'] == 1
        assert seen['otp_guard_holds{app="bank",kind="range",state="monitored"}'] == 1
        assert seen['otp_refused_total{app="shop",rule="guard_range"}'] == 1

    def test_shows_what_of_the_budgets_is_used(self, measured):
        seen = measured()
        assert seen['otp_budget_used{app="shop",channel="sms"}'] == 2
        assert seen['otp_budget_limit{app="shop",channel="sms"}'] == 10
        assert seen['otp_budget_used{app="bank",channel="sms"}'] == 3
        assert seen['otp_budget_limit{app="bank",channel="sms"}'] == 20

    def test_an_app_sees_its_own(self, measured):
        seen = [name for name in measured(BANK) if name.startswith(("otp_guard", "otp_budget"))]
        assert len(seen) == 3
        assert all('app="bank"' in name for name in seen)


def test_shows_the_version_and_when_the_process_started(values):
    seen = values()
    assert seen[f'otp_build_info{{version="{VERSION}"}}'] == 1
    assert 0 <= time.time() - seen["otp_process_start_seconds"] < 60


def test_shows_requests_and_calls_of_redis(client, values):
    client.get("/health/ready")
    client.get("/health/ready")
    seen = values()
    of = 'method="GET",route="/health/ready"'
    assert seen[f'otp_http_requests_total{{{of},status="200"}}'] == 2
    assert seen[f"otp_http_request_seconds_count{{{of}}}"] == 2
    assert 0 < seen[f"otp_http_request_seconds_sum{{{of}}}"] < 10
    assert seen['otp_redis_seconds_bucket{le="+Inf"}'] == seen["otp_redis_seconds_count"] >= 2
    assert seen["otp_redis_up"] == 1
