"""aws:// sends SMS through AWS End User Messaging.

aws://ACCESS_KEY:SECRET_KEY@eu-west-1?from=+15005550006

?from=…                a number, a sender ID, a pool, or the ARN of one; else AWS chooses
?configuration_set=…   its name, whose events are the receipts
?topic=arn:aws:sns:…   the SNS topic of these events: there are no receipts without it
?max_price=0.50        in US dollars for one part of an SMS
?feedback=true         tell AWS which codes were entered, for its metrics
?api=…                 a test server

The errors are those of AWS's description of the API, pinpoint-sms-voice-v2 of 2022-03-31.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.senders.aws import AwsSetup
from worker.senders.base import DeliveryError, Message
from worker.senders.http_post import Answer, Poster
from worker.senders.sigv4 import Signer

# What AWS allows. Its default is three days.
_SHORTEST_LIFE_SECONDS, _LONGEST_LIFE_SECONDS = 5, 259_200
_INVALID_RECIPIENT = {
    "DESTINATION_PHONE_NUMBER_OPTED_OUT",
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
}
_BUSY = {"ThrottlingException", "InternalServerException"}


@dataclass(frozen=True, kw_only=True)
class AwsSender(AwsSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> str:
        answer = self._post("SendTextMessage", self._content(message))
        message_id = str(answer.json.get("MessageId"))
        if answer.status // 100 == 2 and re.fullmatch("[0-9a-f-]{36}", message_id):
            return message_id
        raise _failure(answer)

    def try_credentials(self) -> bool:
        """AWS checks the signature before the rights, which need not include this operation."""
        answer = self._post("DescribeAccountAttributes", {})
        kind = str(answer.json.get("__type", "")).rpartition("#")[2]
        if answer.status // 100 != 2 and kind != "AccessDeniedException":
            raise _failure(answer)
        return True

    def conclude(self, provider_id: str, code: str | None) -> None:
        """AWS counts a message without this as not received after an hour. Only an entered code
        tells that it was received."""
        if self.feedback and code:
            content = {"MessageId": provider_id, "MessageFeedbackStatus": "RECEIVED"}
            answer = self._post("PutMessageFeedback", content)
            if answer.status // 100 != 2:
                raise _failure(answer)

    def _post(self, operation: str, content: dict[str, Any]) -> Answer:
        url, body = f"{self.api}/", json.dumps(content).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"PinpointSMSVoiceV2.{operation}",
        }
        signed = self._signer().headers(url, body, headers, datetime.now(UTC))
        return self._poster.post(url, body, signed)

    def _signer(self) -> Signer:
        return Signer(
            access_key=self.access_key,
            secret_key=self.secret_key,
            region=self.region,
            service="sms-voice",
        )

    def _content(self, message: Message) -> dict[str, Any]:
        life = min(max(message.expires_in, _SHORTEST_LIFE_SECONDS), _LONGEST_LIFE_SECONDS)
        content: dict[str, Any] = {
            "DestinationPhoneNumber": message.to,
            "MessageBody": message.text,
            "MessageType": "TRANSACTIONAL",
            "TimeToLive": life,
            "MaxPrice": self.max_price,
        }
        if origin := message.from_number or self.origin:
            content["OriginationIdentity"] = origin
        if message.dlt_entity:
            content["DestinationCountryParameters"] = {
                "IN_ENTITY_ID": message.dlt_entity,
                "IN_TEMPLATE_ID": message.dlt_template,
            }
        if self.feedback:
            content["MessageFeedbackEnabled"] = True
        if self.configuration_set:
            content["ConfigurationSetName"] = self.configuration_set
            # Events repeat it.
            content["Context"] = {"attempt": message.attempt}
        return content


def _failure(answer: Answer) -> DeliveryError:
    """AWS names an error by its type, and often by a reason."""
    kind = re.fullmatch("(?:[^#]*#)?([A-Za-z]{1,60})(?::.*)?", str(answer.json.get("__type", "")))
    if not kind:
        return DeliveryError(answer.failure, f"aws_http_{answer.status}")
    reason = str(answer.json.get("Reason"))
    error = f"aws_{reason if re.fullmatch('[A-Z][A-Z_]{1,59}', reason) else kind[1]}"
    if reason in _INVALID_RECIPIENT:
        return DeliveryError("invalid_recipient", error)
    if kind[1] in _BUSY:
        return DeliveryError("transient", error)
    return DeliveryError(answer.failure, error)
