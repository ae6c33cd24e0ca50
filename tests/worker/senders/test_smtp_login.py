"""How smtp:// logs in."""

import hmac
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from tests.worker.senders.conftest import (
    Inbox,
    failure_of,
    make_mail,
    smtp_sender,
)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(("password", "taken"), [("p%40ss", True), ("wrong", False)])
def test_logs_in(mail_server, tls, password, taken):
    def authenticator(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (b"otp@example.com", b"p@ss")
        return AuthResult(success=right, handled=False)

    port, inbox = mail_server(tls_context=tls, authenticator=authenticator, auth_required=True)
    # Many people's user name is their address, and they do not write %40 for its @.
    sender = smtp_sender(port, options="", login=f"otp@example.com:{password}@")
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
    smtp_sender(port, login=f"{quote(user)}:{quote(password)}@").send(make_mail())
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
    smtp_sender(port, login=f"{quote(user)}:{quote(password)}@").send(make_mail())
    assert len(inbox.mails) == 1
    wrong = smtp_sender(port, login=f"{quote(user)}:wrong@")
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
    smtp_sender(address, login="u:%08@").send(make_mail())
    assert len(server.received) == 1


@pytest.mark.parametrize("offer", ["250 here", "250-here\r\n250 AUTH GSSAPI XOAUTH2"])
def test_refuses_a_server_that_offers_no_login(server_reply, offer):
    address, server = server_reply({"EHLO": offer})
    error = failure_of(smtp_sender(address, login="u:p@"), make_mail())
    assert (error.failure, error.error) == ("refused", "SMTPNotSupportedError")
    assert not server.received
