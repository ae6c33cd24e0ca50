"""The page's texts in frontend/texts/LANGUAGE.toml, and the language that a browser gets."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Request
from markupsafe import Markup, escape

from api.http.access import browser_locale
from shared.errors import InvalidRequest
from shared.locales import bcp47, texts_in

# Isolated (U+2066, U+2069), because right-to-left text would reorder the groups of a number.
EXAMPLES = {"phone": "\u2066+1 415 555 0123\u2069", "email": "\u2066you@example.com\u2069"}


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The texts of one language. `words` is the file: sections of named sentences."""

    language: str
    words: Mapping[str, Any]

    @property
    def as_json(self) -> str:
        """For the script."""
        return json.dumps(self.words, ensure_ascii=False)

    def say(self, name: str, **facts: object) -> Markup:
        """The sentence `section.name`, or `name`, as HTML, with the facts filled in."""
        section, _, last = name.rpartition(".")
        words = self.words[section] if section else self.words
        return escape(words[last]).format(**facts)

    def refusal(self, code: str, error: Exception, code_length: int) -> str:
        """The page's text for an error with this `code`."""
        field = error.errors[0][0] if isinstance(error, InvalidRequest) else ""
        name = f"invalid_{field}" if field else code
        return self.say(
            f"problem.{name if name in self.words['problem'] else 'unexpected'}",
            example=EXAMPLES.get(field, ""),
            length=code_length,
            count=getattr(error, "checks_left", 0),
            time=self.duration(getattr(error, "retry_after", 0)),
        )

    def duration(self, seconds: int) -> str:
        """25 s, 4:59 or 1:00:00."""
        return clock(seconds) if seconds >= 60 else str(self.say("seconds", count=seconds))


class Languages:
    """The languages in the folder."""

    def __init__(self, folder: Path) -> None:
        self._texts = {
            language: Texts(language=language, words=words)
            for language, words in texts_in(folder).items()
        }

    def links(self, request: Request) -> list[tuple[str, str, str]]:
        """Each language's tag, own name, and the query of this page in it."""
        return [
            (tag, str(texts.words["language"]), "?" + urlencode({**request.args, "lang": tag}))
            for tag, texts in self._texts.items()
        ]

    def chosen(self, request: Request) -> str | None:
        """The language in `?lang=`, if there are texts in it."""
        asked = primary(request.args.get("lang", ""))
        return asked if asked in self._texts else None

    def texts(self, request: Request) -> Texts:
        """In the chosen language, or the browser's preferred one, or English."""
        tag = self.chosen(request)
        if tag is None:
            liked = (primary(asked) for asked in request.accept_languages.values())
            tag = next((asked for asked in liked if asked in self._texts), "en")
        return self._texts[tag]

    def locale(self, request: Request, of_messages: Collection[str]) -> str:
        """The language for messages (BCP 47): the page's, with the browser's region. A language
        that the browser prefers, and that only messages are in, goes before it."""
        if self.chosen(request) is None:
            known = {*self._texts, *of_messages}
            liked = (bcp47(asked) or "" for asked in request.accept_languages.values())
            best = next((asked for asked in liked if primary(asked) in known), "")
            if best and primary(best) not in self._texts:
                return best
        language = self.texts(request).language
        spelled = browser_locale(request)
        return spelled if primary(spelled) == language else language


def clock(seconds: int) -> str:
    """0:25, 4:59 or 1:00:00."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def primary(locale: str) -> str:
    """The language without its region. Returns "" if the tag is invalid."""
    return (bcp47(locale) or "").partition("-")[0]
