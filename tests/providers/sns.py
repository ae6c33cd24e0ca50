"""Amazon SNS: messages signed with its signature version 2, and the certificate for that."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from api.receipts.certificates import NotFetched

REGION = "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:sixpost"
CERTIFICATE_URL = f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-{32 * '0'}.pem"
TOKEN = "2336412f37fb687f5d51e6e2425c464de12884d98cc6b6f" * 4
_SIGNED = {
    "Notification": "Message MessageId Subject Timestamp TopicArn Type",
    "SubscriptionConfirmation": "Message MessageId SubscribeURL Timestamp Token TopicArn Type",
}


def make_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: RSAPrivateKey, *, days: int = 1) -> bytes:
    """One that is valid until so many days from now."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    ends = datetime.now(UTC) + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=30))
        .not_valid_after(ends)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )


KEY, OTHER_KEY = make_key(), make_key()


@dataclass
class Certificates:
    """What can be fetched, and what was."""

    there: dict[str, bytes] = field(default_factory=lambda: {CERTIFICATE_URL: certificate(KEY)})
    fetched: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> bytes:
        self.fetched.append(url)
        if url not in self.there:
            raise NotFetched
        return self.there[url]


def message(kind: str = "Notification", age: float = 0, **changes: Any) -> dict[str, Any]:
    """A message before it is signed."""
    sent_at = datetime.now(UTC) - timedelta(seconds=age)
    content = {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": "You have chosen to subscribe.",
        "Timestamp": sent_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
    }
    if kind == "SubscriptionConfirmation":
        content["Token"] = TOKEN
        content["SubscribeURL"] = (
            f"https://sns.{REGION}.amazonaws.com/?Action=ConfirmSubscription"
            f"&TopicArn={TOPIC}&Token={TOKEN}"
        )
    return content | changes


def signed(content: dict[str, Any], key: RSAPrivateKey = KEY) -> bytes:
    """The body of a request."""
    names = _SIGNED[content["Type"]].split()
    text = "".join(f"{name}\n{content[name]}\n" for name in names if name in content)
    algorithm = SHA256() if content["SignatureVersion"] == "2" else SHA1()
    signature = key.sign(text.encode(), PKCS1v15(), algorithm)
    return json.dumps({**content, "Signature": base64.b64encode(signature).decode()}).encode()


def event(status: str, attempt: str | None, *, is_final: bool = True) -> str:
    """An event of an SMS, as in the user guide of AWS End User Messaging."""
    content: dict[str, Any] = {
        "eventType": f"TEXT_{status}",
        "eventVersion": "1.0",
        "eventTimestamp": 1686975103470,
        "isFinal": is_final,
        "originationPhoneNumber": "+12065550152",
        "destinationPhoneNumber": "+14255550156",
        "isoCountryCode": "US",
        "messageId": "862a8790-60c0-4430-9b2b-658bd0000000",
        "messageRequestTimestamp": 1686975103170,
        "messageEncoding": "GSM",
        "messageType": "TRANSACTIONAL",
        "messageStatus": status,
        "messageStatusDescription": "Said at length",
        "totalMessageParts": 1,
        "totalMessagePrice": 0.09582,
        "totalCarrierFee": 0.0,
    }
    return json.dumps(content | ({"context": {"attempt": attempt}} if attempt else {}))
