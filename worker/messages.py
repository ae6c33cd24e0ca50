"""The words we send, per channel and language: worker/texts/LANGUAGE.toml."""

import math
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.delivery.ledger import Claim
from shared.locales import texts_in
from worker.senders.base import Message

_TEXTS = Path(__file__).with_name("texts")
FALLBACK = "en"

# 3GPP TS 23.038: an SMS of these letters holds 160, any other one 70 units of UTF-16.
_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_OF_TWO = frozenset("\f^{}\\[~]|€")
_ALL_GSM_7 = _GSM_7 | _GSM_7_OF_TWO


class Texts:
    """Renders messages. With a web origin an SMS ends in the line by which the browser on the
    phone fills the code in, on that site only (WICG sms-one-time-codes). `is_embedded` says that
    the page of `public_url` is in a frame on that site. An SMS costs what one segment costs: what
    does not fit is said shorter, and then without that line."""

    def __init__(
        self,
        app_name: str,
        web_origin: str | None = None,
        public_url: str | None = None,
        *,
        is_embedded: bool = False,
    ) -> None:
        self._app = app_name
        self._public_url = public_url
        self._site = _host(web_origin)
        self._frame = _host(public_url) if is_embedded else None
        self._languages = texts_in(_TEXTS)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._languages)

    def message(self, claim: Claim, code: str) -> Message:
        """What to send for a claimed attempt, in its locale's language or else in English."""
        asked = claim.locale.partition("-")[0].lower()
        language = asked if asked in self._languages else FALLBACK
        texts = self._languages[language]
        facts = {
            "code": code,
            "digits": ", ".join(code),
            "app": claim.app_name or self._app,
            # Rounded down: the code must not end before it is said to.
            "minutes": max(1, math.floor((claim.life_seconds + 5) / 60)),
        }
        if claim.channel == "sms":
            text = self._sms(texts, facts)
        else:
            text = texts[claim.channel].format(**facts).strip()
        receipt_url = None
        if self._public_url:
            receipt_url = (
                f"{self._public_url}/receipts/{claim.sender}"
                f"?send={claim.verification_id}-{claim.send}&attempt={claim.attempt}"
            )
        return Message(
            to=claim.to,
            channel=claim.channel,
            code=code,
            subject=texts["email_subject"].format(**facts),
            text=text,
            html=_html(text, code, language, texts["direction"])
            if claim.channel == "email"
            else None,
            # Of the words, not of the wish: a voice reads them in this language.
            locale=claim.locale if language == asked else FALLBACK,
            expires_in=math.floor(claim.life_seconds),
            idempotency_key=f"{claim.verification_id}-{claim.send}",
            attempt=f"{claim.verification_id}-{claim.send}-{claim.attempt}",
            earlier_id=claim.provider_id,
            receipt_url=receipt_url,
        )

    def _sms(self, texts: Mapping[str, str], facts: Mapping[str, Any]) -> str:
        """The best wording that is one segment."""
        said = [texts["sms"].format(**facts), texts["sms_short"].format(**facts)]
        if self._site:
            line = f"\n\n@{self._site} #{facts['code']}"
            if self._frame and self._frame != self._site:
                # In a frame of another origin browsers look for the top-level site and the frame.
                line += f" @{self._frame}"
            said = [*(text + line for text in said), *said]
        # None fits only with a name in letters that take two units each, as emoji do.
        return next(filter(_is_one_segment, said), said[-1])


def _host(url: str | None) -> str | None:
    """The host of an https:// URL, which is all that browsers fill codes in on."""
    parts = urlsplit(url or "")
    return parts.hostname if parts.scheme == "https" else None


def _is_one_segment(text: str) -> bool:
    letters = set(text)
    if letters <= _ALL_GSM_7:
        return len(text) + sum(map(text.count, letters & _GSM_7_OF_TWO)) <= 160
    return len(text.encode("utf-16-be")) <= 2 * 70


def _html(text: str, code: str, language: str, direction: str) -> str:
    """The text of an e-mail with its code in large, laid out as its language is read."""
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    large = f'<b style="font-size:1.5em;letter-spacing:.1em">{code}</b>'
    # Webmail drops the html element and shows what is in the body.
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><body>'
        f'<div lang="{language}" dir="{direction}">{paragraphs.replace(code, large, 1)}</div>'
        "</body></html>"
    )
