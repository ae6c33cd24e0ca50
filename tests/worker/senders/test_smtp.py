"""smtp:// and smtps:// against aiosmtpd, and against a server that says what it is told to."""

import email.policy
import hmac
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email import message_from_bytes
from email.message import EmailMessage
from threading import Barrier
from typing import Any
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.conftest import free_port
from tests.worker.senders.conftest import failure_of, make_message
from worker.senders.conformance.servers import SmtpServer, nobody, serving
from worker.senders.smtp import IDLE_SECONDS, SmtpSender
from worker.senders.sockets import bounded


class Inbox:
    """What arrived, and over how many connections."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.connections: set[Any] = set()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=email.policy.SMTP))
        self.envelopes.append(envelope)
        self.connections.add(session.peer)
        return "250 OK"


Mailbox = Callable[..., tuple[int, Inbox]]


@pytest.fixture
def mail_server() -> Iterator[Mailbox]:
    """Start an aiosmtpd: its port and its inbox."""
    with ExitStack() as running:

        def start(inbox: Inbox | None = None, **options: Any) -> tuple[int, Inbox]:
            inbox = inbox or Inbox()
            port = free_port()
            controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
            controller.start()
            running.callback(controller.stop)
            return port, inbox

        yield start


@pytest.fixture
def server_reply() -> Iterator[Callable[..., tuple[str, SmtpServer]]]:
    """Start a server that replies as told: its HOST:PORT and what it received."""
    with ExitStack() as running:

        def start(replies: dict[str, str | None], **options: Any) -> tuple[str, SmtpServer]:
            server = SmtpServer(replies, **options)
            return running.enter_context(serving(server)), server

        yield start


@pytest.fixture
def trusted(certificate, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def sender_for(address: str | int, options: str = "&tls=none", login: str = "") -> SmtpSender:
    host = address if isinstance(address, str) else f"127.0.0.1:{address}"
    return SmtpSender.from_url(f"smtp://{login}{host}?from=otp@example.com{options}")


def make_mail(**changes):
    return make_message(**{"to": "a@example.com", "channel": "email", **changes})


def test_sends_text_and_html(mail_server):
    port, inbox = mail_server()
    provider_id = sender_for(port).send(
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
    sender_for(port).send(make_mail(text="Schlüssel", subject="Schlüssel"))
    inbox.envelopes[0].content.decode("ascii")
    assert inbox.mails[0]["Subject"] == "Schlüssel"
    assert inbox.mails[0].get_content().strip() == "Schlüssel"


@pytest.mark.usefixtures("trusted")
def test_starts_tls(mail_server, tls):
    port, inbox = mail_server(tls_context=tls, require_starttls=True)
    sender_for(port, options="").send(make_mail())
    assert len(inbox.mails) == 1


@pytest.mark.usefixtures("trusted")
def test_speaks_tls_from_the_start(mail_server, tls):
    port, inbox = mail_server(ssl_context=tls)
    url = f"smtps://127.0.0.1:{port}?from=otp@example.com"
    SmtpSender.from_url(url).send(make_mail())
    assert len(inbox.mails) == 1


def test_refuses_a_server_that_cannot_prove_its_name(mail_server, tls):
    port, inbox = mail_server(tls_context=tls)
    error = failure_of(sender_for(port, options=""), make_mail())
    assert (error.failure, error.error) == ("refused", "SSLCertVerificationError")
    assert not inbox.mails


def test_does_not_go_on_without_tls(mail_server):
    port, inbox = mail_server()
    error = failure_of(sender_for(port, options=""), make_mail())
    assert (error.failure, error.error) == ("refused", "SMTPNotSupportedError")
    assert not inbox.mails


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(("password", "taken"), [("p%40ss", True), ("wrong", False)])
def test_logs_in(mail_server, tls, password, taken):
    def authenticator(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (b"otp@example.com", b"p@ss")
        return AuthResult(success=right, handled=False)

    port, inbox = mail_server(tls_context=tls, authenticator=authenticator, auth_required=True)
    # Many people's user name is their address, and they do not write %40 for its @.
    sender = sender_for(port, options="", login=f"otp@example.com:{password}@")
    if taken:
        sender.send(make_mail())
    else:
        error = failure_of(sender, make_mail())
        assert (error.failure, error.error) == ("refused", "smtp_535")
    assert len(inbox.mails) == taken


USER, PASSWORD = "jürgen@例え.jp", "пароль p%:@ß"


@pytest.mark.parametrize("user", [USER, "otp@example.com"])
@pytest.mark.parametrize("password", [PASSWORD, "p@ss"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_logs_in_with_utf8(mail_server, user, password, mechanism):
    seen = []

    def authenticator(server, session, envelope, mechanism, data):
        seen.append((mechanism, data.login.decode(), data.password.decode()))
        return AuthResult(success=True)

    port, inbox = mail_server(
        authenticator=authenticator,
        auth_require_tls=False,
        auth_exclude_mechanism={"PLAIN", "LOGIN"} - {mechanism},
    )
    sender_for(port, login=f"{quote(user)}:{quote(password)}@").send(make_mail())
    assert seen == [(mechanism, user, password)]
    assert len(inbox.mails) == 1


class CramMd5Inbox(Inbox):
    """Takes mail from one user only."""

    challenge = b"<1896.697170952@postoffice.example.net>"

    def __init__(self, user: str, password: str) -> None:
        super().__init__()
        digest = hmac.new(password.encode(), self.challenge, "md5").hexdigest()
        self.response = f"{user} {digest}".encode()

    async def auth_CRAM__MD5(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        response = await server.challenge_auth(self.challenge)
        return AuthResult(success=response == self.response, handled=False)


# The second one is the example of RFC 2195.
@pytest.mark.parametrize(("user", "password"), [(USER, PASSWORD), ("tim", "tanstaaftanstaaf")])
def test_logs_in_with_utf8_by_cram_md5(mail_server, user, password):
    port, inbox = mail_server(
        CramMd5Inbox(user, password),
        auth_require_tls=False,
        auth_exclude_mechanism={"PLAIN", "LOGIN"},
    )
    sender_for(port, login=f"{quote(user)}:{quote(password)}@").send(make_mail())
    assert len(inbox.mails) == 1
    wrong = sender_for(port, login=f"{quote(user)}:wrong@")
    assert failure_of(wrong, make_mail()).error == "smtp_535"


def test_tries_the_next_way_to_log_in(server_reply):
    """A server may offer what it does not support."""

    class Answers(dict[str, str | None]):
        def get(self, verb, default=None):
            return next(answers) if verb == "AUTH" else super().get(verb, default)

    answers = iter(["334 not-base64", "504 unknown mechanism", "334 UGFzc3dvcmQ6"])
    address, server = server_reply({})
    ehlo = "250-here\r\n250 AUTH GSSAPI CRAM-MD5 PLAIN LOGIN"
    server.replies = Answers(
        server.replies | {"EHLO": ehlo, "*": "501 canceled", "CA==": "235 welcome"}
    )
    sender_for(address, login="u:%08@").send(make_mail())
    assert len(server.received) == 1


@pytest.mark.parametrize("offer", ["250 here", "250-here\r\n250 AUTH GSSAPI XOAUTH2"])
def test_refuses_a_server_that_offers_no_login(server_reply, offer):
    address, server = server_reply({"EHLO": offer})
    error = failure_of(sender_for(address, login="u:p@"), make_mail())
    assert (error.failure, error.error) == ("refused", "SMTPNotSupportedError")
    assert not server.received


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
    sender = sender_for(port)
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
    sender = sender_for(address)
    for connections in (1, 2, 3):
        sender.send(make_mail())
        server.wait_for_hang_ups(connections)
    assert len(server.received) == 3


def test_connects_again_after_the_server_has_had_enough(server_reply):
    """421 in place of an answer to MAIL, as after so many mails."""
    address, server = server_reply({})
    sender = sender_for(address)
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
    sender = sender_for(port)
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
    raised = failure_of(sender_for(address, login="u:p@"), make_mail())
    assert (raised.failure, raised.error) == (failure, error)


def test_is_transient_without_a_server():
    error = failure_of(sender_for(nobody()), make_mail())
    assert (error.failure, error.error) == ("transient", "ConnectionRefusedError")


def test_does_not_know_about_a_mail_whose_connection_broke(server_reply):
    """The server has the mail and hangs up: it is not sent again here."""
    address, server = server_reply({".": ""})
    error = failure_of(sender_for(address), make_mail())
    assert (error.failure, error.error) == ("unknown", "SMTPServerDisconnected")
    assert len(server.received) == 1


def test_hangs_up_after_a_failure(server_reply):
    """What state a connection is in after one is not worth knowing."""
    address, server = server_reply({"RCPT": "550 5.1.1 no such user"})
    sender = sender_for(address)
    failure_of(sender, make_mail())
    server.replies["RCPT"] = "250 ok"
    sender.send(make_mail())
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("slow", "failure"), [("EHLO MAIL RCPT", "transient"), ("EHLO RCPT .", "unknown")]
)
def test_ends_in_time_though_each_reply_comes_in_time(server_reply, slow, failure):
    class Slow(dict[str, str | None]):
        def get(self, verb, default=None):
            time.sleep(0.4 if verb in slow.split() else 0)
            return super().get(verb, default)

    address, server = server_reply({})
    server.replies = Slow(server.replies)
    begun = time.monotonic()
    with bounded(1):
        error = failure_of(sender_for(address), make_mail())
    assert (error.failure, error.error) == (failure, "TimeoutError")
    assert time.monotonic() - begun < 1.3


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
