"""What the URLs of our senders may say.

The senders in worker/senders add the sending. The API reads the URLs to refuse wrong ones, and to
check the signatures on receipts.
Each from_url raises ValueError, which repeats no part of the URL.
"""

import re
import string
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import unquote
from typing import ClassVar, Self
from urllib.parse import quote

from email_validator import validate_email

from shared.policy import CHANNELS, Channel
from shared.settings import from_numbers
from shared.settings.sender_urls import SenderUrl, api_base, http_base
from shared.signatures import webhook_key


class ConsoleSetup:
    channels: ClassVar = CHANNELS
    takes_from: ClassVar = ".+"
    takes_dlt: ClassVar = True

    @classmethod
    def from_url(cls, url: str) -> Self:
        if url != "console://":
            raise ValueError("expected console:// with nothing after it")
        return cls()


@dataclass(frozen=True, kw_only=True)
class SmtpSetup:
    channels: ClassVar[tuple[Channel, ...]] = ("email",)

    host: str
    port: int
    tls: str
    from_address: str
    from_name: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, ("from", "tls") if url.startswith("smtp:") else ("from",))
        from_name, from_address = _read_from(parts.options.get("from", ""))
        tls = parts.options.get("tls", "starttls" if parts.scheme == "smtp" else "implicit")
        if (
            not parts.host
            or parts.path.strip("/")
            or tls not in ("implicit", "starttls", "none")
            or (tls == "implicit") != (parts.scheme == "smtps")
            or not from_address
        ):
            raise ValueError("expected smtp://user:password@host:587?from=otp@example.com")
        return cls(
            host=parts.host,
            port=parts.port or (465 if tls == "implicit" else 587),
            tls=tls,
            from_address=from_address,
            from_name=from_name,
            user=parts.user,
            password=parts.password,
        )


_WITH_NAME = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>\s*")


def _read_from(text: str) -> tuple[str, str]:
    """The display name and the address that mails come from. The address is empty if malformed."""
    match = _WITH_NAME.fullmatch(text)
    name, address = match.groups() if match else ("", text)
    try:
        if not address.isascii():
            address = _idna(address)
        read = Address(unquote(name.strip()), addr_spec=address)
    except (ValueError, IndexError, MessageError):
        return "", ""
    return read.display_name, address if read.domain and read.display_name.isprintable() else ""


def _idna(address: str) -> str:
    """An address whose domain is in Punycode. Raises ValueError for a local part that is not
    ASCII, which few servers accept."""
    read = validate_email(
        address, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False
    )
    return str(read.ascii_email)


_CHANNELS: dict[str, tuple[Channel, ...]] = {
    from_numbers.NUMBER: ("sms", "whatsapp", "call"),
    "MG[0-9a-fA-F]{32}": ("sms", "whatsapp"),
    from_numbers.SHORT_CODE_OR_NAME: ("sms",),
}


@dataclass(frozen=True, kw_only=True)
class TwilioSetup:
    """Twilio signs receipts with the account's `auth_token`, also where an API key sends. If that
    is None, no receipts are requested."""

    takes_from: ClassVar = from_numbers.ANY
    # Twilio knows the ids by the text, which its customers register with it.
    takes_dlt: ClassVar = True

    account: str
    from_number: str
    channels: tuple[Channel, ...]
    auth: tuple[str, str] = field(repr=False)
    content: str | None
    api: str
    auth_token: str | None = field(repr=False)

    @property
    def takes_text(self) -> bool:
        return self.content is None

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, ("account", "auth_token", "api", "content"))
        account = parts.options.get("account", parts.user)
        content = parts.options.get("content")
        channels = [c for form, c in _CHANNELS.items() if re.fullmatch(form, parts.host)]
        if (
            not re.fullmatch("AC[0-9a-fA-F]{32}", account)
            or not re.fullmatch("(AC|SK)[0-9a-fA-F]{32}", parts.user)
            or not (parts.password and channels)
            or not parts.ends_with_host
            or not re.fullmatch("HX[0-9a-fA-F]{32}", content or "HX" + 32 * "0")
        ):
            raise ValueError(
                "expected twilio://SID:TOKEN@FROM, where SID is AC… (or SK… with ?account=AC…) and "
                "FROM a number such as +15005550006, MG… or a name"
            )
        return cls(
            account=account,
            from_number=parts.host,
            channels=channels[0],
            auth=(parts.user, parts.password),
            content=content,
            api=api_base(parts, "https://api.twilio.com"),
            auth_token=parts.options.get("auth_token")
            or (parts.password if parts.user.startswith("AC") else None),
        )


@dataclass(frozen=True, kw_only=True)
class WebhookSetup:
    # Its query may hold a key of the gateway.
    endpoint: str = field(repr=False)
    key: bytes = field(repr=False)
    channels: ClassVar = CHANNELS
    takes_from: ClassVar = ".+"
    takes_dlt: ClassVar = True

    @classmethod
    def from_url(cls, url: str) -> Self:
        # `tls` is our option; the gateway gets the rest of the query.
        parts = SenderUrl.parse(url, ("tls",), keep_others=True)
        key = _webhook_key(parts)
        if not parts.host or parts.options.get("tls", "yes") not in ("yes", "none"):
            raise ValueError("expected webhook://SECRET@host/path, with ?tls=none for plain HTTP")
        # HTTP takes no letters beyond ASCII; everything else stays as it is.
        query = f"?{parts.query}" if parts.query else ""
        path = quote(f"{parts.path or '/'}{query}", safe=string.punctuation)
        return cls(endpoint=f"{http_base(parts)}{path}", key=key)


def _webhook_key(url: SenderUrl) -> bytes:
    """The key in webhook://SECRET@host. Raises ValueError."""
    if not url.password:
        with suppress(ValueError):
            return webhook_key(url.user)
    raise ValueError(
        "expected webhook://SECRET@host/path, where SECRET is whsec_ followed by 24 to 64 random "
        "bytes in base64, with / written as %2F"
    )
