"""What goes in and comes out, as in the OpenAPI document."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.errors import InvalidRequest
from shared.locales import LONGEST_WRITTEN, bcp47
from shared.policy import PHONE_CHANNELS, Channel
from shared.recipient import Addresses, Recipient
from shared.verification.model import Checked, SendStatus, Started, Status, Verification


def _locale(text: str) -> str:
    """Raises ValueError."""
    tag = bcp47(text)
    if tag is None:
        raise ValueError("expected a language such as en or pt-BR")
    return tag


# Room for what pasting puts around every character, such as a pair of direction marks.
_LONGEST_PASTE = 256

Phone = Annotated[
    str,
    Field(
        max_length=_LONGEST_PASTE,
        description="Phone number in E.164 format. Spaces, dashes, parentheses and invisible "
        "characters are allowed",
        examples=["+14155550123"],
    ),
]
Email = Annotated[str, Field(max_length=2 * _LONGEST_PASTE, examples=["you@example.com"])]
VerificationId = Annotated[
    str,
    Field(pattern="^VE[0-9a-f]{32}$", examples=["VE5653a83b10f2a925b033d0d0f1fba7c5"]),
]
Locale = Annotated[
    str,
    Field(
        max_length=LONGEST_WRITTEN,
        description="Language of the message, as a BCP 47 tag. `en_US` is read as `en-US`",
        examples=["en", "pt-BR"],
    ),
    AfterValidator(_locale),
]
Proof = Annotated[
    str,
    Field(
        max_length=2048,
        description="Solution to the `challenge` in a 403 `proof_of_work_required` response, as "
        "encoded by the ALTCHA widget. Required only for calls without an API key",
    ),
]
Otp = Annotated[
    str,
    Field(
        max_length=_LONGEST_PASTE,
        description="The code the person entered, in digits of any script. Spaces, dashes and "
        "invisible characters are allowed",
        examples=["123456"],
    ),
]
# What another version wrote, and this one cannot read.
Unknown = Literal["unknown"]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class GenerateOtp(Request):
    """Provide either `phone` or `email`, not both."""

    phone: Phone | None = None
    email: Email | None = None
    channel: Channel | None = None
    locale: Locale | None = None
    proof: Proof | None = None

    def recipient(self, addresses: Addresses) -> Recipient:
        return _recipient(self.phone, self.email, addresses)

    def channel_for(self, recipient: Recipient) -> Channel:
        if recipient.kind == "email":
            if self.channel not in (None, "email"):
                raise InvalidRequest(
                    ("channel", "an email address can only be used with the email channel")
                )
            return "email"
        if self.channel == "email":
            channels = ", ".join(PHONE_CHANNELS)
            raise InvalidRequest(
                ("channel", f"a phone number can only be used with these channels: {channels}")
            )
        return self.channel or "sms"


class CheckOtp(Request):
    """The code the person entered."""

    otp: Otp


class ResendOtp(Request):
    channel: Channel
    locale: Locale | None = None
    proof: Proof | None = None


class VerifyOtp(Request):
    """The code the person entered, and one of `phone`, `email` or `verification_id`."""

    otp: Otp
    phone: Phone | None = None
    email: Email | None = None
    verification_id: VerificationId | None = None

    def recipient(self, addresses: Addresses) -> Recipient | None:
        """None: the verification is named by its id."""
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


class EraseRecipient(Request):
    """Provide either `phone` or `email`, not both."""

    phone: Phone | None = None
    email: Email | None = None

    def recipient(self, addresses: Addresses) -> Recipient:
        return _recipient(self.phone, self.email, addresses)


_BY = {"sms": "SMS", "whatsapp": "WhatsApp", "call": "phone call", "email": "email"}


class GeneratedOtp(BaseModel):
    verification_id: VerificationId
    status: Literal["pending"] = "pending"
    channel: Channel
    to: Annotated[
        str, Field(description="Masked phone number or email address", examples=["+1415*****23"])
    ]
    expires_in: Annotated[int, Field(description="Seconds until the code expires")]
    resend_in: Annotated[int, Field(description="Seconds until the code can be resent")]
    checks_left: int
    sends_left: int
    message: Annotated[str, Field(description="Message to show to the person")]

    @classmethod
    def of(cls, started: Started) -> Self:
        way = _BY[started.channel]
        return cls(**vars(started), message=f"We are sending a code to {started.to} by {way}.")


class VerifiedOtp(BaseModel):
    verified: Literal[True] = True
    status: Literal["approved"] = "approved"
    verification_id: VerificationId
    channel: Channel
    to: Annotated[
        str, Field(description="Masked phone number or email address", examples=["+1415*****23"])
    ]
    message: str

    @classmethod
    def of(cls, checked: Checked) -> Self:
        return cls(
            verification_id=checked.verification_id,
            channel=checked.channel,
            to=checked.to,
            message=f"{checked.to} is verified.",
        )


class Removed(BaseModel):
    verifications: int
    sends: int
    counters: Annotated[
        int, Field(description="Number of deleted counters of sends and incorrect codes")
    ]


class ErasedRecipient(BaseModel):
    to: Annotated[
        str, Field(description="Masked phone number or email address", examples=["+1415*****23"])
    ]
    removed: Removed


class DeliveryAttempt(BaseModel):
    sender: str
    status: Literal["accepted", "refused", "transient", "unknown", "invalid_recipient"]
    error: str | None
    at: Annotated[str, Field(examples=["2026-11-23T18:21:23.916Z"])]
    provider_id: str | None


class Send(BaseModel):
    number: int
    channel: Channel | Unknown
    status: SendStatus | Unknown
    reason: str | None
    attempts: list[DeliveryAttempt]


class VerificationDetails(BaseModel):
    verification_id: VerificationId
    status: Status | Unknown
    channel: Channel | Unknown
    to: Annotated[
        str, Field(description="Masked phone number or email address", examples=["+1415*****23"])
    ]
    created_at: Annotated[str | None, Field(examples=["2026-11-23T18:21:23.916Z"])]
    expires_at: Annotated[str | None, Field(examples=["2026-11-23T18:26:23.916Z"])]
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
    checks_left: int
    sends_left: int
    sends: list[Send]

    @classmethod
    def of(cls, verification: Verification) -> Self:
        facts = asdict(verification)
        facts["created_at"] = _timestamp(verification.created_at)
        facts["expires_at"] = _timestamp(verification.expires_at)
        for send in facts["sends"]:
            for attempt in send["attempts"]:
                attempt["at"] = _timestamp(attempt["at"])
        return cls(**facts)


def _timestamp(unix_seconds: float | None) -> str | None:
    if unix_seconds is None:
        return None
    moment = datetime.fromtimestamp(unix_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
