"""The pages in docs/integrations, as the tests of the recipes read them."""

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from tests.api.hooks.conftest import CODE, KEY
from tests.user import PHONE
from worker.senders.base import Message

PAGES = Path(__file__).parents[3] / "docs/integrations"


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page in that language, with a key that works."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [dedent(block).replace("otp_YOUR_KEY", KEY) for _, block in found]


def example(page: str, language: str) -> str:
    """The only block of a page in that language."""
    (block,) = blocks(page, language)
    return block


def table(page: str, heading: str) -> dict[str, str]:
    """The first two columns of a page's table with that first heading, without backquotes."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    _, _, rest = text.partition(f"| {heading} |")
    rows = re.findall(r"^ *\| ([^|]+) \| ([^|]+) \|", rest.partition("\n\n")[0], re.MULTILINE)
    return {name: value.replace("`", "").replace("otp_YOUR_KEY", KEY) for name, value in rows}


def post(client, url: str, body: str, headers: dict[str, str]) -> TestResponse:
    """Send what a system sends to the URL on its page."""
    asked = urlsplit(url)
    assert (asked.scheme, asked.netloc) == ("https", "otp.example.com")
    return client.post(
        asked.path, query_string=asked.query, data=body.encode("utf-8"), headers=headers
    )


class Told(NamedTuple):
    """What a person got. `minutes` is how long the code is valid, rounded up."""

    to: str = PHONE
    channel: str = "sms"
    code: str = CODE
    locale: str = "en"
    minutes: int = 5


def told(messages: list[Message]) -> Told:
    """What the only message said."""
    (message,) = messages
    # A call spells the code.
    assert message.code in re.sub(r"\W", "", message.text)
    return Told(
        message.to, message.channel, message.code, message.locale, -(-message.expires_in // 60)
    )
