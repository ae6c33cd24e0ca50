"""webhook:// hands messages to a gateway of your own.

webhook://SECRET@gateway.example.com/path                over HTTPS
webhook://SECRET@gateway:8080/path?tls=none              plain, within a private network
webhook://SECRET@gateway.example.com/path?code=abc       the gateway gets ?code=abc as written

SECRET is "whsec_" and the base64 of 24 to 64 random bytes, with / written as %2F:
    echo "whsec_$(openssl rand -base64 32 | sed s,/,%2F,g)"

The gateway gets a POST of JSON: `id`, `to`, `channel`, `code`, `text`, `subject`, `locale`,
`expires_in` (seconds) and, where there are any, `html`, `receipt_url` and, from the route of the
number's country, `from`, `dlt_entity` and `dlt_template`. It is signed by Standard
Webhooks 1.0.0 (https://www.standardwebhooks.com), whose libraries check it. `id`, which is also in
the headers webhook-id and Idempotency-Key, is the same for every attempt of one send: a gateway
that remembers it never sends twice. If the request for the code had a `traceparent`, the gateway
gets it too (https://www.w3.org/TR/trace-context/).

It answers
    2xx       accepted; {"id": "…"} is kept as its id for the message
    409       it has this id already, which is as good
    410, 422  with {"error": "…"}: no one can deliver to this address, or, with
              {"error": "unreachable"}, this person is not on this channel
    408, 425, 429, 503   not now; it may be tried again
    another 3xx or 4xx   refused; the next sender gets it
    another 5xx          nobody knows, as it may have failed after the message went out

It may POST {"status": "delivered"}, or "undelivered" with an "error" word, or "unreachable",
or "accepted" to `receipt_url`, signed in the same way with the same secret.
"""

import json
import re
import time
from dataclasses import dataclass, field

from shared import signatures
from shared.senders.setups import WebhookSetup
from worker.senders.base import DeliveryError, Failure, Message
from worker.senders.http_post import Answer, Poster


@dataclass(frozen=True, kw_only=True)
class WebhookSender(WebhookSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> str | None:
        body = json.dumps(_content(message)).encode()
        timestamp = str(int(time.time()))
        signature = signatures.standard_webhook(self.key, message.idempotency_key, timestamp, body)
        answer = self._poster.post(
            self.endpoint,
            body,
            {
                "Content-Type": "application/json",
                "Idempotency-Key": message.idempotency_key,
                "webhook-id": message.idempotency_key,
                "webhook-timestamp": timestamp,
                "webhook-signature": signature,
                **({"traceparent": message.traceparent} if message.traceparent else {}),
            },
        )
        if answer.status // 100 == 2 or answer.status == 409:
            return _id(answer, message)
        raise DeliveryError(_failure(answer), f"webhook_{answer.status}")


def _content(message: Message) -> dict[str, str | int]:
    content: dict[str, str | int | None] = {
        "id": message.idempotency_key,
        "to": message.to,
        "channel": message.channel,
        "code": message.code,
        "text": message.text,
        "subject": message.subject,
        "locale": message.locale,
        "expires_in": message.expires_in,
        "html": message.html,
        "receipt_url": message.receipt_url,
        "from": message.from_number,
        "dlt_entity": message.dlt_entity,
        "dlt_template": message.dlt_template,
    }
    return {name: value for name, value in content.items() if value is not None}


def _id(answer: Answer, message: Message) -> str | None:
    """The gateway's id, unless it is a text or has the code in it: ids are stored and shown."""
    given = answer.json.get("id")
    if not isinstance(given, str) or not re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", given):
        return None
    digits = message.to.lstrip("+")
    return None if message.code in given or digits in given else given


def _failure(answer: Answer) -> Failure:
    if answer.status in (410, 422) and isinstance(answer.json.get("error"), str):
        return "unreachable" if answer.json["error"] == "unreachable" else "invalid_recipient"
    if answer.status in (408, 425, 429, 503):
        return "transient"
    return "unknown" if answer.status >= 500 else "refused"
