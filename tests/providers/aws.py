"""AWS End User Messaging's SendTextMessage and PutMessageFeedback as its API model describes them,
and Signature Version 4 as AWS checks it."""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from worker.senders.conformance.servers import Reply, Request

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "hunter22EMI"
REGION = "eu-west-1"
MESSAGE_ID = "862a8790-60c0-4430-9b2b-658bd0000000"
FIELDS = {
    "DestinationPhoneNumber": r"\+?[1-9][0-9]{1,18}",
    "OriginationIdentity": r"[A-Za-z0-9_:/\+-]+",
    "MessageBody": r"(?!\s*$)[\s\S]{1,1600}",
    "MessageType": "TRANSACTIONAL|PROMOTIONAL",
    "ConfigurationSetName": r"[A-Za-z0-9_:/-]+",
    "MaxPrice": r"[0-9]{0,2}\.[0-9]{1,5}",
}


# Of DestinationCountryParameters.
OTHER_FIELDS = {"TimeToLive", "Context", "DestinationCountryParameters", "MessageFeedbackEnabled"}
COUNTRY_FIELDS = {"IN_TEMPLATE_ID", "IN_ENTITY_ID"}


def refusal(kind: str, reason: str | None = None, status: int = 400) -> Reply:
    body = {"__type": f"com.amazonaws.pinpointsmsvoicev2#{kind}", "Message": "Said at length."}
    return _json(status, body | ({"Reason": reason} if reason else {}))


def accepted() -> dict[str, str]:
    return {"MessageId": MESSAGE_ID}


@dataclass
class Aws:
    taken: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if (request.method, request.path) != ("POST", "/"):
            return refusal("UnknownOperationException", status=404)
        if not _is_signed(request, headers):
            return refusal("InvalidSignatureException", status=403)
        service, _, operation = headers["x-amz-target"].partition(".")
        is_json = headers["content-type"] == "application/x-amz-json-1.0"
        operations = {"SendTextMessage": self._take, "PutMessageFeedback": self._take_feedback}
        if service != "PinpointSMSVoiceV2" or operation not in operations or not is_json:
            return refusal("UnknownOperationException")
        return operations[operation](json.loads(request.body))

    def _take(self, message: dict[str, Any]) -> Reply:
        wrong = [
            name
            for name, form in FIELDS.items()
            if name in message and not re.fullmatch(form, message[name])
        ]
        in_country = message.get("DestinationCountryParameters", {})
        if (
            wrong
            or message.keys() - {*FIELDS, *OTHER_FIELDS}
            or in_country.keys() - COUNTRY_FIELDS
            or not all(re.fullmatch(r"\S{1,64}", value) for value in in_country.values())
        ):
            return refusal("ValidationException", "INVALID_PARAMETER")
        if not 5 <= message["TimeToLive"] <= 259_200 or len(message.get("Context", {})) > 5:
            return refusal("ValidationException", "INVALID_PARAMETER")
        self.taken.append(message)
        return _json(200, accepted())

    def _take_feedback(self, feedback: dict[str, Any]) -> Reply:
        status, message_id = feedback["MessageFeedbackStatus"], feedback["MessageId"]
        if len(feedback) > 2 or status not in {"RECEIVED", "FAILED"}:
            return refusal("ValidationException", "INVALID_PARAMETER")
        if not any(message.get("MessageFeedbackEnabled") is True for message in self.taken):
            return refusal("ResourceNotFoundException")
        if message_id != MESSAGE_ID:
            return refusal("ResourceNotFoundException")
        self.feedback.append(feedback)
        return _json(200, feedback)


def _is_signed(request: Request, headers: dict[str, str]) -> bool:
    match = re.fullmatch(
        "AWS4-HMAC-SHA256 Credential=([^/]+)/([0-9]{8}/[^/]+/sms-voice/aws4_request), "
        "SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
        headers.get("authorization", ""),
    )
    if not match or match[1] != ACCESS_KEY:
        return False
    names = match[3].split(";")
    time = headers["x-amz-date"]
    age = datetime.now(UTC) - datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if not {"host", "x-amz-date"} <= set(names) or abs(age.total_seconds()) > 300:
        return False
    canonical = "POST\n/\n\n" + "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical += f"\n{match[3]}\n{hashlib.sha256(request.body).hexdigest()}"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET_KEY}".encode()
    for part in match[2].split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    said = f"AWS4-HMAC-SHA256\n{time}\n{match[2]}\n{hashed}"
    return hmac.new(key, said.encode(), "sha256").hexdigest() == match[4]


def _json(status: int, body: dict[str, Any]) -> Reply:
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return Reply(status=status, headers=headers, body=json.dumps(body).encode())
