"""Receipts as the providers sign and post them, and the service that records them."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from api import receipts
from api.http import problems
from api.receipts.certificates import Certificates
from shared import signatures
from shared.settings import Settings

ID = "VE0123456789abcdef0123456789abcdef"
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
SID = "SM0123456789abcdef0123456789abcdef"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER_KEY = b"k" * 32
OTHER_SECRET = "whsec_" + base64.b64encode(OTHER_KEY).decode()
TWILIO_PATH = f"/receipts/twilio?send={ID}-2&attempt=3"
WEBHOOK_PATH = f"/receipts/webhook?send={ID}-2&attempt=3"


@dataclass
class Recorder:
    """A ledger that records receipts, raises an error, or knows no attempt."""

    recorded: list[tuple[Any, ...]] = field(default_factory=list)
    believed: list[tuple[str, str]] = field(default_factory=list)
    error: Exception | None = None
    status: str | None = "sent"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, topic, token):
        self.asked.append((topic, token))

    def receipt(self, verification_id, send, attempt, *, senders, outcome, error, provider_id):
        if self.error:
            raise self.error
        self.believed = senders
        self.recorded.append((verification_id, send, attempt, outcome, error, provider_id))
        return self.status


def settings_of(env: dict[str, str]) -> Settings:
    key = "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    return Settings.load({"OTP_SECRET_KEYS": key, **env}, env_file=None)


def client_for(recorder: Any, settings: Settings, certificates: Certificates | None = None):
    """`recorder` stands for the ledger, and keeps the subscriptions that wait."""
    app = Flask(__name__)
    app.register_blueprint(receipts.endpoints(recorder, settings, recorder, certificates))
    problems.register(app, lambda problem, error: "a page", lambda error: "a sentence")
    return app.test_client()


def twilio(
    client, path=TWILIO_PATH, token="token", url=None, signature: str | None = None, **fields
):
    form = {"MessageSid": SID, "MessageStatus": "delivered", **fields}
    form = {name: value for name, value in form.items() if value is not None}
    signed = signatures.twilio(token, url or f"https://otp.example.com{path}", form.items())
    return client.post(
        path,
        data=urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signed if signature is None else signature},
    )


def webhook(client, path=WEBHOOK_PATH, key=KEY, age=0, signature: str | None = None, **body):
    content = json.dumps({"status": "delivered", **body}).encode()
    timestamp = str(int(time.time() - age))
    signed = signatures.standard_webhook(key, "msg-1", timestamp, content)
    return client.post(
        path,
        data=content,
        content_type="application/json",
        headers={
            "webhook-id": "msg-1",
            "webhook-timestamp": timestamp,
            "webhook-signature": signed if signature is None else signature,
        },
    )
