"""500 requests at the same time, against four API processes. Redis and the logs must agree with
what was answered."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse
from itertools import count
from socket import create_connection
from typing import NamedTuple

import pytest

from tests.e2e.conftest import Service, wait_for
from tests.user import wrong

AT_ONCE = 500
ROUNDS = 20
MAX_CHECKS = 5

_lines = count(2_000_000)


def fire(service: Service, path: str, bodies: list[dict[str, str]]) -> Counter[str]:
    """How many answers there were of each status and problem code. All requests are on the wire
    before the first answer is read, which sets more of them against each other than threads would
    that take turns here."""
    requests = [_request(path, body) for body in bodies]
    answers: Counter[str] = Counter()
    with ExitStack() as connections:
        # New ones each time, because the service ends those that say nothing for five seconds.
        sockets = [create_connection(("127.0.0.1", service.port), 30) for _ in requests]
        for socket in sockets:
            connections.enter_context(socket)
        for socket, request in zip(sockets, requests, strict=True):
            socket.sendall(request)
        for socket in sockets:
            with HTTPResponse(socket) as response:
                response.begin()
                body = json.loads(response.read())
            answers[f"{response.status} {body.get('code', body['status'])}"] += 1
    return answers


def _request(path: str, body: dict[str, str]) -> bytes:
    content = json.dumps(body)
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n{content}"
    ).encode()


class Started(NamedTuple):
    verification_id: str
    phone: str
    code: str


@pytest.fixture(scope="module")
def service(start_service) -> Iterator[Service]:
    service = start_service(API_PROCESSES="4")
    yield service
    service.stop()


@pytest.fixture
def verifications(service) -> list[Started]:
    """One for each round. No wrong code has been typed so far."""
    service.redis.delete(*service.redis.keys("otp:failed:*"), "")
    phones = [f"+1213{next(_lines)}" for _ in range(ROUNDS)]
    answers = [service.call("POST", "/generate-otp", {"phone": phone}) for phone in phones]
    return [
        Started(answer.body["verification_id"], phone, service.code_for(phone))
        for answer, phone in zip(answers, phones, strict=True)
    ]


def failed_checks(service: Service) -> list[int]:
    """How many wrong codes Redis has counted per recipient."""
    return [service.redis.llen(key) for key in service.redis.keys("otp:failed:*")]


def approvals(service: Service) -> Counter[str]:
    """By verification, how often the API says in its log that it has approved it."""
    lines = map(json.loads, service.api.log.read_text(encoding="utf-8").splitlines())
    return Counter(
        line["verification_id"] for line in lines if line["event"] == "verification_approved"
    )


def look(service: Service, verification_id: str) -> tuple[str, int]:
    """The status of a verification, and the checks that it has left."""
    body = service.call("GET", f"/verifications/{verification_id}").body
    return body["status"], body["checks_left"]


def test_a2_of_many_right_codes_one_is_approved(service, verifications, figure):
    for _, phone, code in verifications:
        answers = fire(service, "/verify-otp", [{"phone": phone, "otp": code}] * AT_ONCE)
        assert answers == {"200 approved": 1, "404 verification_not_found": AT_ONCE - 1}
    logged = approvals(service)
    for verification_id, _, _ in verifications:
        assert look(service, verification_id) == ("approved", MAX_CHECKS - 1)
        assert logged[verification_id] == 1
        assert not service.redis.exists(f"otp:code:{verification_id}")
    assert failed_checks(service) == []
    figure(f"{AT_ONCE} right codes at once, {ROUNDS} times: approved", "exactly 1")


def test_a2_of_many_wrong_codes_five_are_compared(service, verifications, figure):
    for _, phone, code in verifications:
        answers = fire(service, "/verify-otp", [{"phone": phone, "otp": wrong(code)}] * AT_ONCE)
        assert answers == {
            "400 incorrect_code": MAX_CHECKS,
            "429 too_many_checks": AT_ONCE - MAX_CHECKS,
        }
    assert failed_checks(service) == [MAX_CHECKS] * ROUNDS
    for verification_id, phone, code in verifications:
        assert look(service, verification_id) == ("max_attempts_reached", 0)
        right = service.call("POST", "/verify-otp", {"phone": phone, "otp": code})
        assert (right.status, right.code) == (429, "too_many_checks")
    figure(f"{AT_ONCE} wrong codes at once, {ROUNDS} times: compared", f"exactly {MAX_CHECKS}")


def test_a2_a_right_code_among_many_wrong_ones_counts_like_them(service, verifications, figure):
    approved = []
    for place, (verification_id, phone, code) in enumerate(verifications):
        codes = [wrong(code)] * AT_ONCE
        codes[place] = code
        answers = fire(service, "/verify-otp", [{"phone": phone, "otp": c} for c in codes])
        compared = answers["400 incorrect_code"] + answers["200 approved"]
        if answers["200 approved"]:
            assert answers["200 approved"] == 1
            assert compared <= MAX_CHECKS
            assert answers["404 verification_not_found"] == AT_ONCE - compared
            assert look(service, verification_id) == ("approved", MAX_CHECKS - compared)
            approved.append(verification_id)
        else:
            assert compared == MAX_CHECKS
            assert answers["429 too_many_checks"] == AT_ONCE - MAX_CHECKS
            assert look(service, verification_id) == ("max_attempts_reached", 0)
    logged = approvals(service)
    assert [v for v, _, _ in verifications if logged[v]] == approved
    assert failed_checks(service) == [MAX_CHECKS] * (ROUNDS - len(approved))
    figure(
        f"{AT_ONCE - 1} wrong codes and the right one, {ROUNDS} times: compared",
        f"at most {MAX_CHECKS}; approved in {len(approved)}",
    )


def test_a13_of_many_starts_one_message_goes_out(service, figure):
    phones = [f"+1213{next(_lines)}" for _ in range(ROUNDS)]
    known = set(service.redis.keys("otp:verification:*"))
    for phone in phones:
        answers = fire(service, "/generate-otp", [{"phone": phone}] * AT_ONCE)
        assert answers == {"202 pending": 1, "429 rate_limited": AT_ONCE - 1}
    new = set(service.redis.keys("otp:verification:*")) - known
    assert len(new) == ROUNDS
    wait_for(lambda: not service.redis.zcard("otp:due"))
    for key in new:
        verification_id = key.decode().rpartition(":")[2]
        (send,) = service.call("GET", f"/verifications/{verification_id}").body["sends"]
        assert (send["status"], len(send["attempts"])) == ("sent", 1)
    messages = Counter(line["to"] for line in service.sent())
    assert [messages[phone] for phone in phones] == [1] * ROUNDS
    figure(f"{AT_ONCE} starts for one number at once, {ROUNDS} times: messages", "exactly 1")
