"""Request forms, whose parameters are named LikeThis. Unknown ones are ignored, because clients
know more parameters than this API."""

import re
from collections.abc import Mapping
from typing import Self
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import UnsupportedMediaType

from api.http import body
from api.verify_v2.errors import Kind, V2Error, invalid

_TYPE = "application/x-www-form-urlencoded"
_BOOLEANS = {"true": True, "false": False}


class Form:
    """All that read a parameter raise V2Error if it is malformed."""

    def __init__(self, parameters: Mapping[str, list[str]]) -> None:
        self._parameters = parameters

    @classmethod
    def of(cls, request: Request) -> Self:
        """Raises V2Error, and werkzeug's 413 and 415."""
        content = body.content(request)
        if content and request.mimetype != _TYPE:
            raise UnsupportedMediaType
        parameters: dict[str, list[str]] = {}
        try:
            pairs = parse_qsl(content.decode("ascii"), errors="strict", keep_blank_values=True)
        except ValueError:
            raise V2Error(Kind(400, "Invalid request: not a form in UTF-8")) from None
        for name, value in pairs:
            parameters.setdefault(name, []).append(value)
        return cls(parameters)

    @classmethod
    def of_query(cls, request: Request) -> Self:
        return cls(request.args.to_dict(flat=False))

    def text(self, name: str) -> str | None:
        """Returns None if the parameter is missing or empty."""
        values = self._parameters.get(name, [])
        if len(values) > 1:
            raise invalid(name, "given more than once")
        return values[0] or None if values else None

    def required(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise V2Error(Kind(400, f"Missing required parameter: {name}"))
        return value

    def boolean(self, name: str) -> bool | None:
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in _BOOLEANS:
            raise invalid(name)
        return _BOOLEANS[value.lower()]

    def integer(self, name: str, least: int, most: int) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch("[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise invalid(name, f"expected {least} to {most}")
        return int(value)
