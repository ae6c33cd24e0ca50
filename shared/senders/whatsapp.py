"""What a whatsapp:// URL may say."""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Self

from shared.policy import Channel
from shared.settings.sender_urls import SenderUrl, api_base

# Meta's error codes for people who are not on WhatsApp, have an old version of it or have not
# accepted its terms (131026), and who are not among those a test number may write to (131030).
# Meta returns them in answers, in receipts or in both.
UNREACHABLE = {131026, 131030}

# How long WhatsApp tries to deliver a message of an authentication template that does not say.
USUAL_TTL_SECONDS = 600

_OPTIONS = ("template", "languages", "ttl", "app_secret", "verify_token", "api")


@dataclass(frozen=True, kw_only=True)
class WhatsAppSetup:
    """`ttl_seconds` is the template's `message_send_ttl_seconds`. The first one of `languages` is
    for people whose language has no template. Without `app_secret` there are no receipts."""

    channels: ClassVar[tuple[Channel, ...]] = ("whatsapp",)
    takes_text: ClassVar = False

    token: str = field(repr=False)
    phone_number_id: str
    template: str
    languages: tuple[str, ...]
    ttl_seconds: int
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    api: str

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, _OPTIONS)
        options = parts.options
        languages = options.get("languages", "en_US").split(":")
        ttl = options.get("ttl", str(USUAL_TTL_SECONDS))
        if not parts.user or parts.password or not parts.ends_with_host:
            raise ValueError("expected whatsapp://TOKEN@PHONE_NUMBER_ID?template=NAME")
        if not re.fullmatch("[0-9]{5,30}", parts.host):
            raise ValueError("expected the id of a phone number after @, in digits")
        if not re.fullmatch("[a-z0-9_]{1,512}", options.get("template", "")):
            raise ValueError("expected template=NAME, in small letters, digits and _")
        if not all(re.fullmatch("[a-z]{2,3}(_[A-Z]{2,3})?", language) for language in languages):
            raise ValueError("expected Meta's language codes, such as languages=en_US:de:pt_BR")
        if not re.fullmatch("[0-9]{2,7}", ttl):
            raise ValueError("expected the template's time to live in seconds, such as ttl=300")
        for name in ("app_secret", "verify_token"):
            if options.get(name) == "":
                raise ValueError(f"{name}= has no value")
        if "verify_token" in options and "app_secret" not in options:
            raise ValueError("receipts need app_secret, with which Meta signs them")
        return cls(
            token=parts.user,
            phone_number_id=parts.host,
            template=options["template"],
            languages=tuple(languages),
            ttl_seconds=int(ttl),
            app_secret=options.get("app_secret", ""),
            verify_token=options.get("verify_token", ""),
            api=api_base(parts, "https://graph.facebook.com"),
        )
