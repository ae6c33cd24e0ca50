"""Strict JSON bodies."""

import json
from typing import Any, NoReturn, TypeVar

from flask import Request, Response
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from shared.errors import InvalidRequest

Model = TypeVar("Model", bound=BaseModel)


class MalformedJson(Exception):
    """The body is not a JSON object, or parsers would read it differently."""


def read(request: Request, model: type[Model]) -> Model:
    """The body as a model. Raises MalformedJson, InvalidRequest, and werkzeug's 413 and 415."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        body = _object(content(request).decode("utf-8"))
    except ValueError:
        raise MalformedJson from None
    return validated(body, model)


def validated(body: dict[str, Any], model: type[Model]) -> Model:
    """Raises InvalidRequest."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        # Without the input, which can be a code or a phone number.
        found = error.errors(include_input=False, include_url=False)
        raise InvalidRequest(*((".".join(map(str, e["loc"])), _said(e)) for e in found)) from None


def json_in_form(text: str) -> dict[str, Any]:
    """The object in a form field, with encodable text and finite numbers. Raises MalformedJson."""
    found = _object(text)
    try:
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise MalformedJson from None
    return found


def answer(model: BaseModel, status: int = 200) -> Response:
    return Response(model.model_dump_json(), status, mimetype="application/json")


def content(request: Request) -> bytes:
    """Raises werkzeug's 413."""
    read = request.get_data()
    # werkzeug truncates a body without a length at the largest size.
    if request.content_length is None and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return read


_SAID = {
    "missing": "this field is missing",
    "extra_forbidden": "this field does not exist",
    "string_type": "expected a string",
    "string_too_short": "expected at least {min_length} characters",
    "string_too_long": "expected at most {max_length} characters",
    "string_pattern_mismatch": "does not match the format in the API documentation",
    "too_short": "expected at least {min_length}",
    "too_long": "expected at most {max_length}",
    "literal_error": "expected {expected}",
    "greater_than_equal": "expected at least {ge}",
    "less_than_equal": "expected at most {le}",
    "value_error": "{error}",
}


def _said(error: ErrorDetails) -> str:
    said = _SAID.get(error["type"], "this value is not valid")
    return said.format_map(error.get("ctx", {}))


def _object(text: str) -> dict[str, Any]:
    """Raises MalformedJson."""
    try:
        found = _JSON.decode(text)
    except (ValueError, RecursionError):
        raise MalformedJson from None
    if not isinstance(found, dict):
        raise MalformedJson
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name appears more than once")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


# json.loads would create one for each body.
_JSON = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
