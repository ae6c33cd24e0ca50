"""Routes: a channel's tables by country, prefix or `default`, as TOML in OTP_SMS_ROUTES."""

import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any
from unicodedata import category

from phonenumbers import SUPPORTED_REGIONS

from shared.policy import DEFAULT_ROUTE, VARIABLE, Channel, Route, Routes
from shared.settings import from_numbers

# Three segments of an SMS in the letters of GSM-7, and seven in others.
_LONGEST_TEXT = 459


def read(channel: Channel, given: object) -> Routes:
    """The routes of a channel by name, from TOML or from the tables in it. `none` means none, and
    routes that were read before stay as they are. Raises ValueError, which names the route and the
    field, and repeats no value."""
    tables = _tables(given) if isinstance(given, str) else given
    if not isinstance(tables, Mapping):
        raise ValueError("expected a table for each country")  # noqa: TRY004 (pydantic catches it)
    return {
        name: table if isinstance(table, Route) else _route(channel, name, table)
        for name, table in tables.items()
    }


def _tables(text: str) -> Mapping[str, Any]:
    if text == "none":
        return {}
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Its text repeats what it cannot read.
        raise ValueError("expected TOML, with prefixes and texts in quotes") from None


def _route(channel: Channel, name: str, table: object) -> Route:
    is_prefix = re.fullmatch(r"\+[1-9][0-9]{0,14}", name)
    if not (is_prefix or name in SUPPORTED_REGIONS or name == DEFAULT_ROUTE):
        raise ValueError(
            f"{name}: expected an ISO 3166 country code such as IN, a number prefix such as "
            '"+4479", or default'
        )
    if not isinstance(table, Mapping):
        raise ValueError(f'{name}: expected a table, such as {{senders = ["twilio"]}}')  # noqa: TRY004
    found = {field: _field(channel, name, field, value) for field, value in table.items()}
    dlt = [field for field in ("dlt_entity", "dlt_template") if field in found]
    if dlt and not (len(dlt) == 2 and "text" in found):
        raise ValueError(
            f"{name}: {dlt[0]}: needs dlt_entity, dlt_template and the registered text"
        )
    return Route(name=name, from_number=found.pop("from", None), **found)


def _field(channel: Channel, route: str, field: str, value: object) -> Any:
    readers = _readers(channel)
    if field not in readers:
        near = get_close_matches(field, readers, 1)
        hint = f". Did you mean {near[0]}?" if near else ""
        raise ValueError(f"{route}: {field}: a route for {channel} has no such field{hint}")
    try:
        return readers[field](value)
    except ValueError as error:
        raise ValueError(f"{route}: {field}: {error}") from None


def _readers(channel: Channel) -> Mapping[str, Callable[[object], Any]]:
    any_channel: dict[str, Callable[[object], Any]] = {
        "senders": _senders,
        "from": partial(_from_number, channel),
    }
    only_sms = {"dlt_entity": _dlt_id, "dlt_template": _dlt_id, "text": _text}
    return {**any_channel, **only_sms} if channel == "sms" else any_channel


def _senders(value: object) -> tuple[str, ...]:
    if value == "none":
        return ()
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not (isinstance(names, list) and names and all(isinstance(one, str) for one in names)):
        raise ValueError('expected names such as ["twilio-1", "telnyx"], or "none"')
    if len(set(names)) < len(names):
        raise ValueError("the same sender appears twice")
    return tuple(names)


def _from_number(channel: Channel, value: object) -> str:
    form, such = from_numbers.FORMS[channel]
    text = _in_quotes(value)
    if not re.fullmatch(form, text):
        raise ValueError(f"expected {such}")
    return text


def _dlt_id(value: object) -> str:
    text = _in_quotes(value)
    if not re.fullmatch("[A-Za-z0-9]{1,64}", text):
        raise ValueError("expected the id that the DLT portal shows, in digits")
    return text


def _text(value: object) -> str:
    text = _in_quotes(value)
    variables = re.findall(r"\{[^{}]*\}", text)
    if len(variables) != 1 or not VARIABLE.fullmatch(variables[0]):
        raise ValueError("expected {code} or {#var#} exactly once, and no other variable")
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"expected at most {_LONGEST_TEXT} characters")
    if any(category(letter) == "Cc" and letter not in "\r\n" for letter in text):
        raise ValueError("expected no control characters other than line breaks")
    return text


def _in_quotes(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected text in quotes")  # noqa: TRY004 (see above)
    return value
