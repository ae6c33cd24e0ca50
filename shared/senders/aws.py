"""What an aws:// URL may say."""

import re
from dataclasses import dataclass, field
from typing import ClassVar, Self

from shared.policy import Channel
from shared.settings.sender_urls import SenderUrl, api_base

# In US dollars, for one part of an SMS. The most expensive countries are below it.
_USUAL_MAX_PRICE = "0.50"
# The forms in AWS's description of the API (pinpoint-sms-voice-v2, 2022-03-31).
_FORMS = {
    "from": r"[A-Za-z0-9_:/+-]{1,256}",
    "configuration_set": r"[A-Za-z0-9_:/-]{1,256}",
    "max_price": r"[0-9]{0,2}\.[0-9]{1,5}",
    "feedback": "true",
    "topic": r"arn:aws[a-z-]*:sns:[a-z0-9-]{1,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}",
}


@dataclass(frozen=True, kw_only=True)
class AwsSetup:
    """`topic` is the ARN of the SNS topic that the configuration set sends its events to. With
    `feedback`, AWS is told which codes were entered."""

    channels: ClassVar[tuple[Channel, ...]] = ("sms",)
    takes_from: ClassVar = _FORMS["from"]
    takes_dlt: ClassVar = True

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str
    origin: str | None
    configuration_set: str | None
    max_price: str
    feedback: bool
    topic: str | None
    api: str

    @classmethod
    def from_url(cls, url: str) -> Self:
        parts = SenderUrl.parse(url, (*_FORMS, "api"))
        for name, form in _FORMS.items():
            if name in parts.options and not re.fullmatch(form, parts.options[name]):
                raise ValueError(f"?{name}= has the wrong format; see docs/senders.md")
        if (
            not re.fullmatch("[A-Z0-9]{16,128}", parts.user)
            or not parts.password
            or not re.fullmatch("[a-z]{2}(-[a-z]+)+-[0-9]", parts.host)
            or not parts.ends_with_host
        ):
            raise ValueError("expected aws://ACCESS_KEY:SECRET_KEY@REGION?from=+15005550006")
        if "topic" in parts.options and "configuration_set" not in parts.options:
            raise ValueError("?topic= needs ?configuration_set=, which sends the events there")
        return cls(
            access_key=parts.user,
            secret_key=parts.password,
            region=parts.host,
            origin=parts.options.get("from"),
            configuration_set=parts.options.get("configuration_set"),
            max_price=parts.options.get("max_price", _USUAL_MAX_PRICE),
            feedback="feedback" in parts.options,
            topic=parts.options.get("topic"),
            api=api_base(parts, f"https://sms-voice.{parts.host}.amazonaws.com"),
        )
