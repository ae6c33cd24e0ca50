"""smtp:// and smtps:// send by e-mail.

smtp://user:password@mail.example.com:587?from=otp@example.com     STARTTLS, certificate checked
smtps://user:password@mail.example.com:465?from=otp@example.com    TLS from the start
smtp://localhost:1025?from=otp@example.com&tls=none                plain, for a test server
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from worker.senders.base import DeliveryError, Failure, Message

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class SmtpSender:
    host: str
    port: int
    tls: str
    from_address: str
    user: str = ""
    password: str = field(default="", repr=False)
    # Made once: reading the machine's certificates takes longer than handing over a mail.
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    @classmethod
    def from_url(cls, url: str) -> Self:
        try:
            return cls._read(url)
        except (ValueError, IndexError, MessageError):
            # What urllib and email say of a URL repeats parts of it, and may take a password for
            # a port.
            raise ValueError(
                "expected smtp://user:password@host:587?from=otp@example.com, "
                "with / ? # @ : % in the password written as %XX"
            ) from None

    @classmethod
    def _read(cls, url: str) -> Self:
        parts = urlsplit(url)
        options = parse_qs(parts.query, strict_parsing=bool(parts.query))
        from_address = options.pop("from", [""])[0]
        tls = "implicit" if parts.scheme == "smtps" else options.pop("tls", ["starttls"])[0]
        if not parts.hostname or tls not in ("implicit", "starttls", "none") or options:
            raise ValueError
        Address(addr_spec=from_address)
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls == "implicit" else 587),
            tls=tls,
            from_address=from_address,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    def send(self, message: Message) -> str:
        mail = self._mail(message)
        server: smtplib.SMTP | None = None
        try:
            server = self._connect()
            server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            (code, _), *_ = error.recipients.values()
            raise DeliveryError(_recipient_failure(code), f"smtp_{code}") from None
        except smtplib.SMTPResponseException as error:
            failure: Failure = "transient" if 400 <= error.smtp_code < 500 else "refused"
            raise DeliveryError(failure, f"smtp_{error.smtp_code}") from None
        except (ssl.SSLError, smtplib.SMTPNotSupportedError) as error:
            raise DeliveryError("refused", type(error).__name__) from None
        except (OSError, smtplib.SMTPException) as error:
            # Without a connection nothing was sent; with one, the message may have arrived.
            failure = "transient" if server is None else "unknown"
            raise DeliveryError(failure, type(error).__name__) from None
        finally:
            if server is not None:
                server.close()
        return str(mail["Message-ID"])

    def _connect(self) -> smtplib.SMTP:
        server: smtplib.SMTP
        if self.tls == "implicit":
            server = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_SECONDS, context=self.context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.tls == "starttls":
                server.starttls(context=self.context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self.from_address
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(localtime())
        # The same for every attempt, so that a mail server can see a repetition.
        mail["Message-ID"] = f"<{message.idempotency_key}@{self.from_address.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail


def _recipient_failure(code: int) -> Failure:
    # RFC 5321 section 4.2.3: 550, 551 and 553 speak of the mailbox itself.
    if code in (550, 551, 553):
        return "invalid_recipient"
    return "transient" if 400 <= code < 500 else "refused"
