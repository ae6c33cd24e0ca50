"""Systems that fix the body of their requests. What the body has no place for is in the URL, by the
names of the fields of POST /hooks/send."""

import re
from typing import Any

from flask import Request
from pydantic import BaseModel, ConfigDict

from api.hooks.send import SendCode
from api.http import body
from shared.errors import InvalidRequest

# Some send all that they know about a person and an app.
LARGEST_BYTES = 64 * 1024


class Given(BaseModel):
    """What a system sends besides the fields of its model is of no interest."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


def with_plus(number: str) -> str:
    """A number in E.164 that a system keeps without its plus. Other texts stay as they are."""
    return f"+{number}" if re.fullmatch("[1-9][0-9]{6,14}", number) else number


def read(request: Request, model: type[body.Model]) -> body.Model:
    """Raises what body.read() does."""
    request.max_content_length = LARGEST_BYTES
    return body.read(request, model)


def send_code(request: Request, *, code: str | None, **fields: str | int | None) -> SendCode:
    """What to deliver, by the fields of the body and the options in the URL. Raises
    InvalidRequest."""
    if not code:
        raise InvalidRequest(("code", "this message has no code, and only codes are sent"))
    options: dict[str, Any] = request.args.to_dict()
    # That one is for problems.py.
    options.pop("errors", None)
    # int() raises for thousands of digits.
    if re.fullmatch("[0-9]{1,9}", options.get("expires_in", "")):
        options["expires_in"] = int(options["expires_in"])
    given = {name: value for name, value in fields.items() if value is not None}
    return body.validated({**options, **given, "code": code}, SendCode)
