"""telnyx:// sends SMS through the Messaging API of Telnyx.

telnyx://API_KEY@+15005550006                             from a number or a short code
telnyx://API_KEY@Example?profile=MESSAGING_PROFILE_ID     from a name
telnyx://API_KEY@?profile=MESSAGING_PROFILE_ID            from the number pool of a profile

?public_key=…   the account's, which receipts are signed with: there are none without it
?api=…          a test server

The errors are those of https://developers.telnyx.com/docs/messaging/messages/error-codes and
https://developers.telnyx.com/development/api-fundamentals/api-errors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.senders.telnyx import TelnyxSetup
from worker.senders.base import DeliveryError, Message
from worker.senders.http_post import Answer, Poster

# Not a number, not one that takes SMS, or its owner has opted out (40300).
_INVALID_RECIPIENT = {"10002", "10016", "40001", "40012", "40300", "40310"}
# Spam filters and carriers that recover, too many requests, a full queue.
_BUSY = {"10011", "40002", "40006", "40011", "40318", "40320"}
# An unexpected error, and a timeout at Telnyx.
_UNKNOWN = {"10007", "10008"}
# What is wrong with the request, beside the 40xxx of messages.
_WRONG_REQUEST = {"10001", "10003", "10004", "10009", "10010", "10015", "10017"}


@dataclass(frozen=True, kw_only=True)
class TelnyxSender(TelnyxSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> str:
        answer = self._poster.post_json(
            f"{self.api}/v2/messages",
            self._content(message),
            {
                "Authorization": f"Bearer {self.key}",
                "Idempotency-Key": message.idempotency_key,
            },
        )
        data = answer.json.get("data")
        message_id = str(data.get("id")) if isinstance(data, Mapping) else ""
        if answer.status // 100 == 2 and re.fullmatch("[0-9a-f-]{36}", message_id):
            return message_id
        raise _failure(answer)

    def try_credentials(self) -> bool:
        """A key that may send but not read the balance gets 403, and a wrong one 401."""
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self._poster.get(f"{self.api}/v2/balance", headers)
        if answer.status // 100 != 2 and answer.status != 403:
            raise _failure(answer)
        return True

    def _content(self, message: Message) -> dict[str, str | bool]:
        content: dict[str, str | bool] = {
            "to": message.to,
            "text": message.text,
            # Events hold the text, and so the code. The profile's webhook does not need it.
            "use_profile_webhooks": False,
        }
        if origin := message.from_number or self.from_number:
            content["from"] = origin
        if self.profile:
            content["messaging_profile_id"] = self.profile
        if message.receipt_url and self.public_key:
            content["webhook_url"] = message.receipt_url
        return content


def _failure(answer: Answer) -> DeliveryError:
    code = _code(answer.json)
    if code is None:
        return DeliveryError(answer.failure, f"telnyx_http_{answer.status}")
    error = f"telnyx_{code}"
    if code in _INVALID_RECIPIENT:
        return DeliveryError("invalid_recipient", error)
    if code in _BUSY or answer.status in (429, 503):
        return DeliveryError("transient", error)
    if code in _UNKNOWN or answer.status >= 500:
        return DeliveryError("unknown", error)
    # Telnyx answers 422 if it has taken a message with this key and another body, such as the
    # receipt URL of the attempt before. No code is documented for that.
    if answer.status == 422 and not (code in _WRONG_REQUEST or code.startswith("40")):
        return DeliveryError("unknown", error)
    return DeliveryError("refused", error)


def _code(body: Mapping[str, Any]) -> str | None:
    """The first error's code: five digits."""
    match body.get("errors"):
        case [{"code": code}, *_] if re.fullmatch("[1-9][0-9]{4}", str(code)):
            return str(code)
    return None
