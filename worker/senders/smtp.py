"""smtp:// and smtps:// send by e-mail.

smtp://user:password@mail.example.com:587?from=otp@example.com     STARTTLS, certificate checked
smtps://user:password@mail.example.com:465?from=otp@example.com    TLS from the start
smtp://localhost:1025?from=otp@example.com&tls=none                plain, for a test server

`from` may have a display name: ?from=My%20Shop%20<otp@example.com>
"""

import smtplib
import ssl
import threading
import time
import weakref
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from functools import cached_property
from typing import Any

from shared.senders.setups import SmtpSetup
from worker.senders.base import DeliveryError, Failure, Message
from worker.senders.smtp_login import log_in
from worker.senders.smtp_replies import says_no_mailbox
from worker.senders.sockets import AnswerTooLong, bounded

# Up to the server's greeting.
CONNECT_SECONDS = 4.0
COMMAND_SECONDS = 8.0
# Servers close idle connections, and firewalls forget them without a word.
IDLE_SECONDS = 30.0

# Every server takes it, whether or not it says 8BITMIME.
_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, kw_only=True)
class SmtpSender(SmtpSetup):
    """Keeps one connection per thread."""

    _mine: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Reading the authorities takes 50 ms of CPU, and without TLS they are not needed."""
        return ssl.create_default_context()

    @property
    def _domain(self) -> str:
        return self.from_address.rpartition("@")[2]

    def send(self, message: Message) -> str:
        mail = self._mail(message)
        server = None
        try:
            with bounded():
                server = self._introduced()
                _expect(server.rcpt(message.to), _RecipientRefused)
                _expect(server.data(mail.as_bytes()), _RecipientRefused)
        # All of smtplib's and ssl's errors are of this kind.
        except OSError as error:
            failure = _failure(error, handing_over=server is not None and server.handed_over)
            if server is not None:
                server.close()
        else:
            server.used_at = time.monotonic()
            self._mine.server = server
            return str(mail["Message-ID"])
        # Not inside of `except`: what the server said would hang on the new error.
        raise failure

    def try_credentials(self) -> bool:
        """Logs in, and says which address mails will come from."""
        try:
            with bounded():
                self._introduced().close()
        except OSError as error:
            failure = _failure(error, handing_over=False)
        else:
            return True
        raise failure

    def _introduced(self) -> "_Smtp":
        """A connection on which the server has accepted our address (MAIL): so one that it has
        closed meanwhile is found out, and replaced, before anything is handed over."""
        kept: _Smtp | None = self._mine.__dict__.pop("server", None)
        if kept is not None and time.monotonic() - kept.used_at <= IDLE_SECONDS:
            kept.handed_over = False
            try:
                reply = kept.mail(self.from_address)
            except smtplib.SMTPServerDisconnected:
                reply = _CLOSING
            if reply[0] == 250:
                return kept
            kept.close()
            if reply[0] != _CLOSING[0]:
                _expect(reply)
        server = self._connect()
        _expect(server.mail(self.from_address))
        return server

    def _connect(self) -> "_Smtp":
        # Without a name, smtplib asks the name server for this machine's.
        where = (self.host, self.port, self._domain)
        if self.tls == "implicit":
            server: _Smtp = _Smtps(*where, timeout=CONNECT_SECONDS, context=self._context)
        else:
            server = _Smtp(*where, timeout=CONNECT_SECONDS)
        try:
            if server.sock is not None:
                server.sock.settimeout(COMMAND_SECONDS)
            if self.tls == "starttls":
                server.starttls(context=self._context)
            if self.user:
                log_in(server, self.user, self.password)
            server.ehlo_or_helo_if_needed()
            if server.sock is not None:
                # It ends with its thread, whose local data it is. Unlike a __del__, this comes
                # before the garbage collector finds the socket.
                weakref.finalize(server, server.sock.close)
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(_POLICY)
        mail["From"] = Address(self.from_name, addr_spec=self.from_address)
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(localtime())
        # The same for every attempt, so that a mail server can see a repetition.
        mail["Message-ID"] = f"<{message.idempotency_key}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        return mail


class _Smtp(smtplib.SMTP):
    """`handed_over` says whether the mail itself has begun to leave, and `used_at` when the last
    one was taken, by the monotonic clock."""

    handed_over = False
    used_at = 0.0

    def send(self, s: Any) -> None:
        # smtplib writes commands as text, and only mails as bytes.
        self.handed_over = self.handed_over or isinstance(s, bytes)
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        try:
            return super().getreply()
        except smtplib.SMTPResponseException:
            # smtplib makes up a refusal by the server, 500, for a line that is too long.
            pass
        raise AnswerTooLong


class _Smtps(_Smtp, smtplib.SMTP_SSL):
    pass


# RFC 5321 section 3.8: what a server says that closes the connection, and may say at any time, as
# after so many mails.
_CLOSING = (421, b"")


class _RecipientRefused(smtplib.SMTPResponseException):
    """Refused for RCPT or for the mail itself. Both can be about the recipient, the only one."""


def _expect(
    reply: tuple[int, bytes],
    error: type[smtplib.SMTPResponseException] = smtplib.SMTPResponseException,
) -> None:
    # 251: it will be forwarded.
    if reply[0] not in (250, 251):
        raise error(*reply)


def _failure(error: OSError, *, handing_over: bool) -> DeliveryError:
    nobody_knows: Failure = "unknown" if handing_over else "transient"
    if isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
        word = f"smtp_{code}"
        if not 400 <= code <= 599:
            return DeliveryError(nobody_knows, "smtp_no_reply")
        if code < 500:
            return DeliveryError("transient", word)
        said = text.decode(errors="replace") if isinstance(text, bytes) else text
        no_mailbox = isinstance(error, _RecipientRefused) and says_no_mailbox(said)
        return DeliveryError("invalid_recipient" if no_mailbox else "refused", word)
    if isinstance(error, ssl.SSLCertVerificationError | smtplib.SMTPNotSupportedError):
        return DeliveryError("refused", _cause(error))
    return DeliveryError(nobody_knows, _cause(error))


def _cause(error: BaseException) -> str:
    """A word for the error that this one was first raised for, such as ConnectionRefusedError. An
    error's text may hold what was sent."""
    while below := error.__cause__ or error.__context__:
        error = below
    return type(error).__name__
