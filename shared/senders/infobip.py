"""What an infobip:// URL may say."""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Self

from shared.policy import Channel
from shared.settings import from_numbers
from shared.settings.sender_urls import SenderUrl, api_base


@dataclass(frozen=True, kw_only=True)
class InfobipSetup:
    channels: ClassVar[tuple[Channel, ...]] = ("sms",)
    takes_from: ClassVar = from_numbers.ANY
    takes_dlt: ClassVar = True

    key: str = field(repr=False)
    from_number: str
    api: str

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, ("from", "api"))
        origin = parts.options.get("from", "")
        if (
            not re.fullmatch(r"[\w.-]+", parts.user, re.ASCII)
            or parts.password
            or not re.fullmatch(r"[A-Za-z0-9-]+(\.api)?(\.infobip\.com)?", parts.host)
            or not parts.ends_with_host
            or not re.fullmatch(from_numbers.ANY, origin)
        ):
            raise ValueError(
                "expected infobip://API_KEY@BASE?from=FROM, where BASE is as in "
                "https://BASE.api.infobip.com and FROM a number such as +15005550006, or a name"
            )
        account = parts.host.partition(".")[0]
        return cls(
            key=parts.user,
            from_number=origin.removeprefix("+"),
            api=api_base(parts, f"https://{account}.api.infobip.com"),
        )
