"""The fields of requests and responses, as in the OpenAPI document."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from shared.locales import LONGEST_WRITTEN, bcp47
from shared.policy import Channel
from shared.settings.types import APP_HASH


def _locale(text: str) -> str:
    """Raises ValueError."""
    tag = bcp47(text)
    if tag is None:
        raise ValueError("expected a language such as en or pt-BR")
    return tag


# Pasting can add characters around each one, such as direction marks.
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
Email = Annotated[
    str,
    Field(max_length=2 * _LONGEST_PASTE, description="Email address", examples=["you@example.com"]),
]
VerificationId = Annotated[
    str,
    Field(
        pattern="^VE[0-9a-f]{32}$",
        description="ID of the verification",
        examples=["VE5653a83b10f2a925b033d0d0f1fba7c5"],
    ),
]
Locale = Annotated[
    str,
    Field(
        max_length=LONGEST_WRITTEN,
        description="Language of the message, as a BCP 47 tag. `en_US` is read as `en-US`. Without "
        "it, the request's `Accept-Language` counts",
        examples=["en", "pt-BR"],
    ),
    AfterValidator(_locale),
]
AppHash = Annotated[
    str,
    Field(
        pattern=f"^{APP_HASH}$",
        description="Hash of your Android app, which gets the code. Every SMS of the verification "
        "ends in it, instead of the line for browsers. Other channels ignore it",
        examples=["FA+9qCX9VSu"],
    ),
]
Proof = Annotated[
    str,
    Field(
        max_length=2048,
        description="Solution to the `challenge` in a 403 `proof_of_work_required` response, as "
        "encoded by the ALTCHA widget. Required only for calls without an API key",
    ),
]
Context = Annotated[
    Any,
    Field(
        description="What the code is to confirm, such as a payment: any JSON up to 1 KiB. The "
        "receipt contains its hash. A start with another context gets another code",
        examples=[{"amount": "49.00", "currency": "EUR", "payee": "ACME Ltd"}],
    ),
]


def _shown(text: str) -> str:
    """Raises ValueError."""
    if not text.isprintable() or text != text.strip():
        raise ValueError("expected printable text on one line, without spaces around it")
    return text


ContextText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=60,
        description="What the message says of the `context`, which it needs. A channel whose "
        "provider words the messages itself refuses it",
        examples=["49.00 EUR to ACME Ltd"],
    ),
    AfterValidator(_shown),
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
# Written by another version, and unreadable for this one.
Unknown = Literal["unknown"]
UsedChannel = Annotated[Channel, Field(description="Channel of the last message")]
MaskedTo = Annotated[
    str, Field(description="Masked phone number or email address", examples=["+1415*****23"])
]
ChecksLeft = Annotated[int, Field(description="Number of checks left for the code")]
SendsLeft = Annotated[int, Field(description="Number of sends left for the verification")]
PersonMessage = Annotated[str, Field(description="Message to show to the person")]
