"""E-mail, against a real SMTP server in this process: what is on the wire, and what its answers
mean."""

import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.conftest import free_port
from worker.senders import sender_for
from worker.senders.base import DeliveryError, Message

CERTIFICATE = Path(__file__).with_name("localhost.pem")
MESSAGE = Message(
    to="a@example.com",
    channel="email",
    code="123456",
    subject="123456 is your Café code",
    text="123456 is your Café code.\n\n.\nNever share it.",
    expires_in=299,
    idempotency_key="VE" + "0" * 32 + "-1",
)


class MailServer:
    """Records what it is given; `answers` holds what it answers to a command other than OK."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.hang_up_at = ""
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.encrypted: list[bool] = []
        self.logins: list[tuple[str, str]] = []
        self.port = free_port()

    async def handle_MAIL(self, _server, _session, envelope, address, _options):  # noqa: N802
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        if self.hang_up_at == "DATA":
            server.transport.abort()
        return self.answers.get("DATA", "250 OK")

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.logins[-1] == ("user@shop", "p@ss:word"), handled=False)

    @contextmanager
    def running(self, **options) -> Iterator[None]:
        controller = Controller(self, "127.0.0.1", self.port, **options)
        controller.start()
        try:
            yield
        finally:
            controller.stop()

    def url(self, options: str = "&tls=none", login: str = "") -> str:
        return f"smtp://{login}127.0.0.1:{self.port}?from=otp@shop.example{options}"


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    with server.running():
        yield server


@pytest.fixture
def tls() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


def failure_of(url: str) -> tuple[str, str]:
    with pytest.raises(DeliveryError) as failed:
        sender_for(url).send(MESSAGE)
    assert failed.value.__suppress_context__
    return failed.value.failure, failed.value.error


def test_a_mail_arrives_as_it_was_written(mail_server):
    provider_id = sender_for(mail_server.url()).send(MESSAGE)
    (mail,) = mail_server.mails
    assert mail_server.envelopes == [("otp@shop.example", ["a@example.com"])]
    assert (mail["From"], mail["To"]) == ("otp@shop.example", "a@example.com")
    assert mail["Subject"] == "123456 is your Café code"
    assert mail.get_content().rstrip("\r\n").replace("\r\n", "\n") == MESSAGE.text
    assert mail["Message-ID"] == provider_id == f"<{MESSAGE.idempotency_key}@shop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime is not None


def test_every_attempt_of_a_send_has_the_same_message_id(mail_server):
    sender = sender_for(mail_server.url())
    assert sender.send(MESSAGE) == sender.send(MESSAGE)
    assert len({mail["Message-ID"] for mail in mail_server.mails}) == 1


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("MAIL", "451 try later", ("transient", "smtp_451")),
        ("MAIL", "550 no such sender", ("refused", "smtp_550")),
        ("RCPT", "450 mailbox busy", ("transient", "smtp_450")),
        ("RCPT", "550 no such user", ("invalid_recipient", "smtp_550")),
        ("RCPT", "551 user not local", ("invalid_recipient", "smtp_551")),
        ("RCPT", "553 no such mailbox", ("invalid_recipient", "smtp_553")),
        ("RCPT", "554 relaying denied", ("refused", "smtp_554")),
        ("DATA", "452 too many messages", ("transient", "smtp_452")),
        ("DATA", "554 looks like spam", ("refused", "smtp_554")),
    ],
)
def test_what_an_answer_means(mail_server, command, answer, expected):
    mail_server.answers[command] = answer
    assert failure_of(mail_server.url()) == expected


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_an_error_holds_nothing_that_the_server_said(mail_server, command):
    mail_server.answers[command] = "550 the code 123456 for a@example.com"
    with pytest.raises(DeliveryError) as failed:
        sender_for(mail_server.url()).send(MESSAGE)
    assert "123456" not in repr(failed.value)
    assert "example.com" not in repr(failed.value)


def test_where_nothing_listens_nothing_was_sent():
    url = f"smtp://127.0.0.1:{free_port()}?from=otp@shop.example&tls=none"
    assert failure_of(url) == ("transient", "ConnectionRefusedError")


def test_after_a_hang_up_the_mail_may_have_been_taken(mail_server):
    mail_server.hang_up_at = "DATA"
    assert failure_of(mail_server.url()) == ("unknown", "SMTPServerDisconnected")


def test_a_login_is_made_with_what_the_url_holds():
    server = MailServer()
    url = server.url(login="user%40shop:p%40ss%3Aword@")
    with server.running(authenticator=server.authenticate, auth_require_tls=False):
        sender_for(url).send(MESSAGE)
        assert set(server.logins) == {("user@shop", "p@ss:word")}
        assert failure_of(url.replace("p%40ss", "other")) == ("refused", "smtp_535")
    assert len(server.mails) == 1


def test_without_tls_on_the_server_nothing_is_sent(mail_server):
    url = mail_server.url(options="", login="user:secret@")
    assert failure_of(url) == ("refused", "SMTPNotSupportedError")
    assert mail_server.mails == mail_server.logins == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tls):
    server = MailServer()
    with server.running(tls_context=tls, authenticator=server.authenticate):
        url = server.url(options="", login="user:secret@")
        assert failure_of(url) == ("refused", "SSLCertVerificationError")
    assert server.mails == server.logins == []


def test_an_implicit_tls_certificate_that_nobody_vouches_for_is_refused(tls):
    server = MailServer()
    with server.running(ssl_context=tls):
        url = server.url(options="").replace("smtp:", "smtps:")
        assert failure_of(url) == ("refused", "SSLCertVerificationError")
    assert server.mails == []


def test_a_trusted_certificate_encrypts_before_the_login(tls, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    server = MailServer()
    with server.running(tls_context=tls, authenticator=server.authenticate, require_starttls=True):
        sender_for(server.url(options="", login="user%40shop:p%40ss%3Aword@")).send(MESSAGE)
    assert server.encrypted == [True]
    assert set(server.logins) == {("user@shop", "p@ss:word")}


@pytest.mark.parametrize("text", ["x\r\nBcc: victim@example.com", "x\nBcc: victim@example.com"])
@pytest.mark.parametrize("field", ["to", "subject"])
def test_no_header_can_be_smuggled_in(mail_server, field, text):
    with pytest.raises(ValueError, match=r"linefeed|newline|CR|LF"):
        sender_for(mail_server.url()).send(Message(**{**vars(MESSAGE), field: text}))
    assert mail_server.mails == []


def test_a_text_cannot_end_the_mail_early(mail_server):
    text = "first\r\n.\r\nMAIL FROM:<b@example.com>\r\n\r\nlast"
    sender_for(mail_server.url()).send(Message(**{**vars(MESSAGE), "text": text}))
    (mail,) = mail_server.mails
    assert mail.get_content().replace("\r\n", "\n").rstrip("\n") == text.replace("\r\n", "\n")
    assert len(mail_server.envelopes) == 1
