"""The bodies of requests and responses, as in the OpenAPI document."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.otp.fields import (
    AppHash,
    ChecksLeft,
    Context,
    ContextText,
    Email,
    Locale,
    MaskedTo,
    Otp,
    PersonMessage,
    Phone,
    Proof,
    SendsLeft,
    Unknown,
    UsedChannel,
    VerificationId,
)
from shared.delivery.ledger import AttemptResult
from shared.errors import InvalidRequest
from shared.policy import (
    LONGEST_WAIT,
    MOST_STEPS,
    PHONE_CHANNELS,
    SHORTEST_WAIT,
    Channel,
)
from shared.recipient import Addresses, Recipient
from shared.storage.reading import timestamp
from shared.verification.model import Checked, CodeFrom, SendStatus, Started, Status
from shared.verification.records import Verification


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Addressed(Request):
    phone: Phone | None = None
    email: Email | None = None

    def recipient(self, addresses: Addresses) -> Recipient:
        return _recipient(self.phone, self.email, addresses)


# Without it, a repeated request stays the same request as for earlier versions.
_NEWER = Field(exclude_if=lambda given: given is None)


AskedChannel = Annotated[
    Channel,
    Field(
        description="How to send the code. A phone number can use `sms` (default), `whatsapp`, "
        "`telegram` or `call`, and an email address only `email`"
    ),
]


class AskedStep(Request):
    channel: Annotated[Channel, Field(description="Channel of the step")]
    wait: Annotated[
        int | None,
        Field(
            ge=SHORTEST_WAIT,
            le=LONGEST_WAIT,
            description="Seconds until the next step. The last step has none",
        ),
    ] = None


class GenerateOtp(_Addressed):
    """Provide either `phone` or `email`, not both."""

    channel: AskedChannel | None = None
    locale: Locale | None = None
    app_hash: Annotated[AppHash | None, _NEWER] = None
    proof: Proof | None = None
    context: Annotated[Context, _NEWER] = None
    context_text: Annotated[ContextText | None, _NEWER] = None
    workflow: Annotated[
        Annotated[
            list[AskedStep],
            Field(
                min_length=1,
                max_length=MOST_STEPS,
                description="The channels to try in order, in place of `channel`. All reach the "
                "same address",
                examples=[[{"channel": "whatsapp", "wait": 30}, {"channel": "sms"}]],
            ),
        ]
        | None,
        _NEWER,
    ] = None


def channel_for(recipient: Recipient, asked: Channel | None) -> Channel:
    """The channel of a request. Raises InvalidRequest if it does not reach the recipient."""
    if recipient.kind == "email":
        if asked not in (None, "email"):
            raise InvalidRequest(
                ("channel", "an email address can only be used with the email channel")
            )
        return "email"
    if asked == "email":
        channels = ", ".join(PHONE_CHANNELS)
        raise InvalidRequest(
            ("channel", f"a phone number can only be used with these channels: {channels}")
        )
    return asked or "sms"


class EraseRecipient(_Addressed):
    """Provide either `phone` or `email`, not both."""


class CheckOtp(Request):
    """The code the person entered."""

    otp: Otp


class ResendOtp(Request):
    channel: Annotated[Channel, Field(description="How to send the code")]
    locale: Locale | None = None
    proof: Proof | None = None


class VerifyOtp(Request):
    """The code the person entered, and one of `phone`, `email` or `verification_id`."""

    otp: Otp
    phone: Phone | None = None
    email: Email | None = None
    verification_id: VerificationId | None = None

    def recipient(self, addresses: Addresses) -> Recipient | None:
        """Returns None if the request names the verification by its id."""
        if self.verification_id is None:
            return _recipient(self.phone, self.email, addresses)
        if self.phone is not None or self.email is not None:
            raise InvalidRequest(
                ("verification_id", "provide only one of phone, email or verification_id")
            )
        return None


def _recipient(phone: str | None, email: str | None, addresses: Addresses) -> Recipient:
    if phone is not None and email is None:
        return addresses.phone(phone)
    if email is not None and phone is None:
        return addresses.email(email)
    raise InvalidRequest(("phone", "provide either phone or email, not both"))


_BY = {
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "call": "phone call",
    "email": "email",
}


class GeneratedOtp(BaseModel):
    verification_id: VerificationId
    status: Annotated[Literal["pending"], Field(description="The code is valid")] = "pending"
    channel: UsedChannel
    to: MaskedTo
    expires_in: Annotated[int, Field(description="Seconds until the code expires")]
    resend_in: Annotated[int, Field(description="Seconds until the code can be resent")]
    checks_left: ChecksLeft
    sends_left: SendsLeft
    message: PersonMessage

    @classmethod
    def of(cls, started: Started) -> Self:
        way = _BY[started.channel]
        return cls(**vars(started), message=f"We are sending a code to {started.to} by {way}.")


class VerifiedOtp(BaseModel):
    verified: Annotated[Literal[True], Field(description="The code is correct")] = True
    status: Annotated[Literal["approved"], Field(description="The code has been used")] = "approved"
    verification_id: VerificationId
    channel: UsedChannel
    to: MaskedTo
    message: PersonMessage
    receipt: Annotated[
        str | None,
        Field(
            description="Proof of the approval for others, signed (JWS). Returned for apps that "
            "ask for receipts",
            exclude_if=lambda receipt: receipt is None,
        ),
    ] = None

    @classmethod
    def of(cls, checked: Checked, receipt: str | None) -> Self:
        return cls(**vars(checked), receipt=receipt, message=f"{checked.to} is verified.")


class Removed(BaseModel):
    verifications: Annotated[int, Field(description="Number of deleted verifications")]
    sends: Annotated[int, Field(description="Number of deleted sends")]
    counters: Annotated[
        int, Field(description="Number of deleted counters of sends and incorrect codes")
    ]


class ErasedRecipient(BaseModel):
    to: MaskedTo
    removed: Annotated[Removed, Field(description="What was deleted")]


_Timestamp = BeforeValidator(lambda at: None if at is None else timestamp(at))


class DeliveryAttempt(BaseModel):
    sender: Annotated[str, Field(description="Name of the sender", examples=["twilio"])]
    status: Annotated[AttemptResult, Field(description="What the provider answered")]
    error: Annotated[str | None, Field(description="Error code, if the attempt failed")]
    at: Annotated[
        str,
        _Timestamp,
        Field(description="Time of the attempt", examples=["2026-11-23T18:21:23.916Z"]),
    ]
    provider_id: Annotated[str | None, Field(description="The provider's ID of the message")]
    route: Annotated[
        str | None,
        Field(
            description="The route to the number's country, if there are routes", examples=["IN"]
        ),
    ]


class Send(BaseModel):
    number: Annotated[int, Field(description="Number of the send, from 1")]
    channel: Annotated[Channel | Unknown, Field(description="Channel of the message")]
    status: Annotated[SendStatus | Unknown, Field(description="Status of the message")]
    reason: Annotated[str | None, Field(description="Why the message failed or was dropped")]
    attempts: Annotated[list[DeliveryAttempt], Field(description="The delivery attempts")]


class StepDetails(BaseModel):
    channel: Annotated[Channel | Unknown, Field(description="Channel of the step")]
    wait: Annotated[
        int | None,
        Field(
            description="Seconds until the next step. Absent for the last step",
            exclude_if=lambda wait: wait is None,
        ),
    ]
    skipped: Annotated[
        str | None,
        Field(
            description="Why the step was skipped. Absent if it was not",
            examples=["channel_not_enabled"],
            exclude_if=lambda skipped: skipped is None,
        ),
    ]


class VerificationDetails(BaseModel):
    verification_id: VerificationId
    status: Annotated[Status | Unknown, Field(description="Status of the verification")]
    channel: Annotated[Channel | Unknown, Field(description="Channel of the last message")]
    to: MaskedTo
    code_from: Annotated[
        CodeFrom, Field(description="Who made the code: this service, or the caller of a hook")
    ]
    created_at: Annotated[
        str | None,
        _Timestamp,
        Field(description="Time of the start", examples=["2026-11-23T18:21:23.916Z"]),
    ]
    expires_at: Annotated[
        str | None,
        _Timestamp,
        Field(description="Time when the code expires", examples=["2026-11-23T18:26:23.916Z"]),
    ]
    expires_in: Annotated[
        int,
        Field(description="Seconds until the code expires. 0 if the verification is not pending"),
    ]
    resend_in: Annotated[
        int,
        Field(
            description="Seconds until the code can be resent. If the last send failed, another "
            "channel can be used immediately"
        ),
    ]
    checks_left: ChecksLeft
    sends_left: SendsLeft
    workflow: Annotated[
        list[StepDetails] | None, Field(description="The steps of the workflow, if there is one")
    ]
    step: Annotated[
        int | None,
        Field(description="Number of the last step that was started or skipped, from 1"),
    ]
    next_step_at: Annotated[
        str | None,
        _Timestamp,
        Field(
            description="Time when the next step starts, if there is one. A failed message starts "
            "it earlier",
            examples=["2026-11-23T18:21:53.916Z"],
        ),
    ]
    sends: Annotated[list[Send], Field(description="The messages, the first one first")]

    @classmethod
    def of(cls, verification: Verification) -> Self:
        return cls.model_validate(verification, from_attributes=True)


class StatusOnPage(VerificationDetails):
    delivery: Annotated[
        str, Field(description="Status of the last message, in the language of the page")
    ]
