"""GET /metrics: the value of everything that docs/operations.md lists."""

import base64
import json
import re
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from shared import signatures
from shared.delivery.ledger import BREAKER_FAILURES, BREAKER_OPEN_SECONDS
from tests.fakes import DirectDeliverer, FakeSender, outlets
from tests.user import PHONE, wrong
from worker.senders.base import DeliveryError

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
KEY = b"k" * 32


@pytest.fixture
def env() -> dict[str, str]:
    return {
        "OTP_API_KEYS": f"shop:{'s' * 40}",
        "OTP_PUBLIC_URL": "https://otp.example.com",
        "OTP_SMS_SENDERS": f"webhook://whsec_{base64.b64encode(KEY).decode()}@gateway.example.com",
        "OTP_LIMIT_IP": "none",
        "OTP_WEBHOOK_URL": "https://shop.example/events",
        "OTP_WEBHOOK_SECRET": f"whsec_{base64.b64encode(KEY).decode()}",
    }


@pytest.fixture
def headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {'s' * 40}"}


@pytest.fixture
def deliverer(ledger, codes, sender: FakeSender) -> DirectDeliverer:
    """Its senders have the names that the API expects of these settings."""
    return DirectDeliverer(ledger, codes, outlets({"sms": {"webhook": sender}}))


@pytest.fixture
def samples(client, headers):
    def samples() -> list[Sample]:
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.get_data(as_text=True))
        return [sample for family in families for sample in family.samples]

    return samples


@pytest.fixture
def measured(samples):
    """Every value that is not 0 by its name and labels, as Prometheus writes them."""
    return lambda: {
        sample.name + _labels(sample.labels): sample.value for sample in samples() if sample.value
    }


def _labels(labels: dict[str, str]) -> str:
    text = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return text and f"{{{text}}}"


def buckets(name: str, seconds: tuple[str, ...]) -> dict[str, float]:
    """A histogram of one event, which is in all buckets that are at least as long."""
    return {f'{name}_bucket{{channel="sms",le="{bound}"}}': 1 for bound in seconds}


def report_delivered(client, verification_id: str) -> None:
    body = json.dumps({"status": "delivered"}).encode()
    timestamp = str(int(time.time()))
    answer = client.post(
        f"/receipts/webhook?send={verification_id}-1&attempt=1",
        data=body,
        content_type="application/json",
        headers={
            "webhook-id": "msg-1",
            "webhook-timestamp": timestamp,
            "webhook-signature": signatures.standard_webhook(KEY, "msg-1", timestamp, body),
        },
    )
    assert answer.status_code == 204


@pytest.fixture
def use(client, caller, headers, clock, sender, run_worker):
    """One start, a refused one, one delivery that takes 1.5 s and is reported later, a wrong code,
    the right one after 30 s, and one that is not pending any more."""

    def use() -> None:
        started = caller.generate(headers=headers)
        assert caller.generate(headers=headers).status_code == 429
        sender.during = lambda message: clock.shift(1.5)
        run_worker()
        report_delivered(client, started.json["verification_id"])
        assert caller.verify(wrong(caller.code(started)), headers=headers).status_code == 400
        clock.shift(30)
        assert caller.verify(caller.code(started), headers=headers).status_code == 200
        assert caller.verify("123456", headers=headers).status_code == 404

    return use


@pytest.fixture
def open_breaker(caller, headers, sender, run_worker):
    def open_breaker() -> None:
        sender.failures = [DeliveryError("transient", "down")] * BREAKER_FAILURES
        for n in range(BREAKER_FAILURES):
            caller.generate(f"{PHONE[:-2]}{10 + n}", headers=headers)
            run_worker()

    return open_breaker


def test_counts_one_start_one_delivery_a_wrong_and_a_right_check_and_one_refusal(use, measured):
    assert measured() == {}
    use()
    assert measured() == {
        'otp_started_total{channel="sms"}': 1,
        'otp_sends_requested_total{channel="sms"}': 1,
        'otp_country_total{country="US",what="requested"}': 1,
        'otp_country_total{country="US",what="approved"}': 1,
        'otp_refused_total{rule="resend"}': 1,
        'otp_sends_total{channel="sms",reason="",status="sent"}': 1,
        'otp_receipts_total{channel="sms",outcome="delivered",sender="webhook"}': 1,
        'otp_delivery_attempts_total{channel="sms",result="accepted",sender="webhook"}': 1,
        'otp_checks_total{channel="sms",result="incorrect"}': 1,
        'otp_checks_total{channel="sms",result="approved"}': 1,
        'otp_checks_total{channel="none",result="not_found"}': 1,
        # Started, accepted, delivered and approved. Nobody has delivered them yet.
        'otp_webhook_events_total{result="written"}': 4,
        "otp_webhook_oldest_seconds": pytest.approx(31.5, abs=0.1),
        **buckets(
            "otp_seconds_to_sent",
            ("2", "5", "10", "20", "50", "100", "200", "500", "+Inf"),
        ),
        **buckets("otp_seconds_to_approved", ("50", "100", "200", "500", "+Inf")),
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
    assert measured()['otp_sends_total{channel="sms",reason="canceled",status="dropped"}'] == 1


def test_the_documentation_lists_every_metric_with_its_labels(use, open_breaker, samples):
    use()
    open_breaker()
    shown = {sample.name.removesuffix("_bucket"): set(sample.labels) for sample in samples()}
    row = re.compile(r"^\| `(otp_\w+)` \|([^|]*)\|", re.MULTILINE)
    listed = {
        name: set(re.findall(r"`(\w+)`", labels))
        for name, labels in row.findall(OPERATIONS.read_text(encoding="utf-8"))
    }
    assert listed == shown
