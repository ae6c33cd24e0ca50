"""The whole path: by HTTP through Redis and real workers to the console or a mail server."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from http.client import HTTPException
from itertools import count
from threading import Event
from typing import Self

import pytest
from aiosmtpd.controller import Controller

from tests.e2e.conftest import Service, wait_for
from tests.redis_servers import free_port
from tests.user import wrong

_lines = count(2_000_000)


def new_phone() -> str:
    """A number that no other test has used."""
    return f"+1212{next(_lines)}"


def new_email() -> str:
    return f"flow.{next(_lines)}@example.com"


class Mailbox:
    """A mail server that takes everything, once it is open."""

    def __init__(self) -> None:
        self.is_open = Event()
        self.arriving: list[str] = []
        self.mails: list[bytes] = []
        self._server = Controller(self, hostname="127.0.0.1", port=free_port())
        self.url = f"smtp://127.0.0.1:{self._server.port}?from=otp@example.com&tls=none"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        self.arriving += envelope.rcpt_tos
        await asyncio.to_thread(self.is_open.wait, 10)
        self.mails.append(envelope.content)
        return "250 taken"

    def recipients(self) -> list[str]:
        return [message_from_bytes(mail)["To"] for mail in self.mails]


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def mail_service(start_service, mailbox) -> Iterator[Service]:
    service = start_service(
        OTP_EMAIL_SENDERS=mailbox.url, OTP_ALLOW_OPEN="true", WORKER_CONCURRENCY="4"
    )
    yield service
    service.stop()


def is_sent(service: Service, verification_id: str) -> bool:
    sends = service.call("GET", f"/verifications/{verification_id}").body["sends"]
    return [send["status"] for send in sends] == ["sent"]


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "call", "email"])
def test_a_code_goes_out_is_typed_and_is_used_up(service, channel):
    to, who = (new_email(),) * 2 if channel == "email" else (new_phone(),) * 2
    field = "email" if channel == "email" else "phone"
    started = service.call("POST", "/generate-otp", {field: who, "channel": channel})
    assert started.status == 202
    verification_id, masked = started.body["verification_id"], started.body["to"]
    assert started.body == {
        "verification_id": verification_id,
        "status": "pending",
        "channel": channel,
        "to": masked,
        "expires_in": 300,
        "resend_in": 30,
        "checks_left": 5,
        "sends_left": 4,
        "message": started.body["message"],
    }
    assert "***" in masked
    assert who not in started.content.decode()

    code = service.code_for(to)
    wait_for(lambda: is_sent(service, verification_id))
    pending = service.call("GET", f"/verifications/{verification_id}").body
    assert (pending["status"], pending["channel"], pending["to"]) == ("pending", channel, masked)
    (attempt,) = pending["sends"][0]["attempts"]
    assert (attempt["sender"], attempt["status"], attempt["error"]) == ("console", "accepted", None)

    mistyped = service.call("POST", "/verify-otp", {field: who, "otp": wrong(code)})
    assert (mistyped.status, mistyped.code) == (400, "incorrect_code")
    assert mistyped.body["checks_left"] == 4

    typed = service.call("POST", "/verify-otp", {field: who, "otp": f"{code[:3]} {code[3:]}"})
    assert typed.status == 200
    assert typed.body == {
        "verified": True,
        "status": "approved",
        "verification_id": verification_id,
        "channel": channel,
        "to": masked,
        "message": typed.body["message"],
    }
    again = service.call("POST", "/verify-otp", {field: who, "otp": code})
    assert (again.status, again.code) == (404, "verification_not_found")
    approved = service.call("GET", f"/verifications/{verification_id}").body
    assert (approved["status"], approved["checks_left"]) == ("approved", 3)
    assert [line["channel"] for line in service.sent() if line["to"] == to] == [channel]


def test_a_mail_arrives_with_the_code(mail_service, mailbox):
    mailbox.is_open.set()
    to = new_email()
    started = mail_service.call("POST", "/generate-otp", {"email": to.upper()}).body
    wait_for(lambda: is_sent(mail_service, started["verification_id"]))
    (mail,) = [mail for mail in map(message_from_bytes, mailbox.mails) if mail["To"] == to]
    code = re.search(r"\b\d{6}\b", mail.get_payload(0).get_payload())[0]
    by_id = {"verification_id": started["verification_id"], "otp": code}
    assert mail_service.call("POST", "/verify-otp", by_id).status == 200
    verification = mail_service.call("GET", f"/verifications/{started['verification_id']}").body
    (attempt,) = verification["sends"][0]["attempts"]
    assert (attempt["sender"], attempt["provider_id"]) == ("smtp", mail["Message-ID"])


def test_nothing_is_sent_after_a_cancel(service):
    to = new_phone()
    with service.worker.paused():
        started = service.call("POST", "/generate-otp", {"phone": to}).body
        path = f"/verifications/{started['verification_id']}"
        assert service.call("DELETE", path).status == 204
        assert service.call("DELETE", path).status == 404
    wait_for(lambda: service.call("GET", path).body["sends"][0]["status"] == "dropped")
    canceled = service.call("GET", path).body
    assert (canceled["status"], canceled["sends"][0]["reason"]) == ("canceled", "canceled")
    assert service.call("POST", "/verify-otp", {"phone": to, "otp": "000000"}).status == 404
    assert to not in [line["to"] for line in service.sent()]

    anew = service.call("POST", "/generate-otp", {"phone": to})
    assert anew.status == 202
    assert anew.body["verification_id"] != started["verification_id"]


def test_three_workers_share_the_work(start_service):
    service = start_service()
    workers = [service.worker, service.start_worker(), service.start_worker()]
    for worker in workers:
        worker.wait_for_event("worker_started")
    phones = [new_phone() for _ in range(300)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda to: service.call("POST", "/generate-otp", {"phone": to}), phones)
    assert {answer.status for answer in answers} == {202}
    wait_for(lambda: len(service.sent()) >= len(phones))
    assert Counter(line["to"] for line in service.sent()) == Counter(phones)
    shares = [worker.log.read_text().count("console-sender") for worker in workers]
    assert min(shares) > 0, shares
    service.stop()


def test_a_stopped_worker_finishes_what_it_has_begun(mail_service, mailbox):
    mailbox.is_open.clear()
    mailbox.mails.clear()
    mailbox.arriving.clear()
    people = [new_email() for _ in range(20)]
    ids = [
        mail_service.call("POST", "/generate-otp", {"email": to}).body["verification_id"]
        for to in people
    ]
    wait_for(lambda: len(mailbox.arriving) == 4)
    mail_service.worker.process.terminate()
    mailbox.is_open.set()
    begin = time.monotonic()
    assert mail_service.worker.wait_for_end() == 0
    assert time.monotonic() - begin < 10
    assert Counter(mailbox.recipients()) == Counter(mailbox.arriving)
    assert len(mailbox.mails) < len(people)

    mail_service.start_worker()
    wait_for(lambda: all(is_sent(mail_service, verification_id) for verification_id in ids))
    assert Counter(mailbox.recipients()) == Counter(people)


def test_a_stopped_api_answers_what_it_has_begun(start_service):
    service = start_service()
    answered = []

    def ask_until_it_is_gone() -> None:
        while True:
            to = new_phone()
            try:
                answer = service.call("POST", "/generate-otp", {"phone": to})
            except (OSError, HTTPException):
                return
            assert answer.status == 202
            answered.append(to)

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask_until_it_is_gone) for _ in range(8)]
        wait_for(lambda: len(answered) >= 200)
        begin = time.monotonic()
        assert service.api.stop() == 0
        assert time.monotonic() - begin < 10
    for future in asking:
        future.result()
    wait_for(lambda: len(service.sent()) >= len(answered))
    service.worker.stop()
    assert Counter(line["to"] for line in service.sent()) == Counter(answered)
    service.stop()
