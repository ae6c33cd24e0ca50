"""infobip:// sends SMS through Infobip's SMS API, version 3.

infobip://API_KEY@BASE?from=+15005550006   BASE being that of https://BASE.api.infobip.com
infobip://API_KEY@BASE?from=Example        from a name

?api=…   a test server

Infobip signs no receipts. The address for them has a token that is made with the API key, another
one for each attempt.

The statuses are those of
https://www.infobip.com/docs/developer-resources/api-fundamentals/message-status-codes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared import signatures
from shared.senders.infobip import InfobipSetup
from worker.senders.base import DeliveryError, Message
from worker.senders.http_post import Answer, Poster

# Groups of statuses: OK, PENDING, DELIVERED.
_ACCEPTED = {0, 1, 3}
_ACCEPTED_BEFORE = "REJECTED_DUPLICATE_MESSAGE_ID"
# A wrong number, do-not-disturb, a block list.
_INVALID_RECIPIENT = {
    "REJECTED_PREFIX_MISSING",
    "REJECTED_DND",
    "REJECTED_DESTINATION_BLOCKLISTED",
    "MISSING_TO",
    "REJECTED_DESTINATION",
}
_HANDSET_ERRORS = 1


@dataclass(frozen=True, kw_only=True)
class InfobipSender(InfobipSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> str:
        answer = self._poster.post_json(
            f"{self.api}/sms/3/messages",
            {"messages": [self._content(message)]},
            {"Accept": "application/json", "Authorization": f"App {self.key}"},
        )
        if answer.status // 100 != 2:
            raise _failure(answer)
        status, error = _first_message(answer.json)
        if status.get("groupId") in _ACCEPTED or status.get("name") == _ACCEPTED_BEFORE:
            return message.idempotency_key
        raise _rejection(answer, status, error)

    def try_credentials(self) -> bool:
        """A key that may send but not read the account gets 403, and a wrong one 401."""
        headers = {"Accept": "application/json", "Authorization": f"App {self.key}"}
        answer = self._poster.get(f"{self.api}/account/1/balance", headers)
        if answer.status // 100 != 2 and answer.status != 403:
            raise _failure(answer)
        return True

    def _content(self, message: Message) -> dict[str, Any]:
        content: dict[str, Any] = {
            "sender": (message.from_number or self.from_number).removeprefix("+"),
            "destinations": [
                {"to": message.to.removeprefix("+"), "messageId": message.idempotency_key}
            ],
            "content": {"text": message.text},
            "options": {
                "validityPeriod": {"amount": max(message.expires_in, 1), "timeUnit": "SECONDS"}
            },
        }
        if message.dlt_entity:
            content["options"]["regional"] = {
                "indiaDlt": {
                    "principalEntityId": message.dlt_entity,
                    "contentTemplateId": message.dlt_template,
                }
            }
        if message.receipt_url:
            token = signatures.infobip_token(self.key, message.attempt)
            content["webhooks"] = {
                "delivery": {"url": f"{message.receipt_url}&token={token}"},
                "contentType": "application/json",
            }
        return content


def _first_message(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The status and the error of the one message. Both are empty in an answer of another form."""
    match body.get("messages"):
        case [{"status": dict(status), **more}, *_]:
            error = more.get("error")
            return status, error if isinstance(error, dict) else {}
    return {}, {}


def _rejection(
    answer: Answer, status: Mapping[str, Any], error: Mapping[str, Any]
) -> DeliveryError:
    """Infobip keeps the id of a message that it rejected, so this sender cannot repeat it."""
    name = str(status.get("name"))
    if not re.fullmatch("[A-Z][A-Z_]{0,49}", name):
        return DeliveryError(answer.failure, f"infobip_http_{answer.status}")
    is_handset = error.get("groupId") == _HANDSET_ERRORS and error.get("permanent") is True
    if name in _INVALID_RECIPIENT or is_handset:
        return DeliveryError("invalid_recipient", f"infobip_{name}")
    return DeliveryError("refused", f"infobip_{name}")


def _failure(answer: Answer) -> DeliveryError:
    """For a request that Infobip refused as a whole."""
    code = answer.json.get("errorCode")
    if not re.fullmatch("E[0-9]{1,4}", str(code)):
        return DeliveryError(answer.failure, f"infobip_http_{answer.status}")
    match answer.json.get("violations"):
        case [{"property": str(wrong)}, *_] if wrong.endswith(".to"):
            return DeliveryError("invalid_recipient", f"infobip_{code}")
    return DeliveryError(answer.failure, f"infobip_{code}")
