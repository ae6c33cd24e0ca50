"""Lists, a page at a time."""

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

from api.http import links
from api.verify_v2.errors import invalid

_MOST = 1000
_USUAL = 50

Item = TypeVar("Item")


def page(
    key: str, items: Iterable[Item], shape: Callable[[Item], dict[str, Any]]
) -> dict[str, Any]:
    """The page of `items` that the query names, under `key`. Ignores PageToken, because Page is
    enough. Raises V2Error."""
    size = min(_number("PageSize", _USUAL, least=1), _MOST)
    number = _number("Page", 0, least=0)
    kept = {
        name: value
        for name, value in request.args.items()
        if name not in {"PageSize", "Page", "PageToken"}
    }

    def url(of: int) -> str:
        query = urlencode({**kept, "PageSize": size, "Page": of})
        return links.absolute(f"{request.path}?{query}")

    # One more item shows that there is another page.
    found = list(islice(items, number * size, (number + 1) * size + 1))
    return {
        key: [shape(item) for item in found[:size]],
        "meta": {
            "page": number,
            "page_size": size,
            "first_page_url": url(0),
            "previous_page_url": url(number - 1) if number else None,
            "url": url(number),
            "next_page_url": url(number + 1) if len(found) > size else None,
            "key": key,
        },
    }


def _number(name: str, usual: int, *, least: int) -> int:
    text = request.args.get(name)
    if text is None:
        return usual
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) < least:
        raise invalid(name)
    return int(text)
