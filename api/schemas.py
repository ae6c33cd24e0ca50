"""What goes in and comes out, as in the OpenAPI document."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.errors import InvalidRequest
from shared.locales import LONGEST_WRITTEN, bcp47
from shared.policy import PHONE_CHANNELS, Channel
from shared.recipient import Addresses, Recipient
from shared.verification import Approved, SendStatus, Started, Status, Verification


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
        description="E.164; spaces, dashes, brackets and invisible characters are fine",
        examples=["+14155550123"],
    ),
]
Email = Annotated[str, Field(max_length=2 * _LONGEST_PASTE, examples=["a@example.com"])]
VerificationId = Annotated[
    str,
    Field(pattern="^VE[0-9a-f]{32}$", examples=["VE5653a83b10f2a925b033d0d0f1fba7c5"]),
]
Locale = Annotated[
    str,
    Field(
        max_length=LONGEST_WRITTEN,
        description="Language of the message (BCP 47; en_US and the like are fine)",
        examples=["en", "pt-BR"],
    ),
    AfterValidator(_locale),
]
Proof = Annotated[
    str,
    Field(
        max_length=2048,
        description="The solved `challenge` of a 403 `proof_of_work_required`, as the ALTCHA "
        "widget encodes it. Only calls without an API key are asked for one",
    ),
]
Otp = Annotated[
    str,
    Field(
        max_length=_LONGEST_PASTE,
        description="The digits, of any script; spaces, dashes and invisible characters are fine",
        examples=["123456"],
    ),
]
# What another version wrote, and this one cannot read.
Unknown = Literal["unknown"]


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class GenerateOtp(Request):
    """Exactly one of `phone` and `email`."""

    phone: Phone | None = None
    email: Email | None = None
    channel: Channel | None = None
    locale: Locale | None = None
    proof: Proof | None = None

    def recipient(self, addresses: Addresses) -> Recipient:
        return _recipient(self.phone, self.email, addresses)

    def channel_for(self, recipient: Recipient) -> Channel:
        if recipient.field == "email":
            if self.channel not in (None, "email"):
                raise InvalidRequest(("channel", "an e-mail address is reached by email only"))
            return "email"
        if self.channel == "email":
            raise InvalidRequest(("channel", f"a phone is reached by {', '.join(PHONE_CHANNELS)}"))
        return self.channel or "sms"


class CheckOtp(Request):
    """The typed code."""

    otp: Otp


class ResendOtp(Request):
    channel: Channel
    locale: Locale | None = None
    proof: Proof | None = None


class VerifyOtp(Request):
    """The typed code, and exactly one of `phone`, `email` and `verification_id`."""

    otp: Otp
    phone: Phone | None = None
    email: Email | None = None
    verification_id: VerificationId | None = None

    def recipient(self, addresses: Addresses) -> Recipient | None:
        """None: the verification is named by its id."""
        if self.verification_id is None:
            return _recipient(self.phone, self.email, addresses)
        if self.phone is not None or self.email is not None:
            raise InvalidRequest(("verification_id", "give only one of phone, email and it"))
        return None


def _recipient(phone: str | None, email: str | None, addresses: Addresses) -> Recipient:
    if phone is not None and email is None:
        return addresses.phone(phone)
    if email is not None and phone is None:
        return addresses.email(email)
    raise InvalidRequest(("phone", "give exactly one of phone and email"))


class EraseRecipient(Request):
    """Exactly one of `phone` and `email`."""

    phone: Phone | None = None
    email: Email | None = None

    def recipient(self, addresses: Addresses) -> Recipient:
        return _recipient(self.phone, self.email, addresses)


_BY = {"sms": "SMS", "whatsapp": "WhatsApp", "call": "phone call", "email": "e-mail"}


class GeneratedOtp(BaseModel):
    verification_id: VerificationId
    status: Literal["pending"] = "pending"
    channel: Channel
    to: Annotated[str, Field(description="Masked", examples=["+1415*****23"])]
    expires_in: Annotated[int, Field(description="Seconds")]
    resend_in: Annotated[int, Field(description="Seconds until it may be sent again")]
    checks_left: int
    sends_left: int
    message: Annotated[str, Field(description="For a person")]

    @classmethod
    def of(cls, started: Started) -> Self:
        way = _BY[started.channel]
        return cls(**vars(started), message=f"A code is on its way to {started.to} by {way}.")


class VerifiedOtp(BaseModel):
    verified: Literal[True] = True
    status: Literal["approved"] = "approved"
    verification_id: VerificationId
    channel: Channel
    to: Annotated[str, Field(description="Masked", examples=["+1415*****23"])]
    message: str

    @classmethod
    def of(cls, approved: Approved) -> Self:
        return cls(**vars(approved), message=f"{approved.to} is verified.")


class Removed(BaseModel):
    verifications: int
    sends: int
    counters: Annotated[int, Field(description="Counts of sends and of wrong codes")]


class ErasedRecipient(BaseModel):
    to: Annotated[str, Field(description="Masked", examples=["+1415*****23"])]
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
    to: Annotated[str, Field(description="Masked", examples=["+1415*****23"])]
    created_at: Annotated[str | None, Field(examples=["2026-11-23T18:21:23.916Z"])]
    expires_at: Annotated[str | None, Field(examples=["2026-11-23T18:26:23.916Z"])]
    expires_in: Annotated[int, Field(description="Seconds, 0 when it is not pending")]
    resend_in: Annotated[
        int,
        Field(
            description="Seconds until it may be sent again. If the last send has failed, another "
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
