"""The words of messages, per channel and language: shared/texts/LANGUAGE.toml."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from shared.locales import texts_in
from shared.messages.segments import is_one_segment
from shared.policy import Channel
from shared.settings import Settings

FOLDER = Path(__file__).parents[1] / "texts"
FALLBACK = "en"
# https://developers.google.com/identity/sms-retriever/verify#1_construct_a_verification_message
# Google does not name the encoding. We count UTF-8, which takes more bytes than the SMS itself.
MOST_BYTES_WITH_HASH = 140

# The texts of one language by key.
Language = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of one message. `direction` (ltr or rtl) is that of their `language`, and `locale`
    is the requested one, or English if the words are in no language of it."""

    text: str
    subject: str
    language: str
    locale: str
    direction: str


class Texts:
    """Words the messages of an app. With a web origin an SMS ends in the line by which the browser
    on the phone fills the code in, on that site only (WICG sms-one-time-codes). `is_embedded` says
    that the page of `public_url` is in a frame on that site. With an `app_hash` it ends in that,
    by which Google Play services give the code to that Android app only (SMS Retriever). An SMS is
    one segment: if a text does not fit, a shorter one is used, and then one without that ending."""

    def __init__(
        self,
        app_name: str,
        web_origin: str | None = None,
        public_url: str | None = None,
        *,
        is_embedded: bool = False,
        app_hash: str | None = None,
        languages: Mapping[str, Language] | None = None,
    ) -> None:
        self._app = app_name
        self._app_hash = app_hash
        self._site = _host(web_origin)
        self._frame = _host(public_url) if is_embedded else None
        self._languages = texts_in(FOLDER) if languages is None else languages

    @classmethod
    def of(cls, own: Settings, languages: Mapping[str, Language]) -> Self:
        """From the settings of an app."""
        return cls(
            own.otp_app_name,
            own.otp_web_origin,
            own.otp_public_url,
            is_embedded=_is_embedded(own),
            app_hash=own.otp_app_hash,
            languages=languages,
        )

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._languages)

    def words(
        self,
        channel: Channel,
        locale: str,
        *,
        code: str,
        life_seconds: float,
        app_name: str | None = None,
        app_hash: str | None = None,
        context_text: str | None = None,
    ) -> Words:
        """The words of a message, in its locale's language or else in English. `app_name` and
        `app_hash` replace those of the app. `context_text` says what the code is for."""
        asked = locale.partition("-")[0].lower()
        language = asked if asked in self._languages else FALLBACK
        texts = self._languages[language]
        facts = self._facts(code, life_seconds, app_name)
        if channel == "sms":
            said = [_with(context_text, texts[key], facts) for key in ("sms", "sms_short")]
            text = self._fitting(said, code, app_hash or self._app_hash)
        else:
            text = _with(context_text, texts[channel], facts)
        return Words(
            text=text,
            subject=texts["email_subject"].format(**facts),
            language=language,
            # A voice reads the words in this language.
            locale=locale if language == asked else FALLBACK,
            direction=texts["direction"],
        )

    def sms(
        self,
        language: str,
        key: str,
        code: str,
        life_seconds: float,
        app_name: str | None = None,
    ) -> str:
        """The text `sms` or `sms_short` of a language, without the line for the browser."""
        facts = self._facts(code, life_seconds, app_name)
        return self._languages[language][key].format(**facts)

    def short_sms(self, language: str, code: str, life_seconds: float) -> str:
        """The SMS that is sent if `sms` does not fit."""
        short = self.sms(language, "sms_short", code, life_seconds)
        return self._fitting([short], code, self._app_hash)

    def line(self, code: str) -> str:
        """The end of an SMS, by which a browser fills the code in, or "" without a web origin."""
        if not self._site:
            return ""
        line = f"\n\n@{self._site} #{code}"
        if self._frame and self._frame != self._site:
            # In a frame of another origin browsers look for the top-level site and the frame.
            line += f" @{self._frame}"
        return line

    def _facts(self, code: str, life_seconds: float, app_name: str | None) -> dict[str, Any]:
        return {
            "code": code,
            "digits": ", ".join(code),
            "app": app_name or self._app,
            # Rounded down, because the code must not expire before the message says so.
            "minutes": max(1, math.floor((life_seconds + 5) / 60)),
        }

    def fit_with(
        self,
        app_hash: str,
        locale: str,
        *,
        code_length: int,
        life_seconds: float,
        app_name: str | None = None,
    ) -> bool:
        """Whether an SMS in this language has room for the hash."""
        words = self.words(
            "sms",
            locale,
            code="0" * code_length,
            life_seconds=life_seconds,
            app_name=app_name,
            app_hash=app_hash,
        )
        return words.text.endswith(app_hash)

    def _fitting(self, said: Sequence[str], code: str, app_hash: str | None) -> str:
        """The best of these texts for SMS, with the best ending, that is one segment."""
        hashed = [f"{text}\n\n{app_hash}" for text in said] if app_hash else []
        line = self.line(code)
        lined = [text + line for text in said] if line else []
        # None fits only with a name in letters that take two units each, as emoji do.
        wordings = [*filter(_can_be_retrieved, hashed), *lined, *said]
        return next(filter(is_one_segment, wordings), said[-1])


def _with(context_text: str | None, text: str, facts: Mapping[str, Any]) -> str:
    """A text with its facts, and with what the code is for after its first paragraph."""
    first, *others = text.format(**facts).strip().split("\n\n")
    shown = [f"{first}\n{context_text}" if context_text else first, *others]
    return "\n\n".join(shown)


def _can_be_retrieved(text: str) -> bool:
    return len(text.encode()) <= MOST_BYTES_WITH_HASH


def _host(url: str | None) -> str | None:
    """The host of an https:// URL, which is all that browsers fill codes in on."""
    parts = urlsplit(url or "")
    return parts.hostname if parts.scheme == "https" else None


def _is_embedded(settings: Settings) -> bool:
    """Whether the page may be in a dialog on the site where browsers fill the code in."""
    site = f"{settings.otp_web_origin}/"
    return any(f"{url}/".startswith(site) for url in settings.otp_return_urls)
