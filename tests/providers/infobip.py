"""Infobip's POST /sms/3/messages as its API reference and its SDK describe it."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from worker.senders.conformance.servers import Reply, Request

KEY = "0123456789abcdef-hunter22-0123456789ab"
# The first of https://www.infobip.com/docs/api "Send SMS message", as an answer to one message.
PENDING = {
    "groupId": 1,
    "groupName": "PENDING",
    "id": 26,
    "name": "PENDING_ACCEPTED",
    "description": "Message sent to next instance",
}
# Of options.regional. Infobip requires principalEntityId.
DLT_FIELDS = {"principalEntityId", "contentTemplateId"}
MESSAGE_FIELDS = {"sender", "destinations", "content", "options", "webhooks"}


def rejected(name: str, **error: Any) -> Reply:
    status = {"groupId": 5, "groupName": "REJECTED", "id": 6, "name": name, "description": "No."}
    message = {"messageId": "x", "status": status, **({"error": error} if error else {})}
    return _json(200, {"bulkId": "1688025180464000013", "messages": [message]})


def refusal(status: int, code: str, wrong: str | None = None) -> Reply:
    body = {
        "errorCode": code,
        "description": "Said at length.",
        "action": "Do something else.",
        "violations": [{"property": wrong, "violation": "is wrong"}] if wrong else [],
        "resources": [],
    }
    return _json(status, body)


def accepted(message_id: str = "kit") -> dict[str, Any]:
    message = {"messageId": message_id, "status": PENDING, "details": {"messageCount": 1}}
    return {"bulkId": "1688025180464000013", "messages": [message]}


@dataclass
class Infobip:
    taken: list[dict[str, Any]] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    def __call__(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", "/sms/3/messages"):
            return refusal(404, "E404")
        if request.headers.get("Authorization") != f"App {KEY}":
            return refusal(401, "E401")
        return self._take(request)

    def _take(self, request: Request) -> Reply:
        if request.headers.get("Content-Type") != "application/json":
            return refusal(415, "E415")
        [message] = json.loads(request.body)["messages"]
        [destination] = message["destinations"]
        validity = message["options"]["validityPeriod"]
        dlt = message["options"].get("regional", {}).get("indiaDlt", {"principalEntityId": "1"})
        if not re.fullmatch("[1-9][0-9]{6,14}", destination["to"]):
            return refusal(400, "E400", "messages[0].destinations[0].to")
        if (
            message.keys() - MESSAGE_FIELDS
            or dlt.keys() - DLT_FIELDS
            or not dlt["principalEntityId"]
            or not message["sender"]
            or not message["content"]["text"]
            or validity["timeUnit"] != "SECONDS"
            or not 1 <= validity["amount"] <= 2880 * 60
            or len(destination["messageId"]) > 200
        ):
            return refusal(400, "E400", "messages[0]")
        if destination["messageId"] in self._ids:
            return rejected("REJECTED_DUPLICATE_MESSAGE_ID")
        self._ids.add(destination["messageId"])
        self.taken.append(message)
        return _json(200, accepted(destination["messageId"]))


def _json(status: int, body: dict[str, Any]) -> Reply:
    headers = {"Content-Type": "application/json;charset=UTF-8"}
    return Reply(status=status, headers=headers, body=json.dumps(body).encode())
