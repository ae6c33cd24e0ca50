"""whatsapp:// sends through Meta's WhatsApp Cloud API, without a company in between.

whatsapp://TOKEN@PHONE_NUMBER_ID?template=NAME

?languages=en_US:de:pt_BR
                those that the template exists in; the first one is for everyone else
?ttl=300        the template's message_send_ttl_seconds, which the start compares to the code's life
?app_secret=…   the app's: receipts are signed with it, so there are none without it
?verify_token=… a word of yours, which Meta repeats when you enter the address for receipts
?api=…          a private gateway, or a test server

Codes need an authentication template, whose text is Meta's and whose button copies the code:
    python -m worker.senders.whatsapp create-template          prints it
    python -m worker.senders.whatsapp create-template --post ACCOUNT_ID   creates it

Messages: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages
Error codes: …/documentation/business-messaging/whatsapp/support/error-codes
"""

import re
from dataclasses import dataclass, field
from typing import Any

from shared.senders.whatsapp import UNREACHABLE, WhatsAppSetup
from worker.senders.base import DeliveryError, Failure, Message
from worker.senders.http_post import Answer, Poster

GRAPH_VERSION = "v23.0"

# Token and rights; blocked or restricted accounts, countries, payment and numbers; templates and
# parameters; marketing limits, which should not count for authentication.
_REFUSED = {
    *(0, 3, 10, 190, *range(200, 300)),
    *(368, 130497, 131005, 131031, 131037, 131042, 131045),
    *(132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016),
    *(131008, 131009, 131047, 131051, 131062),
    *(130472, 131049, 131050),
}
# Too much: of calls, of messages, for one person (131056), for the number's quality (131048,
# 131064). Or Meta is busy with the number.
_BUSY = {4, 80007, 130429, 131016, 131048, 131056, 131057, 131064, 133016}
_UNKNOWN = {131000, 135000}
# The business's own number.
_INVALID_RECIPIENT = {131021}

_FAILURES: dict[int, Failure] = {
    **dict.fromkeys(_REFUSED, "refused"),
    **dict.fromkeys(_BUSY, "transient"),
    **dict.fromkeys(_UNKNOWN, "unknown"),
    **dict.fromkeys(_INVALID_RECIPIENT, "invalid_recipient"),
    **dict.fromkeys(UNREACHABLE, "unreachable"),
}


@dataclass(frozen=True, kw_only=True)
class WhatsAppSender(WhatsAppSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> None:
        """Meta's id for a message is not returned: the recipient's number is in it, in base64."""
        answer = self._poster.post_json(
            f"{self.api}/{GRAPH_VERSION}/{self.phone_number_id}/messages",
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": message.to,
                # Receipts have it. So they settle an attempt whose answer got lost.
                "biz_opaque_callback_data": message.attempt,
                "type": "template",
                "template": self._template_with(message),
            },
            {"Authorization": f"Bearer {self.token}"},
        )
        if answer.status // 100 != 2 or not _has_id(answer):
            raise _failure(answer)

    def try_credentials(self) -> bool:
        answer = self._poster.get(
            f"{self.api}/{GRAPH_VERSION}/{self.phone_number_id}?fields=id",
            {"Authorization": f"Bearer {self.token}"},
        )
        if answer.status // 100 != 2:
            raise _failure(answer)
        return True

    def _template_with(self, message: Message) -> dict[str, Any]:
        code = [{"type": "text", "text": message.code}]
        return {
            "name": self.template,
            "language": {"code": self._language(message.locale)},
            "components": [
                {"type": "body", "parameters": code},
                # Created as a button of the type otp, which Meta keeps as one with a URL.
                {"type": "button", "sub_type": "url", "index": "0", "parameters": code},
            ],
        }

    def _language(self, locale: str) -> str:
        """The template's language for a locale: the same region, or the same language."""
        asked = locale.replace("-", "_").lower()
        language = asked.partition("_")[0]
        same = [known for known in self.languages if known.lower() == asked]
        near = [known for known in self.languages if known.partition("_")[0] == language]
        return [*same, *near, self.languages[0]][0]


def _has_id(answer: Answer) -> bool:
    messages = answer.json.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    return isinstance(first, dict) and isinstance(first.get("id"), str)


def _failure(answer: Answer) -> DeliveryError:
    error = answer.json.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(code, int) or not re.fullmatch("[0-9]{1,7}", str(code)):
        return DeliveryError(answer.failure, f"whatsapp_http_{answer.status}")
    return DeliveryError(_FAILURES.get(code, answer.failure), f"whatsapp_{code}")


if __name__ == "__main__":
    from worker.senders import whatsapp_template

    whatsapp_template.main()
