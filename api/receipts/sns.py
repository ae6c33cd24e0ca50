"""Messages of Amazon SNS, signed with signature version 2.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Request
from pydantic import BaseModel, Field, ValidationError

from api.http import body
from api.receipts.certificates import Certificates
from shared.errors import InvalidRequest, Unauthorized

# SNS repeats a message for up to an hour, with its first time.
LONGEST_AGE_SECONDS = 3600
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}


class SnsMessage(BaseModel):
    """The body of a request by SNS, whose names these are. `Token` confirms a subscription."""

    Type: Literal["Notification", "SubscriptionConfirmation"]
    MessageId: str
    TopicArn: str
    Timestamp: datetime
    Message: str
    SignatureVersion: str
    Signature: str
    SigningCertURL: str
    Token: Annotated[str, Field(pattern="^[0-9a-f]{16,1024}$")] | None = None


def read(request: Request, topic: str, certificates: Certificates) -> SnsMessage:
    """The message in a request, if SNS has signed it for a topic of ours. Raises Unauthorized,
    MalformedJson, InvalidRequest and werkzeug's 413 and 429."""
    try:
        # SNS says that it is text/plain.
        content = body.json_in_form(body.content(request).decode())
    except UnicodeDecodeError:
        raise body.MalformedJson from None
    try:
        message = SnsMessage.model_validate(content)
    except ValidationError:
        raise InvalidRequest(("Type", "expected a message of Amazon SNS")) from None
    age = datetime.now(UTC) - _in_utc(message.Timestamp)
    if (
        message.TopicArn != topic
        or message.SignatureVersion != "2"
        or abs(age.total_seconds()) > LONGEST_AGE_SECONDS
    ):
        raise Unauthorized
    names = _SIGNED[message.Type]
    # As SNS wrote it: the model has read the time.
    signed = "".join(f"{name}\n{content[name]}\n" for name in names if content.get(name))
    if not _is_signed(message, signed.encode(), certificates):
        raise Unauthorized
    return message


def _is_signed(message: SnsMessage, signed: bytes, certificates: Certificates) -> bool:
    # Only the name of the file comes from the message.
    region = message.TopicArn.split(":")[3]
    address = (
        rf"https://sns\.{region}\.amazonaws\.com/SimpleNotificationService-[0-9a-f]{{32}}\.pem"
    )
    if not re.fullmatch(address, message.SigningCertURL):
        return False
    key = certificates.public_key(message.SigningCertURL)
    try:
        signature = base64.b64decode(message.Signature, validate=True)
        if key:
            key.verify(signature, signed, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return key is not None


def _in_utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
