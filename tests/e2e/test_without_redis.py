"""The API and the worker start and stop while Redis is away, and each says once that it has gone or
come back."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Program, Service, wait_for


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    service = start_service()
    yield service
    service.stop()


def test_a_worker_that_starts_before_redis_waits_for_it(service):
    assert service.worker.stop() == 0
    service.redis_server.kill()
    try:
        service.worker = service.start_worker()
        service.worker.wait_for_event("redis_away")
    finally:
        service.redis_server.start()
    service.worker.wait_for_event("worker_started")
    phone = "+12175550101"
    wait_for(lambda: service.call("POST", "/generate-otp", {"phone": phone}).status == 202)
    assert service.code_for(phone)


def test_an_api_that_starts_before_redis_says_so_until_it_is_there(service):
    assert service.api.stop() == 0
    service.redis_server.kill()
    phone = "+12175550102"
    try:
        service.start_api()
        wait_for(lambda: service.is_up("live"))
        assert not service.is_up("ready")
        answer = service.call("POST", "/generate-otp", {"phone": phone})
        assert (answer.status, answer.code) == (503, "storage_unavailable")
    finally:
        service.redis_server.start()
    wait_for(lambda: service.call("POST", "/generate-otp", {"phone": phone}).status == 202, 2)
    assert service.code_for(phone)


def test_all_can_be_stopped_while_redis_is_away(start_service):
    service = start_service()
    service.redis_server.kill()
    service.worker.wait_for_event("redis_away")
    for program in (service.api, service.worker):
        begin = time.monotonic()
        assert program.stop() == 0
        assert time.monotonic() - begin < 10
    service.stop()


def events(program: Program) -> list[dict[str, str]]:
    lines = program.log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def metrics(service: Service) -> str:
    answer = service.call("GET", "/metrics")
    assert answer.status == 200
    return answer.content.decode()


def test_each_change_is_a_warning_once_per_process(start_service):
    service = start_service(API_PROCESSES="1")
    service.redis_server.kill()
    for path in ("/health/ready", "/verifications/VE" + "0" * 32) * 6:
        assert service.call("GET", path).status == 503
    assert "\notp_redis_up 0.0\n" in metrics(service)
    service.redis_server.start()
    wait_for(lambda: "\notp_redis_up 1.0\n" in metrics(service))
    assert service.is_up()
    service.call("GET", "/openapi.json")
    assert service.api.stop() == 0
    # What was answered meanwhile, and last.
    counted = service.redis.hgetall("otp:counts:api")
    assert counted[b"requests:GET:503:/health/ready"] == b"6"
    assert counted[b"requests:GET:200:/openapi.json"] == b"1"
    lines = events(service.api)
    changes = [(line["level"], line["event"]) for line in lines if line["logger"] == "otp.redis"]
    assert changes == [("warning", "redis_unreachable"), ("warning", "redis_reachable")]
    others = [line["event"] for line in lines if line["event"].startswith("api_")]
    assert others == ["api_started", "api_stopped"]
    service.worker.wait_for_event("redis_back")
    started = next(line for line in events(service.worker) if line["event"] == "worker_started")
    assert started["version"] == next(line for line in lines if "version" in line)["version"]
    service.stop()
