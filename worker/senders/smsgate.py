"""smsgate:// sends real SMS from an Android phone with the app of https://sms-gate.app.

smsgate://USER:PASSWORD@192.168.1.10:8080/message?tls=none      the phone, in your network
smsgate://USER:PASSWORD@sms.example.com/api/3rdparty/v1/messages  a private server
smsgate://USER:PASSWORD@api.sms-gate.app/3rdparty/v1/messages   the app's cloud

?sim=1          the phone's SIM card; the app decides otherwise
?device=…       the phone, if a server knows several
?signing_key=…  the app's, from its settings for webhooks: without it there are no receipts
?api=…          another address of the server, such as a test server's

https://docs.sms-gate.app/features/sending-messages/
"""

from dataclasses import dataclass, field

from shared.senders.smsgate import ID_WITHOUT, SmsGateSetup
from worker.senders.base import DeliveryError, Message
from worker.senders.http_post import Poster

# From 100, messages pass the limits and pauses that the app has for bulk.
PRIORITY = 100
SHORTEST_TTL_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class SmsGateSender(SmsGateSetup):
    _poster: Poster = field(default_factory=Poster, repr=False, compare=False)

    def send(self, message: Message) -> str:
        """The id is ours. The app refuses a second message with it, so that a retry after a lost
        answer does not send again."""
        message_id = message.idempotency_key.removeprefix(ID_WITHOUT)
        content = {
            "id": message_id,
            "textMessage": {"text": message.text},
            "phoneNumbers": [message.to],
            "ttl": max(message.expires_in, SHORTEST_TTL_SECONDS),
            "priority": PRIORITY,
            "withDeliveryReport": True,
            "simNumber": self.sim,
            "deviceId": self.device,
        }
        given = {name: value for name, value in content.items() if value is not None}
        answer = self._poster.post_json(self.endpoint, given, {}, self.auth)
        is_taken = answer.status // 100 == 2 and isinstance(answer.json.get("id"), str)
        if is_taken or answer.status == 409:
            return message_id
        raise DeliveryError(answer.failure, f"smsgate_{answer.status}")

    def try_credentials(self) -> bool:
        """Asks for a message that does not exist."""
        answer = self._poster.get(f"{self.endpoint}/none", {}, self.auth)
        if answer.status not in (200, 400, 404):
            raise DeliveryError(answer.failure, f"smsgate_{answer.status}")
        return True
