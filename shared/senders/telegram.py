"""What a telegram:// URL may say."""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Self

from shared.policy import Channel
from shared.settings import from_numbers
from shared.settings.sender_urls import SenderUrl, api_base


@dataclass(frozen=True, kw_only=True)
class TelegramSetup:
    """`from_name` is the user name of the verified channel that codes come from, if not Telegram's
    own."""

    channels: ClassVar[tuple[Channel, ...]] = ("telegram",)
    takes_text: ClassVar = False
    takes_from: ClassVar = from_numbers.TELEGRAM_NAME

    token: str = field(repr=False)
    from_name: str | None
    api: str

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, ("from", "api"))
        from_name = parts.options.get("from")
        if not parts.user or parts.password or parts.host != "gateway" or not parts.ends_with_host:
            raise ValueError("expected telegram://TOKEN@gateway")
        if from_name is not None and not re.fullmatch(from_numbers.TELEGRAM_NAME, from_name):
            raise ValueError("expected from=NAME, the user name of your verified channel without @")
        return cls(
            token=parts.user,
            from_name=from_name,
            api=api_base(parts, "https://gatewayapi.telegram.org"),
        )
