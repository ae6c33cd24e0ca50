"""What Prometheus reads of an API with two apps."""

import base64
import json
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from shared import signatures
from shared.delivery.ledger import BREAKER_FAILURES
from tests.fakes import DirectDeliverer, FakeSender, outlets
from tests.user import PHONE, wrong
from worker.senders.base import DeliveryError

KEY = b"k" * 32
SHOP, BANK, METRICS = "s" * 40, "b" * 40, "m" * 40
# The process's own, and what it counts of itself: not the same in two runs.
OF_THE_PROCESS = ("otp_build_", "otp_process_", "otp_http_", "otp_redis_")


@pytest.fixture
def env() -> dict[str, str]:
    return {
        "OTP_API_KEYS": f"shop:{SHOP} bank:{BANK} metrics:{METRICS}",
        "OTP_PUBLIC_URL": "https://otp.example.com",
        "OTP_SMS_SENDERS": f"webhook://whsec_{base64.b64encode(KEY).decode()}@gateway.example.com",
        "OTP_LIMIT_IP": "none",
        "OTP_WEBHOOK_URL": "https://shop.example/events",
        "OTP_WEBHOOK_SECRET": f"whsec_{base64.b64encode(KEY).decode()}",
    }


@pytest.fixture
def headers() -> dict[str, str]:
    return bearer(SHOP)


@pytest.fixture
def deliverer(ledger, codes, sender: FakeSender) -> DirectDeliverer:
    """Its senders have the names that the API expects of these settings."""
    return DirectDeliverer(ledger, codes, outlets({"sms": {"webhook": sender}}))


@pytest.fixture
def samples(client):
    def samples(key: str = METRICS) -> list[Sample]:
        answer = client.get("/metrics", headers=bearer(key))
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.get_data(as_text=True))
        return [sample for family in families for sample in family.samples]

    return samples


@pytest.fixture
def values(samples):
    """Every value by its name and labels, as Prometheus writes them."""
    return lambda key=METRICS: {
        sample.name + _labels(sample.labels): sample.value for sample in samples(key)
    }


@pytest.fixture
def measured(values):
    """What has happened to verifications, and what is the case: every value that is not 0."""
    return lambda key=METRICS: {
        name: value
        for name, value in values(key).items()
        if value and not name.startswith(OF_THE_PROCESS)
    }


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _labels(labels: dict[str, str]) -> str:
    text = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return text and f"{{{text}}}"


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
