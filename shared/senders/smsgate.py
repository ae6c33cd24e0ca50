"""What an smsgate:// URL may say."""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Self

from shared.policy import Channel
from shared.settings.sender_urls import SenderUrl, api_base, http_base

# The app calls our messages by this part of a send's name, because it takes 36 characters.
ID_WITHOUT = "VE"

_OPTIONS = ("tls", "sim", "device", "signing_key", "api")


@dataclass(frozen=True, kw_only=True)
class SmsGateSetup:
    """`endpoint` is where messages are posted. Without `signing_key` there are no receipts."""

    channels: ClassVar[tuple[Channel, ...]] = ("sms",)

    endpoint: str
    auth: tuple[str, str] = field(repr=False)
    sim: int | None
    device: str | None
    signing_key: str = field(repr=False)

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, _OPTIONS)
        options = parts.options
        sim, device = options.get("sim"), options.get("device")
        if not (
            parts.user and parts.password and re.fullmatch(r"[A-Za-z0-9.:-]+", parts.host)
        ) or not parts.path.strip("/"):
            raise ValueError(
                "expected smsgate://USER:PASSWORD@host/path, such as "
                "192.168.1.10:8080/message?tls=none or api.sms-gate.app/3rdparty/v1/messages"
            )
        if options.get("tls", "none") != "none":
            raise ValueError("expected tls=none, or HTTPS without it")
        if "signing_key" in options and not options["signing_key"]:
            raise ValueError("expected signing_key= with the app's signing key")
        if sim not in (None, "1", "2", "3"):
            raise ValueError("expected sim=1, 2 or 3")
        if device is not None and not re.fullmatch("[A-Za-z0-9_-]{1,64}", device):
            raise ValueError("expected the id of a device, as the app shows it")
        return cls(
            endpoint=f"{api_base(parts, http_base(parts))}{parts.path}",
            auth=(parts.user, parts.password),
            sim=int(sim) if sim else None,
            device=device,
            signing_key=options.get("signing_key", ""),
        )
