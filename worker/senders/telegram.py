"""telegram:// sends through the Telegram Gateway, to people who have Telegram on their number.

telegram://TOKEN@gateway

?from=NAME      the user name of your verified channel; by default codes come from Telegram's own
?api=…          a private gateway, or a test server

https://core.telegram.org/gateway/api. It lists no error names: those here were seen by its users.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from shared.senders.telegram import TelegramSetup
from worker.senders.base import DeliveryError, Failure, Message
from worker.senders.http_post import Answer, Poster

# Telegram's bounds.
TTL_SECONDS = (30, 3600)
CODE_LENGTHS = range(4, 9)
LONGEST_CALLBACK_URL = 256

_FAILURES: dict[str, Failure] = {
    "PHONE_NUMBER_NOT_FOUND": "unreachable",
    "PHONE_NUMBER_NOT_AVAILABLE": "unreachable",
    "PHONE_NUMBER_INVALID": "invalid_recipient",
}
# It has the message from an attempt whose answer got lost.
_HAS_IT = "MESSAGE_ALREADY_SENT"


@dataclass(frozen=True, kw_only=True)
class TelegramSender(TelegramSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)
    # A message follows directly after its question. On the same connection, it could get lost if
    # Telegram hangs up after the answer, and then nobody knows whether Telegram has it.
    _asker: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> str:
        """A request costs one fee, and only one message can be sent within it. So every attempt
        uses the request of the one before."""
        if len(message.code) not in CODE_LENGTHS or not message.code.isdecimal():
            raise DeliveryError("refused", "telegram_code_length")
        request_id = message.earlier_id or self._begin(message)
        try:
            content = self._content(message, request_id)
            answer = self._post(self._poster, "sendVerificationMessage", content)
            failure = None if answer.json.get("error") == _HAS_IT else _failure(answer)
        except DeliveryError as error:
            failure = error
        if failure is None:
            return request_id
        # Outside of `except`, and with the request for the next attempt.
        raise DeliveryError(failure.failure, failure.error, request_id)

    def conclude(self, provider_id: str, code: str | None) -> None:
        """Telegram measures how many codes are entered, and deletes the message of a canceled one
        if it has not been read."""
        if code:
            content = {"request_id": provider_id, "code": code}
            self._post(self._asker, "checkVerificationStatus", content)
        else:
            self._post(self._asker, "revokeVerificationMessage", {"request_id": provider_id})

    def try_credentials(self) -> bool:
        """Telegram has no call for that, but checks the token before the id of a request."""
        answer = self._post(self._asker, "checkVerificationStatus", {"request_id": "0"})
        error = str(answer.json.get("error"))
        if answer.status < 500 and re.fullmatch("[A-Z_0-9]{1,50}", error):
            if "TOKEN" in error:
                raise DeliveryError("refused", f"telegram_{error.lower()}")
            return True
        raise DeliveryError(answer.failure, f"telegram_http_{answer.status}")

    def _begin(self, message: Message) -> str:
        """Ask whether this person can be reached. A yes costs the fee. Returns the request's id."""
        answer = self._post(self._asker, "checkSendAbility", {"phone_number": message.to})
        failure = _failure(answer)
        if failure:
            raise failure
        return str(answer.json["result"]["request_id"])

    def _content(self, message: Message, request_id: str) -> dict[str, Any]:
        shortest, longest = TTL_SECONDS
        content: dict[str, Any] = {
            "phone_number": message.to,
            "request_id": request_id,
            "code": message.code,
            # A message that is not delivered in time is refunded.
            "ttl": min(max(message.expires_in, shortest), longest),
            "payload": message.attempt,
        }
        if from_name := message.from_number or self.from_name:
            content["sender_username"] = from_name
        url = message.receipt_url
        if url and url.startswith("https:") and len(url) <= LONGEST_CALLBACK_URL:
            content["callback_url"] = url
        return content

    def _post(self, poster: Poster, method: str, content: dict[str, Any]) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"}
        return poster.post_json(f"{self.api}/{method}", content, headers)


def _failure(answer: Answer) -> DeliveryError | None:
    """Returns None if the request succeeded."""
    error = answer.json.get("error")
    if answer.status // 100 == 2 and answer.json.get("ok") is True:
        result = answer.json.get("result")
        request_id = result.get("request_id") if isinstance(result, dict) else None
        if isinstance(request_id, str) and re.fullmatch("[A-Za-z0-9_-]{1,64}", request_id):
            return None
    elif answer.status < 500 and isinstance(error, str) and re.fullmatch("[A-Z_0-9]{1,50}", error):
        return DeliveryError(_meaning(error, answer), f"telegram_{error.lower()}")
    # A request that took too long for something in between may have arrived.
    failure = "unknown" if answer.status == 408 else answer.failure
    return DeliveryError(failure, f"telegram_http_{answer.status}")


def _meaning(error: str, answer: Answer) -> Failure:
    if error.startswith("FLOOD_WAIT") or answer.status == 429:
        return "transient"
    return _FAILURES.get(error, "refused")
