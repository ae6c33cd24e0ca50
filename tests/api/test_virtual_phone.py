"""The virtual phone: who sees it, and that it is the same delivery as everywhere."""

import re

import pytest
from flask import Flask

from api import create_app
from api.keys import file as key_file
from tests.api.admin.conftest import PASSWORD, Browser
from tests.clock import clock_of
from worker.__main__ import create_worker

SMTP = "smtp://localhost?from=otp@example.com"
KEYS = "shop:" + "k" * 32


@pytest.fixture
def app(settings, redis) -> Flask:
    return create_app(settings, redis)


@pytest.fixture
def clock(redis):
    with clock_of(redis) as clock:
        yield clock


@pytest.fixture
def run_worker(settings, redis, capsys):
    return lambda: create_worker(settings, redis).run(burst=True)


@pytest.fixture
def look(client):
    """The messages on the phone, as its page gets them."""
    return lambda: client.get("/phone/messages").json["messages"]


@pytest.fixture
def send_of(client):
    """The only send of a started verification."""

    def send_of(started):
        (send,) = client.get(f"/verifications/{started.json['verification_id']}").json["sends"]
        return send

    return send_of


# Ten digits occur nowhere by chance.
@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "10"}])
@pytest.mark.parametrize(
    ("asked", "subject", "text"),
    [
        ({}, "123456 is your OTP code", "123456 is your OTP code."),
        ({"channel": "whatsapp"}, "123456 is your OTP code", "123456 is your OTP code."),
        ({"channel": "call", "locale": "de"}, "", "Ihr Code für OTP lautet 1, 2, 3, 4, 5, 6."),
        ({"email": "ada@example.com"}, "123456 is your OTP code", "123456 is your OTP code."),
    ],
    ids=["sms", "whatsapp", "call", "email"],
)
def test_shows_a_message_with_the_code_that_is_right_and_not_kept(
    caller, look, run_worker, everything_in_redis, asked, subject, text
):
    started = caller.generate(**asked)
    run_worker()
    (message,) = look()
    code = message["code"]
    assert len(code) == 10
    assert message["to"] == started.json["to"]
    assert message["channel"] == started.json["channel"]
    assert message["text"].startswith(
        text.replace("123456", code).replace("1, 2, 3, 4, 5, 6", ", ".join(code))
    )
    assert subject.replace("123456", code) in message["subject"]
    for digits in (code, ", ".join(code)):
        assert digits.encode() not in everything_in_redis()
    approved = caller.verify(code, verification_id=started.json["verification_id"])
    assert approved.json["verified"] is True
    # A message stays on a phone also when its code has been used.
    assert look() == [message]


def test_while_nobody_looks_a_message_is_sent_and_no_more(caller, look, run_worker, send_of, clock):
    started = caller.generate()
    run_worker()
    clock.shift(5)
    assert len(look()) == 1
    assert look()[0]["carrier"] is None
    assert (send_of(started)["status"], send_of(started)["reason"]) == ("sent", None)


@pytest.mark.parametrize(
    "told",
    [
        ("deliver", True, True, "delivered", None),
        ("delay", False, True, "delivered", None),
        ("lose", False, False, "sent", None),
        ("refuse", False, False, "failed", "carrier_refused"),
        ("unreachable", False, False, "failed", "unreachable"),
        ("fail", False, False, "undelivered", "handset_unreachable"),
    ],
)
def test_the_carrier_does_what_it_is_told_to_the_next_message(
    client, caller, look, run_worker, send_of, clock, told
):
    carrier, at_once, later, status, reason = told
    look()
    assert client.post("/phone/carrier", json={"carrier": carrier}).status_code == 204
    assert client.get("/phone/messages").json["carrier"] == carrier
    started = caller.generate()
    run_worker()
    (message,) = look()
    assert (message["carrier"], message["appeared"]) == (carrier, at_once)
    assert ("text" in message, "code" in message) == (at_once, at_once)
    assert send_of(started)["status"] == (status if status == "failed" else "sent")

    clock.shift(21)
    (message,) = look()
    assert message["appeared"] is later
    assert (send_of(started)["status"], send_of(started)["reason"]) == (status, reason)
    assert client.get("/phone/messages").json["carrier"] == "deliver"


def test_a_receipt_of_a_verification_that_is_gone_does_no_harm(
    caller, look, run_worker, redis, clock
):
    look()
    started = caller.generate()
    run_worker()
    redis.delete(f"otp:send:{started.json['verification_id']}:1")
    clock.shift(2)
    assert len(look()) == 1
    assert len(look()) == 1


@pytest.mark.parametrize("body", [{}, {"carrier": "steal"}, {"carrier": None}])
def test_the_carrier_knows_only_what_it_can_do(client, problem, body):
    problem(client.post("/phone/carrier", json=body), 422, "invalid_request")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_cannot_tell_the_carrier(client, problem, headers):
    told = client.post("/phone/carrier", json={"carrier": "lose"}, headers=headers)
    problem(told, 403, "csrf_failed")
    assert client.get("/phone/messages").json["carrier"] == "deliver"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}]
)
def test_its_own_page_and_programs_can(client, headers):
    told = client.post("/phone/carrier", json={"carrier": "lose"}, headers=headers)
    assert told.status_code == 204


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTP_CALL_SENDERS": "none"},
        {"OTP_APPS": "[shop]\ncode_length = 8"},
    ],
)
def test_where_there_is_only_the_console_everybody_may_see_it(client):
    assert client.get("/phone").status_code == 200
    assert client.get("/phone/messages").json == {"carrier": "deliver", "messages": []}
    assert 'href="./phone"' in client.get("/").text


GUARDED = [
    {"OTP_API_KEYS": KEYS},
    {"OTP_EMAIL_SENDERS": SMTP},
    {"OTP_EMAIL_SENDERS": f"{SMTP} console://"},
    {"OTP_APPS": f"[shop]\nemail_senders = {SMTP!r}"},
]


@pytest.mark.parametrize("env", [{"OTP_ADMIN_PASSWORD": PASSWORD, **env} for env in GUARDED])
def test_elsewhere_only_who_is_logged_in_sees_it(app, problem):
    browser = Browser(app)
    asked = browser.open("/phone")
    assert (asked.status_code, asked.location) == (303, "admin/login")
    json = {"Accept": "application/json"}
    problem(browser.open("/phone/messages", headers=json), 401, "log_in_needed")
    lose = {"json": {"carrier": "lose"}}
    problem(browser.open("/phone/carrier", "POST", headers=json, **lose), 401, "log_in_needed")
    assert 'href="./phone"' not in browser.open("/").text

    browser.log_in()
    token = re.search(r'data-csrf-token="(\w+)"', browser.open("/phone").text)[1]
    problem(browser.open("/phone/carrier", "POST", **lose), 403, "csrf_failed")
    told = browser.open("/phone/carrier", "POST", headers={"X-CSRF-Token": token}, **lose)
    assert told.status_code == 204
    assert browser.open("/phone/messages").json["carrier"] == "lose"


def test_the_first_key_that_is_made_closes_it_at_once(settings, redis, tmp_path):
    settings = settings.model_copy(update={"otp_data_dir": tmp_path})
    client = create_app(settings, redis).test_client()
    assert client.get("/phone/messages").status_code == 200
    with key_file.changing(tmp_path):
        pass
    assert client.get("/phone/messages").status_code == 303
    assert 'href="./phone"' not in client.get("/").text


@pytest.mark.parametrize("env", GUARDED)
def test_without_a_password_nobody_sees_it(client):
    assert client.get("/phone").location == "admin/login"
    assert client.get("/admin/login").status_code == 403


ALL_BUT_EMAIL = {f"OTP_{channel}_SENDERS": "none" for channel in ("SMS", "WHATSAPP", "CALL")}


@pytest.mark.parametrize("env", [{**ALL_BUT_EMAIL, "OTP_EMAIL_SENDERS": SMTP}])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/messages"), ("POST", "/carrier")]
)
def test_without_a_console_sender_there_is_none(client, problem, method, path):
    problem(client.open(f"/phone{path}", method=method), 404, "not_found")
    assert 'href="./phone"' not in client.get("/").text


def test_a_message_tells_its_step_of_a_workflow_and_what_follows(caller, look, run_worker):
    caller.generate(workflow=[{"channel": "sms", "wait": 40}, {"channel": "call"}])
    run_worker()
    (first,) = look()
    assert (first["step"]["number"], first["step"]["of"]) == (1, 2)
    assert first["step"]["next"]["channel"] == "call"
    caller.generate(channel="call")
    run_worker()
    second, first = look()
    assert second["step"] == {"number": 2, "of": 2, "next": None}
    assert first["step"] == {"number": 1, "of": 2, "next": None}


def test_a_message_without_a_workflow_has_no_step(caller, look, run_worker):
    caller.generate()
    run_worker()
    assert look()[0]["step"] is None
