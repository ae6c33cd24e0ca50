"""What the client asks, what it makes of the answers, and what it repeats."""

import asyncio
import pickle
import threading
from typing import Any

import pytest
from clients.python.tests.conftest import LOST, STARTED, problem, told

import sixpost as package
from sixpost import AsyncSixpost, Sixpost
from tests import own_loop

SEND = {"number": 1, "channel": "sms", "status": "queued", "reason": None, "attempts": []}


def details(status: str, reason: str | None = None) -> dict[str, Any]:
    return {"verification_id": "VE1", "sends": [SEND | {"status": status, "reason": reason}]}


def test_a_start_says_what_was_given_and_no_more(sixpost, played):
    played.will_answer(STARTED)
    started = sixpost.start(phone="+14155550123", context={"amount": "1"})
    assert (started.verification_id, started.message) == ("VE1", "Sent.")
    ((line, headers, body),) = played.asked
    assert line == "POST /generate-otp"
    assert headers["authorization"] == "Bearer a-secret-key"
    assert headers["idempotency-key"]
    assert body == {"phone": "+14155550123", "context": {"amount": "1"}}


def test_an_idempotency_key_can_be_given(sixpost, played):
    played.will_answer(STARTED)
    sixpost.start(email="ada@example.com", idempotency_key="order-1")
    assert played.asked[0][1]["idempotency-key"] == "order-1"


def test_fields_of_another_version_do_no_harm(sixpost, played):
    attempt = {"sender": "twilio", "status": "accepted", "new": 1}
    send = SEND | {"attempts": [attempt], "new": 1}
    workflow = [{"channel": "whatsapp", "wait": 30, "new": 1}, {"channel": "sms"}]
    told_by_another = {"sends": [send], "workflow": workflow, "new": [{}]}
    played.will_answer(told_by_another, {"sends": [send]})
    found = sixpost.get("VE1")
    assert [(step.channel, step.wait) for step in found.workflow] == [
        ("whatsapp", 30),
        ("sms", None),
    ]
    assert sixpost.get("VE1").workflow is None
    assert found.sends[0].attempts[0].sender == "twilio"
    assert found.expires_in is None
    assert not hasattr(found, "new")


def test_an_error_is_an_exception_with_its_facts(sixpost, played):
    played.will_answer(problem("incorrect_code", 400, checks_left=4, type="/docs"))
    with pytest.raises(package.IncorrectCode, match="In words") as raised:
        sixpost.check(otp="123456", verification_id="VE1")
    error = pickle.loads(pickle.dumps(raised.value))
    assert (error.code, error.status, error.checks_left) == ("incorrect_code", 400, 4)
    assert (error.retry_after, error.detail) == (None, "In words.")


def test_an_error_of_a_newer_version_is_told_by_its_code(sixpost, played):
    played.will_answer(problem("brand_new", 429, wait=60))
    with pytest.raises(package.SixpostError) as raised:
        sixpost.start(phone="+14155550123")
    assert (raised.value.code, raised.value.retry_after) == ("brand_new", 60)


@pytest.mark.parametrize(
    "answer",
    [
        told(b"<html>", 502),
        told(b"<html>", 200),
        told(b"[]", 404),
        told({"code": 1, "detail": ""}, 400),
        told({}, 302, Location="http://127.0.0.1:1/"),
    ],
)
def test_something_else_that_answers_is_told_apart(sixpost, played, answer):
    played.will_answer(answer)
    with pytest.raises(package.UnexpectedAnswer) as raised:
        sixpost.check(otp="123456", verification_id="VE1")
    assert raised.value.code == "unexpected_answer"
    assert len(played.asked) == 1


def test_a_start_is_repeated_with_one_key(sixpost, played, pauses):
    played.will_answer(LOST, problem("storage_unavailable", 503, wait=0), STARTED)
    assert sixpost.start(phone="+14155550123").verification_id == "VE1"
    assert len(played.asked) == 3
    assert 0.2 <= pauses[0] <= 0.8
    assert pauses[1:] == [0]
    assert len({headers["idempotency-key"] for _, headers, _ in played.asked}) == 1


def test_a_start_is_tried_three_times(sixpost, played):
    played.will_answer(problem("storage_unavailable", 503, wait=0))
    with pytest.raises(package.StorageUnavailable):
        sixpost.start(phone="+14155550123")
    assert len(played.asked) == 3


def test_a_long_wait_is_left_to_the_caller(sixpost, played):
    played.will_answer(problem("delivery_backlog", 503, wait=60))
    with pytest.raises(package.DeliveryBacklog) as raised:
        sixpost.start(phone="+14155550123")
    assert (raised.value.retry_after, len(played.asked)) == (60, 1)


@pytest.mark.parametrize("call", ["check", "cancel"])
def test_what_may_have_taken_effect_is_not_repeated(sixpost, played, call):
    played.will_answer(LOST)
    calls = {
        "check": lambda: sixpost.check(otp="123456", verification_id="VE1"),
        "cancel": lambda: sixpost.cancel("VE1"),
    }
    with pytest.raises(package.NoAnswer) as raised:
        calls[call]()
    assert (raised.value.code, len(played.asked)) == ("no_answer", 1)


def test_a_check_that_had_no_effect_is_repeated(sixpost, played):
    approved = {"verified": True, "verification_id": "VE1", "receipt": "a.secret.receipt"}
    played.will_answer(problem("storage_unavailable", 503, wait=0), approved)
    checked = sixpost.check(otp="123456", verification_id="VE1")
    assert checked.verified
    assert "secret" not in repr(checked)


def test_an_answer_that_does_not_come_ends_with_the_timeout(played):
    silent = threading.Event()
    played.answers = [Waiting(silent)]
    client = Sixpost(played.url, timeout=0.05)
    with pytest.raises(package.NoAnswer, match="imeout"):
        client.check(otp="123456", verification_id="VE1")
    silent.set()
    client.close()


class Waiting:
    """An answer that comes when the test has ended."""

    def __init__(self, until: threading.Event) -> None:
        self.until = until

    def __iter__(self):
        self.until.wait(10)
        return iter(LOST)


def test_half_an_answer_is_none(sixpost, played):
    played.will_answer(told(b"{}", Content_Length="100", Connection="close"))
    with pytest.raises(package.NoAnswer, match="IncompleteRead"):
        sixpost.check(otp="123456", verification_id="VE1")


def test_waiting_ends_when_a_provider_has_accepted(sixpost, played, pauses):
    played.will_answer(details("queued"), details("sent"))
    assert sixpost.wait_until_sent("VE1").sends[0].status == "sent"
    assert pauses == [0.5]


@pytest.mark.parametrize(("status", "timeout"), [("failed", 30), ("queued", 0)])
def test_waiting_says_that_nothing_was_sent(sixpost, played, status, timeout):
    played.will_answer(details(status, "no_sender"))
    with pytest.raises(package.NotSent, match="no_sender") as raised:
        sixpost.wait_until_sent("VE1", timeout)
    assert raised.value.verification.sends[0].status == status


def test_an_id_cannot_lead_elsewhere(sixpost, played):
    for verification_id in ("..", "VE1/../x", "VE1?a", "", "VE1\r\nHost: x", "VÉ1"):
        with pytest.raises(ValueError, match="ID"):
            sixpost.cancel(verification_id)
    assert not played.asked


def test_the_key_shows_nowhere(played):
    client = Sixpost(played.url, "a-secret-key")
    assert "secret" not in repr(client)
    for key in ("a secret", "secret\r\nX: y", "secreté"):
        with pytest.raises(ValueError, match="visible ASCII") as raised:
            Sixpost(played.url, key)
        assert "secret" not in str(raised.value)


def test_nothing_is_logged(sixpost, played, caplog, capfd):
    played.will_answer(STARTED, problem("incorrect_code", 400))
    with caplog.at_level(0):
        sixpost.start(phone="+14155550123")
        with pytest.raises(package.IncorrectCode):
            sixpost.check(otp="123456", verification_id="VE1")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_asyncio_has_the_same_calls(played):
    async def call() -> None:
        client = AsyncSixpost(played.url, "a-secret-key", timeout=2)
        played.will_answer(STARTED)
        started = await asyncio.gather(*(client.start(phone="+14155550123") for _ in range(8)))
        assert {one.verification_id for one in started} == {"VE1"}
        played.will_answer(details("queued"), details("sent"))
        assert (await client.wait_until_sent("VE1")).sends[0].status == "sent"
        played.will_answer(problem("incorrect_code", 400))
        with pytest.raises(package.IncorrectCode):
            await client.check(otp="123456", verification_id="VE1")
        played.will_answer(told(b"", 204))
        await client.cancel("VE1")
        assert "secret" not in repr(client)
        client.close()

    own_loop.run(call())


def test_a_call_of_asyncio_can_be_canceled_while_the_service_is_silent(played):
    silent = threading.Event()
    played.answers = [Waiting(silent)]

    async def call() -> None:
        client = AsyncSixpost(played.url, timeout=2)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get("VE1"), 0.05)
        client.close()
        silent.set()

    own_loop.run(call())
