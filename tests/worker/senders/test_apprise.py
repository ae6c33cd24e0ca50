"""apprise+SCHEME:// by apprise's own generic service, to a server on 127.0.0.1."""

import json
import logging
from urllib.parse import quote

import pytest

from tests.worker.senders.conftest import failure_of, make_message
from worker.senders.apprise import AppriseSender
from worker.senders.conformance.servers import Reply, Request, nobody

TWILIO = "apprise+twilio://AC0123456789abcdef0123456789abcdef:0123456789abcdef@15005550006/{to}"


def sender_for(address: str) -> AppriseSender:
    return AppriseSender.from_url(f"apprise+json://{address}/sms?:recipient={{to}}")


def test_hands_the_text_over(http_server):
    address, server = http_server()
    sender_for(address).send(make_message())
    [request] = server.requests
    sent = json.loads(request.body)
    assert (sent["recipient"], sent["message"]) == ("+14155550123", "739158 is your Test code.")
    assert sent["title"] == ""


def test_hands_the_subject_of_an_email_over(http_server):
    address, server = http_server()
    sender_for(address).send(make_message(channel="email", to="a+b@example.com"))
    sent = json.loads(server.requests[0].body)
    assert (sent["recipient"], sent["title"]) == ("a+b@example.com", "739158 is your Test code")


def test_recipients_do_not_stay(http_server):
    address, server = http_server()
    sender = sender_for(address)
    for to in ("+14155550123", "+14155550124"):
        sender.send(make_message(to=to))
    assert [json.loads(r.body)["recipient"] for r in server.requests] == [
        "+14155550123",
        "+14155550124",
    ]


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (302, "refused"),
        (400, "refused"),
        (401, "refused"),
        (404, "refused"),
        (429, "transient"),
        (503, "transient"),
        (500, "unknown"),
        (502, "unknown"),
    ],
)
def test_says_what_an_answer_means(http_server, status, failure):
    address, server = http_server(status=status, headers={"Location": "/"})
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == (failure, f"apprise_{status}")
    assert len(server.requests) == 1


def test_is_transient_without_a_connection():
    raised = failure_of(sender_for(nobody()))
    assert (raised.failure, raised.error) == ("transient", "apprise_no_connection")


def test_does_not_know_without_an_answer(http_server):
    def hang_up(_: Request) -> Reply:
        raise ConnectionAbortedError

    address, _ = http_server(hang_up)
    raised = failure_of(sender_for(address))
    assert (raised.failure, raised.error) == ("unknown", "apprise_no_answer")


@pytest.mark.parametrize("to", ["+376312345", "a@example.com"])
def test_a_recipient_that_apprise_drops_is_refused(to):
    """apprise's Twilio service would send to the account's own number instead."""
    raised = failure_of(AppriseSender.from_url(TWILIO), make_message(to=to))
    assert (raised.failure, raised.error) == ("refused", "apprise_recipient")


def test_logs_nothing(http_server, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    address, _ = http_server(status=500)
    failure_of(AppriseSender.from_url(f"apprise+json://{address}/{quote('739158')}?:to={{to}}"))
    assert "739158" not in caplog.text
    assert "4155550123" not in caplog.text
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "url",
    [
        TWILIO,
        "apprise+clicksend://user:key@{to}",
        "apprise+plivo://0123456789abcdefghij@0123456789012345678901234567890123456789/15005550006/{to}",
        "apprise+vonage://ABCDEF12:ABCDEF1234567890@15005550006/{to}",
        "apprise+signal://127.0.0.1:8080/15005550006/{to}",
        "apprise+mailgun://otp@mail.example.com/0123456789abcdef0123456789abcdef-01234567-01234567/{to}",
        "apprise+mailto://user:password@mail.example.com?to={to}",
    ],
)
def test_knows_services(url):
    AppriseSender.from_url(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("apprise+json://127.0.0.1/", "put {to} where the recipient goes"),
        ("apprise+nonsense://127.0.0.1/{to}", "does not accept this URL"),
        ("apprise+twilio://{to}", "does not accept this URL"),
    ],
)
def test_refuses_a_url_that_cannot_work(url, message):
    with pytest.raises(ValueError, match=message):
        AppriseSender.from_url(url)
