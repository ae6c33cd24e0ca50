"""smtp:// and smtps:// against aiosmtpd, and against a server that says what it is told to."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.worker.senders.conftest import SLACK_SECONDS, failure_of, make_mail, smtp_sender
from worker.senders.conformance.servers import nobody
from worker.senders.smtp import IDLE_SECONDS, SmtpSender
from worker.senders.sockets import bounded


def test_sends_text_and_html(mail_server):
    port, inbox = mail_server()
    provider_id = smtp_sender(port).send(
        make_mail(text="739158 ist dein Code für Test.", html="<p>739158 ist dein Code.</p>")
    )
    [mail] = inbox.mails
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().strip() == "739158 ist dein Code für Test."
    assert html.get_content().strip() == "<p>739158 ist dein Code.</p>"
    assert (mail["From"], mail["To"]) == ("otp@example.com", "a@example.com")
    assert mail["Subject"] == "739158 is your Test code"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<VE0123456789abcdef0123456789abcdef-1@example.com>" == provider_id
    assert inbox.envelopes[0].rcpt_tos == ["a@example.com"]


def test_sends_ascii_that_every_server_takes(mail_server):
    port, inbox = mail_server()
    smtp_sender(port).send(make_mail(text="Schlüssel", subject="Schlüssel"))
    inbox.envelopes[0].content.decode("ascii")
    assert inbox.mails[0]["Subject"] == "Schlüssel"
    assert inbox.mails[0].get_content().strip() == "Schlüssel"


@pytest.mark.usefixtures("trusted")
def test_starts_tls(mail_server, tls):
    port, inbox = mail_server(tls_context=tls, require_starttls=True)
    smtp_sender(port, options="").send(make_mail())
    assert len(inbox.mails) == 1


@pytest.mark.usefixtures("trusted")
def test_speaks_tls_from_the_start(mail_server, tls):
    port, inbox = mail_server(ssl_context=tls)
    url = f"smtps://127.0.0.1:{port}?from=otp@example.com"
    SmtpSender.from_url(url).send(make_mail())
    assert len(inbox.mails) == 1


def test_refuses_a_server_that_cannot_prove_its_name(mail_server, tls):
    port, inbox = mail_server(tls_context=tls)
    error = failure_of(smtp_sender(port, options=""), make_mail())
    assert (error.failure, error.error) == ("refused", "SSLCertVerificationError")
    assert not inbox.mails


def test_does_not_go_on_without_tls(mail_server):
    port, inbox = mail_server()
    error = failure_of(smtp_sender(port, options=""), make_mail())
    assert (error.failure, error.error) == ("refused", "SMTPNotSupportedError")
    assert not inbox.mails


@pytest.mark.parametrize(
    ("given", "name", "bare"),
    [
        ("otp@example.com", "", "otp@example.com"),
        ("<otp@example.com>", "", "otp@example.com"),
        ("OTP%20<otp@example.com>", "OTP", "otp@example.com"),
        ("My%20Shop%3Cotp%2Bcodes@example.com%3E", "My Shop", "otp+codes@example.com"),
        ("Shop,%20Inc.%20<otp@example.com>", "Shop, Inc.", "otp@example.com"),
        ("%22Shop,%20Inc.%22%20<otp@example.com>", "Shop, Inc.", "otp@example.com"),
        ("Café%20東京%20🙂%20<otp@example.com>", "Café 東京 🙂", "otp@example.com"),
        ("otp@bücher.example", "", "otp@xn--bcher-kva.example"),
        ("otp@b%C3%BCcher.example", "", "otp@xn--bcher-kva.example"),
        ("Bücher%20<otp@straße.example>", "Bücher", "otp@xn--strae-oqa.example"),
        ("otp@例え.テスト", "", "otp@xn--r8jz45g.xn--zckzah"),
        ("otp@xn--bcher-kva.example", "", "otp@xn--bcher-kva.example"),
        ("otp@localhost", "", "otp@localhost"),
    ],
)
def test_comes_from_an_address_in_ascii_and_a_name_in_any_letters(mail_server, given, name, bare):
    port, inbox = mail_server()
    url = f"smtp://127.0.0.1:{port}?from={given}&tls=none"
    message_id = SmtpSender.from_url(url).send(make_mail())
    [mail], [envelope] = inbox.mails, inbox.envelopes
    assert envelope.mail_from == bare
    envelope.content.decode("ascii")
    [address] = mail["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, bare)
    assert mail["Message-ID"] == message_id
    assert message_id.endswith(f"@{bare.partition('@')[2]}>")


def test_keeps_one_connection_per_thread(mail_server):
    port, inbox = mail_server()
    sender = smtp_sender(port)
    together = Barrier(4)

    def send_three(_):
        together.wait(5)
        for _ in range(3):
            sender.send(make_mail())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send_three, range(4)))
    assert len(inbox.mails) == 12
    assert len(inbox.connections) == 4


def test_connects_again_after_the_server_has_hung_up(server_reply):
    address, server = server_reply({}, mails_per_connection=1)
    sender = smtp_sender(address)
    for connections in (1, 2, 3):
        sender.send(make_mail())
        server.wait_for_hang_ups(connections)
    assert len(server.received) == 3


def test_connects_again_after_the_server_has_had_enough(server_reply):
    """421 in place of an answer to MAIL, as after so many mails."""
    address, server = server_reply({})
    sender = smtp_sender(address)
    sender.send(make_mail())
    usual = server.replies["MAIL"]
    answers = iter(["421 too many mails", usual])

    class Replies(dict[str, str | None]):
        def get(self, verb, default=None):
            return next(answers) if verb == "MAIL" else super().get(verb, default)

    server.replies = Replies(server.replies)
    sender.send(make_mail())
    assert len(server.received) == 2


def test_does_not_use_a_connection_that_was_idle_for_long(mail_server, monkeypatch):
    port, inbox = mail_server()
    sender = smtp_sender(port)
    sender.send(make_mail())
    later = time.monotonic() + IDLE_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    sender.send(make_mail())
    assert len(inbox.connections) == 2


@pytest.mark.parametrize(
    ("command", "reply", "failure", "error"),
    [
        ("", "421 busy", "transient", "smtp_421"),
        ("", "554 go away", "refused", "smtp_554"),
        ("MAIL", "451 later", "transient", "smtp_451"),
        ("MAIL", "550 no such sender", "refused", "smtp_550"),
        ("RCPT", "550 no such user", "invalid_recipient", "smtp_550"),
        ("RCPT", "550 5.1.1 no such user", "invalid_recipient", "smtp_550"),
        ("RCPT", "501 5.1.3 what a name", "invalid_recipient", "smtp_501"),
        ("RCPT", "550 5.2.1 disabled", "invalid_recipient", "smtp_550"),
        ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 user", "invalid_recipient", "smtp_550"),
        ("RCPT", "550-go away\r\n550 (#5.1.1)", "invalid_recipient", "smtp_550"),
        ("RCPT", "553 sorry, no mailbox here by that name", "invalid_recipient", "smtp_553"),
        ("RCPT", "550 5.7.1 relaying denied", "refused", "smtp_550"),
        ("RCPT", "550 relay not permitted", "refused", "smtp_550"),
        ("RCPT", "551 user not local; relay denied", "refused", "smtp_551"),
        ("RCPT", "553 not in my list of allowed rcpthosts", "refused", "smtp_553"),
        ("RCPT", "550 authentication required", "refused", "smtp_550"),
        ("RCPT", "550", "refused", "smtp_550"),
        ("RCPT", "554 5.7.1 blocked", "refused", "smtp_554"),
        ("RCPT", "450 4.2.0 greylisted", "transient", "smtp_450"),
        ("RCPT", "452 4.2.2 mailbox full", "transient", "smtp_452"),
        ("DATA", "451 later", "transient", "smtp_451"),
        ("DATA", "554 no valid recipients", "refused", "smtp_554"),
        (".", "452 disk full", "transient", "smtp_452"),
        (".", "550 looks like spam", "refused", "smtp_550"),
        (".", "554 This user doesn't have an account", "invalid_recipient", "smtp_554"),
        ("MAIL", "550 5.1.1 user unknown", "refused", "smtp_550"),
        ("AUTH", "550 user unknown", "refused", "smtp_550"),
        (".", "gibberish", "unknown", "smtp_no_reply"),
        ("MAIL", "gibberish", "transient", "smtp_no_reply"),
    ],
)
def test_says_what_a_reply_means(server_reply, command, reply, failure, error):
    address, _ = server_reply({command: reply})
    raised = failure_of(smtp_sender(address, login="u:p@"), make_mail())
    assert (raised.failure, raised.error) == (failure, error)


def test_is_transient_without_a_server():
    error = failure_of(smtp_sender(nobody()), make_mail())
    assert (error.failure, error.error) == ("transient", "ConnectionRefusedError")


def test_does_not_know_about_a_mail_whose_connection_broke(server_reply):
    """The server has the mail and hangs up: it is not sent again here."""
    address, server = server_reply({".": ""})
    error = failure_of(smtp_sender(address), make_mail())
    assert (error.failure, error.error) == ("unknown", "SMTPServerDisconnected")
    assert len(server.received) == 1


def test_hangs_up_after_a_failure(server_reply):
    """What state a connection is in after one is not worth knowing."""
    address, server = server_reply({"RCPT": "550 5.1.1 no such user"})
    sender = smtp_sender(address)
    failure_of(sender, make_mail())
    server.replies["RCPT"] = "250 ok"
    sender.send(make_mail())
    assert len(server.received) == 1


@pytest.mark.parametrize(("last", "failure"), [("RCPT", "transient"), (".", "unknown")])
def test_ends_in_time_though_each_reply_comes_in_time(server_reply, last, failure):
    """Only together do the replies take longer than a send may. The last one begins early enough
    for a busy machine."""

    class Slow(dict[str, str | None]):
        def get(self, verb, default=None):
            time.sleep({"EHLO": 0.15, "MAIL": 0.15, last: 0.9}.get(verb, 0))
            return super().get(verb, default)

    address, server = server_reply({})
    server.replies = Slow(server.replies)
    begun = time.monotonic()
    with bounded(1):
        error = failure_of(smtp_sender(address), make_mail())
    assert (error.failure, error.error) == (failure, "TimeoutError")
    assert time.monotonic() - begun < 1 + SLACK_SECONDS


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "smtp://mail.example.com",
        "smtp://mail.example.com?from=nobody",
        "smtp://mail.example.com?from=",
        "smtp://mail.example.com?from=OTP",
        "smtp://mail.example.com?from=OTP%20<>",
        "smtp://mail.example.com?from=OTP%20<otp@example.com",
        "smtp://mail.example.com?from=OTP%20<a@b@example.com>",
        "smtp://mail.example.com?from=<otp@example.com>,<b@example.com>",
        "smtp://mail.example.com?from=a@example.com,b@example.com",
        "smtp://mail.example.com?from=OTP%0D%0ABcc:b@example.com%20<otp@example.com>",
        "smtp://mail.example.com?from=jürgen@example.com",
        "smtp://mail.example.com?from=otp@-bücher.example",
        "smtp://mail.example.com/path?from=otp@example.com",
        "smtp://mail.example.com?from=otp@example.com&tls=maybe",
        "smtp://mail.example.com?from=otp@example.com&tls=implicit",
        "smtp://mail.example.com?from=otp@example.com&from=b@example.com",
        "smtps://mail.example.com?from=otp@example.com&tls=none",
        "smtp://mail.example.com:port?from=otp@example.com",
    ],
)
def test_refuses_a_malformed_url(url):
    with pytest.raises(
        ValueError, match=r"expected|use only these options|does not accept|not a valid URL"
    ):
        SmtpSender.from_url(url)


def test_plus_in_the_sender_address_is_a_plus():
    url = "smtp://mail.example.com?from=otp+codes@example.com"
    sender = SmtpSender.from_url(url)
    assert sender.from_address == "otp+codes@example.com"
    assert (sender.port, sender.tls) == (587, "starttls")
