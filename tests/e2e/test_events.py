"""Events to the backend of an app, from a real API and real workers, of which some are killed."""

import base64
import json
from collections import Counter
from collections.abc import Iterator

import pytest

from docs.example.check_event import check_event
from tests.e2e.conftest import wait_for
from worker.senders.conformance.servers import HttpServer, Reply, Request, serving

SECRET = "whsec_" + base64.b64encode(b"0" * 24).decode()
VERIFICATIONS = 20


@pytest.fixture
def backend() -> Iterator[tuple[str, HttpServer]]:
    """It fails the first attempt of every seventh event."""
    seen: Counter[str] = Counter()

    def answer(request: Request) -> Reply:
        event_id = request.headers["webhook-id"]
        seen[event_id] += 1
        is_bad = int(event_id[2:10], 16) % 7 == 0 and seen[event_id] == 1
        return Reply(status=503 if is_bad else 204)

    server = HttpServer(answer)
    with serving(server) as address:
        yield address, server


def start(service, number: int) -> str:
    answer = service.call("POST", "/generate-otp", {"phone": f"+1415555{1000 + number}"})
    assert answer.status == 202
    return str(answer.body["verification_id"])


def approve(service, number: int, verification_id: str) -> None:
    code = service.code_for(f"+1415555{1000 + number}")
    body = {"verification_id": verification_id, "otp": code}
    assert service.call("POST", "/verify-otp", body).status == 200


def test_every_event_arrives_although_workers_and_api_are_killed(start_service, backend):
    address, server = backend
    service = start_service(
        OTP_WEBHOOK_URL=f"http://{address}/",
        OTP_WEBHOOK_SECRET=SECRET,
        OTP_WEBHOOK_ALLOW="127.0.0.1",
        OTP_LIMIT_TO="none",
    )
    started = {}
    for number in range(VERIFICATIONS):
        started[number] = start(service, number)
        if number % 10 == 5:
            approve(service, number, started[number])
            service.worker.kill()
            service.worker = service.start_worker()
        if number == VERIFICATIONS // 2:
            service.api.stop()
            service.start_api()
            wait_for(service.is_up)
    for number, verification_id in started.items():
        if number % 10 != 5:
            approve(service, number, verification_id)

    def arrived() -> set[tuple[str, str]]:
        events = [json.loads(request.body) for request in list(server.requests)]
        return {(event["data"]["verification_id"], event["type"]) for event in events}

    expected = {
        (verification_id, event_type)
        for verification_id in started.values()
        for event_type in ("verification.started", "send.accepted", "verification.approved")
    }
    wait_for(lambda: expected <= arrived(), timeout=60)
    bodies: dict[str, set[bytes]] = {}
    for request in server.requests:
        check_event(request.headers, request.body, SECRET)
        bodies.setdefault(request.headers["webhook-id"], set()).add(request.body)
    # Whatever was repeated said the same by the same id.
    assert all(len(said) == 1 for said in bodies.values())
    assert len(bodies) == len(expected)
