"""The types of settings: what is written in a variable, and what it means."""

import re
from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge, Le
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic import SecretStr as Secret
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.policy import CHANNELS, SECONDS, Channel, Limit, Limits
from shared.recipient import KEPT_ADDRESSES, NUMBER_TYPES
from shared.settings import redis_urls

APP_NAME = "[A-Za-z0-9_-]{1,32}"


def _words(text: object) -> object:
    """What is listed; `none` lists nothing, where a list left empty has its default."""
    if not isinstance(text, str):
        return text
    return () if text == "none" else tuple(text.replace(",", " ").split())


def _limit(text: object) -> object:
    return Limit.parse(text) if isinstance(text, str) else text


def _limits(text: object) -> object:
    words = _words(text)
    return tuple(map(_limit, words)) if isinstance(words, tuple | list) else words


def _seconds(text: str) -> int:
    """The seconds of a time written like 1d."""
    match = re.fullmatch("([0-9]{1,7})([smhd])", text)
    return int(match[1]) * SECONDS[match[2]] if match else 0


def from_to(least: str, most: str) -> BeforeValidator:
    """Reads a time within these bounds, in seconds."""

    def read(text: object) -> object:
        if not isinstance(text, str):
            return text
        seconds = _seconds(text)
        if not _seconds(least) <= seconds <= _seconds(most):
            raise ValueError(f"expected a duration from {least} to {most}")
        return seconds

    return BeforeValidator(read)


def expected(error: ErrorDetails, field: FieldInfo) -> str:
    """A sentence for what pydantic has found wrong with a setting. It repeats no value."""
    least = [bound.ge for bound in field.metadata if isinstance(bound, Ge)]
    most = [bound.le for bound in field.metadata if isinstance(bound, Le)]
    if least and most:
        return f"expected a whole number from {least[0]} to {most[0]}"
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


def _redis_url(secret: Secret) -> Secret:
    redis_urls.RedisUrl.parse(secret.get_secret_value())
    return secret


def _region(text: str) -> str:
    if text not in SUPPORTED_REGIONS:
        raise ValueError("expected ISO 3166 country codes, such as US")
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected only printable characters")
    return text


def _public_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", text):
        raise ValueError("expected a URL without a query, such as https://otp.example.com")
    return text.rstrip("/")


def _web_origin(text: str) -> str:
    if not re.fullmatch("https://[a-z0-9.-]+", text):
        raise ValueError("expected the origin of a site, such as https://shop.example")
    return text


def _test_numbers(text: object) -> object:
    """What is written as `+14155550123:424242 +14155550124:123456`."""
    words = _words(text)
    if not isinstance(words, tuple):
        return text
    if not all(re.fullmatch(r"\+[1-9][0-9]{6,14}:[0-9]{4,10}", word) for word in words):
        raise ValueError("expected numbers with their codes, such as +14155550123:424242")
    pairs = [word.split(":") for word in words]
    numbers = {KEPT_ADDRESSES.phone(number).to: code for number, code in pairs}
    if len(numbers) < len(pairs):
        raise ValueError("the same number appears twice")
    return numbers


def _prefix(text: str) -> str:
    if not re.fullmatch(r"\+[1-9][0-9]{0,14}", text):
        raise ValueError("expected number prefixes, such as +1900")
    return text


def _return_url(text: str) -> str:
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?", text):
        raise ValueError("expected URLs, such as https://shop.example/account/")
    return text


def _number_type(text: str) -> str:
    if text not in NUMBER_TYPES:
        raise ValueError(f"expected number types from this list: {', '.join(sorted(NUMBER_TYPES))}")
    return text


def _budget(text: object) -> object:
    """What is written as `sms:1000 call:50`."""
    words = _words(text)
    if not isinstance(words, tuple):
        return words
    budget = {}
    for word in words:
        channel, _, count = word.partition(":")
        if channel not in CHANNELS or not re.fullmatch("[1-9][0-9]{0,8}", count):
            raise ValueError("expected messages per day by channel, such as sms:1000 call:50")
        budget[channel] = int(count)
    return budget


def _service(text: object) -> object:
    """The app, and the SID of a Service."""
    if not isinstance(text, str):
        return text
    app, _, sid = text.partition(":")
    if not re.fullmatch(APP_NAME, app) or not re.fullmatch("VA[0-9a-fA-F]{32}", sid):
        raise ValueError("expected app:SID, where SID is VA followed by 32 hex digits")
    return app, sid


def _each_once(services: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if len({sid for _, sid in services}) < len(services):
        raise ValueError("the same SID appears twice")
    return services


def _sender_url(text: str) -> str:
    if not re.match(r"[a-z][a-z0-9+.-]*://", text):
        # The value may hold a password, so it is not repeated.
        raise ValueError("expected sender URLs, such as console://, separated by spaces")
    return text


_Words = BeforeValidator(_words)
Password = Annotated[Secret, AfterValidator(_password)]
RedisUrl = Annotated[Secret, AfterValidator(_redis_url)]
SenderUrls = Annotated[tuple[Annotated[str, BeforeValidator(_sender_url)], ...], _Words]
WindowLimits = Annotated[Limits, BeforeValidator(_limits)]
WindowLimit = Annotated[Limit, BeforeValidator(_limit)]
Budget = Annotated[Mapping[Channel, Annotated[int, Field(ge=1)]], BeforeValidator(_budget)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
WebOrigin = Annotated[str, AfterValidator(_web_origin)]
Region = Annotated[str, BeforeValidator(_region)]
Regions = Annotated[tuple[Region, ...], _Words]
Prefixes = Annotated[tuple[Annotated[str, BeforeValidator(_prefix)], ...], _Words]
TestNumbers = Annotated[Mapping[str, str], BeforeValidator(_test_numbers)]
Services = Annotated[
    tuple[Annotated[tuple[str, str], BeforeValidator(_service)], ...],
    _Words,
    AfterValidator(_each_once),
]
ReturnUrls = Annotated[tuple[Annotated[str, BeforeValidator(_return_url)], ...], _Words]
NumberTypes = Annotated[tuple[Annotated[str, BeforeValidator(_number_type)], ...], _Words]
OneLine = Annotated[str, AfterValidator(_one_line)]
