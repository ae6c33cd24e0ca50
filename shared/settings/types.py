"""The types of settings: what is written in a variable, and what it means."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from annotated_types import Ge, Le
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError
from pydantic import SecretStr as Secret
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.policy import (
    CHANNELS,
    METRICS_APP,
    OWN_APPS,
    SECONDS,
    SERVICE_SID,
    Channel,
    Limit,
    Routes,
    Workflow,
)
from shared.recipient import KEPT_ADDRESSES, NUMBER_TYPES
from shared.settings import routes, workflow
from shared.signatures import webhook_key

APP_NAME = "[A-Za-z0-9_-]{1,32}"
# https://developers.google.com/identity/sms-retriever/verify#computing_your_apps_hash_string
APP_HASH = "[A-Za-z0-9+/]{11}"


def _written(read: Callable[[str], object]) -> BeforeValidator:
    """Reads what is written as text. A table of OTP_APPS may hold the value itself."""
    return BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)


def _words(text: str) -> tuple[str, ...]:
    """What is listed; `none` lists nothing, where a list left empty has its default."""
    return () if text == "none" else tuple(text.replace(",", " ").split())


def _seconds(text: str) -> int:
    match = re.fullmatch("([0-9]{1,7})([smhd])", text)
    return int(match[1]) * SECONDS[match[2]] if match else 0


def from_to(least: str, most: str) -> BeforeValidator:
    """Reads a time within these bounds, in seconds."""

    def read(text: str) -> int:
        seconds = _seconds(text)
        if not _seconds(least) <= seconds <= _seconds(most):
            raise ValueError(f"expected a duration from {least} to {most}")
        return seconds

    return _written(read)


def refusals(model: type[BaseModel], error: ValidationError) -> dict[str, str]:
    """What is expected of each field that pydantic has refused, as a sentence without its value."""
    found = error.errors(include_input=False, include_url=False)
    wrong = {str(one["loc"][0]): one for one in found}
    return {name: _expected(one, model.model_fields[name]) for name, one in wrong.items()}


def _expected(error: ErrorDetails, field: FieldInfo) -> str:
    least = [bound.ge for bound in field.metadata if isinstance(bound, Ge)]
    most = [bound.le for bound in field.metadata if isinstance(bound, Le)]
    if least and most:
        number = "a number" if isinstance(least[0], float) else "a whole number"
        return f"expected {number} from {least[0]} to {most[0]}"
    kind, facts = error["type"], error.get("ctx", {})
    match kind:
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case "literal_error":
            return f"expected {str(facts['expected']).replace(chr(39), '')}"
        case "string_too_long" | "too_long":
            return f"expected at most {facts['max_length']} characters"
    return _KINDS.get(kind.partition("_")[0], "expected text, written as in .env.example")


_KINDS = {
    "bool": "expected true or false",
    "int": "expected a whole number",
    "string": "expected text",
    "path": "expected the path of a folder",
}


def _password(secret: Secret) -> Secret:
    if len(secret.get_secret_value()) < 12:
        raise ValueError("expected at least 12 characters")
    return secret


def _folder(path: Path) -> Path:
    # "" would be the current folder.
    if path == Path():
        raise ValueError(_KINDS["path"])
    return path


def _webhook_secrets(secret: Secret) -> Secret:
    for word in secret.get_secret_value().split():
        webhook_key(word)
    return secret


HookSystem = Literal["supabase", "zitadel"]
_HOOK_SECRET = re.compile(f"({APP_NAME}):(?:v1,(whsec_.+)|zitadel,(.+))")


class HookKey(NamedTuple):
    app: str
    system: HookSystem
    key: bytes


def hook_keys(text: str) -> tuple[HookKey, ...]:
    """Raises ValueError, which repeats none of the secrets."""
    such = "app:v1,whsec_… or app:zitadel,KEY for each secret, separated by spaces"
    found = [_HOOK_SECRET.fullmatch(word) for word in text.split()]
    keys = tuple(_hook_key(*match.groups()) for match in found if match)
    if not found or len(keys) < len(found):
        raise ValueError(f"expected {such}")
    if own := [of.app for of in keys if of.app in (*OWN_APPS, METRICS_APP)]:
        raise ValueError(f"{own[0]} is reserved; choose another app name")
    if len({of.key for of in keys}) < len(keys):
        raise ValueError("the same secret appears twice")
    return keys


def _hook_key(app: str, secret: str | None, signing_key: str | None) -> HookKey:
    if secret:
        return HookKey(app, "supabase", webhook_key(secret))
    # ZITADEL makes 36 letters and digits.
    if len(signing_key or "") < 32:
        raise ValueError("expected a signing key of 32 characters or more after zitadel,")
    return HookKey(app, "zitadel", (signing_key or "").encode())


def _hook_secrets(secret: Secret) -> Secret:
    hook_keys(secret.get_secret_value())
    return secret


def _that(is_fine: Callable[[str], object], expected: str) -> AfterValidator:
    def check(text: str) -> str:
        if not is_fine(text):
            raise ValueError(f"expected {expected}")
        return text

    return AfterValidator(check)


def _like(pattern: str, expected: str) -> AfterValidator:
    return _that(re.compile(pattern).fullmatch, expected)


def _pairs(text: str, form: str, expected: str) -> list[tuple[str, str]]:
    """What is listed as `left:right`. The groups of `form` are the two sides."""
    found = [re.fullmatch(form, word) for word in _words(text)]
    if not all(found):
        raise ValueError(f"expected {expected}")
    return [(match[1], match[2]) for match in found if match]


def _test_numbers(text: str) -> dict[str, str]:
    such = "numbers with their codes, such as +14155550123:424242"
    pairs = _pairs(text, r"(\+[1-9][0-9]{6,14}):([0-9]{4,10})", such)
    numbers = {KEPT_ADDRESSES.phone(number).to: code for number, code in pairs}
    if len(numbers) < len(pairs):
        raise ValueError("the same number appears twice")
    return numbers


def _budget(text: str) -> dict[str, str]:
    such = "messages per day by channel, such as sms:1000 call:50"
    return dict(_pairs(text, f"({'|'.join(CHANNELS)}):([1-9][0-9]{{0,8}})", such))


def _services(text: str) -> list[tuple[str, str]]:
    such = "app:SID, where SID is VA followed by 32 hex digits"
    pairs = _pairs(text, f"({APP_NAME}):({SERVICE_SID.pattern})", such)
    if len({sid for _, sid in pairs}) < len(pairs):
        raise ValueError("the same SID appears twice")
    return pairs


_Words = _written(_words)
Password = Annotated[Secret, AfterValidator(_password)]
Hosts = Annotated[
    tuple[
        Annotated[str, _like(r"[a-z0-9.:-]+", "host names or addresses, such as shop.internal")],
        ...,
    ],
    _Words,
]
HookSecrets = Annotated[Secret, AfterValidator(_hook_secrets)]
WebhookSecrets = Annotated[Secret, AfterValidator(_webhook_secrets)]
_SenderUrl = Annotated[
    str, _like(r"[a-z][a-z0-9+.-]*://.*", "sender URLs, such as console://, separated by spaces")
]
SenderUrls = Annotated[tuple[_SenderUrl, ...], _Words]
SmsRoutes = Annotated[Routes, BeforeValidator(partial(routes.read, "sms"))]
WhatsAppRoutes = Annotated[Routes, BeforeValidator(partial(routes.read, "whatsapp"))]
TelegramRoutes = Annotated[Routes, BeforeValidator(partial(routes.read, "telegram"))]
CallRoutes = Annotated[Routes, BeforeValidator(partial(routes.read, "call"))]
Steps = Annotated[Workflow, BeforeValidator(workflow.read)]
WindowLimit = Annotated[Limit, _written(Limit.parse)]
WindowLimits = Annotated[tuple[WindowLimit, ...], _Words]
Budget = Annotated[Mapping[Channel, Annotated[int, Field(ge=1)]], _written(_budget)]
PublicUrl = Annotated[
    str,
    _like(
        r"https?://[^/?#\s]+(/[^?#\s]*)?", "a URL without a query, such as https://otp.example.com"
    ),
    AfterValidator(lambda url: url.rstrip("/")),
]
WebOrigin = Annotated[
    str, _like("https://[a-z0-9.-]+", "the origin of a site, such as https://shop.example")
]
Region = Annotated[str, _that(SUPPORTED_REGIONS.__contains__, "ISO 3166 country codes, such as US")]
Regions = Annotated[tuple[Region, ...], _Words]
_Prefix = Annotated[str, _like(r"\+[1-9][0-9]{0,14}", "number prefixes, such as +1900")]
Prefixes = Annotated[tuple[_Prefix, ...], _Words]
TestNumbers = Annotated[Mapping[str, str], _written(_test_numbers)]
Services = Annotated[tuple[tuple[str, str], ...], _written(_services)]
_ReturnUrl = Annotated[
    str,
    _like(
        r"https?://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?",
        "URLs, such as https://shop.example/account/",
    ),
]
ReturnUrls = Annotated[tuple[_ReturnUrl, ...], _Words]
_NUMBER_TYPES = f"number types from this list: {', '.join(sorted(NUMBER_TYPES))}"
_NumberType = Annotated[str, _that(NUMBER_TYPES.__contains__, _NUMBER_TYPES)]
NumberTypes = Annotated[tuple[_NumberType, ...], _Words]
AppHash = Annotated[
    str, _like(APP_HASH, "the hash of an Android app, 11 characters such as FA+9qCX9VSu")
]
Folder = Annotated[Path, AfterValidator(_folder)]
OneLine = Annotated[str, _that(str.isprintable, "only printable characters")]
