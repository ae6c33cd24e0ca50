"""The provider of the benchmark, as the workers that are measured reach it."""

import time

import pytest

from bench import peers, recorder
from bench.provider import Provider
from tests.worker.senders.conftest import make_message
from worker.senders.webhook import WebhookSender


@pytest.fixture
def records(tmp_path):
    return tmp_path / "records"


@pytest.fixture
def provider(tmp_path, records):
    with Provider(tmp_path, records) as provider:
        yield provider


def sent(records):
    return [(one.to, one.code) for one in recorder.read(records.read_bytes())]


def test_the_worker_s_sender_and_a_stock_job_send_the_same(provider, records, monkeypatch):
    sender = WebhookSender.from_url(provider.env()["OTP_SMS_SENDERS"])
    monkeypatch.setenv("BENCH_PROVIDER", provider.env()["BENCH_PROVIDER"])
    sender.send(make_message(to="+12025550123", code="123456"))
    sender.send(make_message(to="+12025550124", code="234567"))
    peers.deliver("+12025550125", "345678")
    assert sent(records) == [
        ("+12025550123", "123456"),
        ("+12025550124", "234567"),
        ("+12025550125", "345678"),
    ]


def test_takes_its_time_and_records_when_the_request_came(provider, records):
    sender = WebhookSender.from_url(provider.env(0.05)["OTP_SMS_SENDERS"])
    begin = time.time()
    sender.send(make_message())
    (taken,) = recorder.read(records.read_bytes())
    assert begin < taken.at <= time.time() - 0.05
