"""The words we send, per channel and language: worker/texts/LANGUAGE.toml."""

import math
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from shared.store import Claim
from worker.senders.base import Message

_TEXTS = Path(__file__).with_name("texts")
FALLBACK = "en"


class Texts:
    """Renders messages. With a web origin an SMS ends in the line by which the browser on the
    phone fills the code in, on that site only (WICG sms-one-time-codes)."""

    def __init__(self, app_name: str, web_origin: str | None = None) -> None:
        self._app = app_name
        self._host = urlsplit(web_origin).netloc if web_origin else None
        self._languages = {
            path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
            for path in sorted(_TEXTS.glob("*.toml"))
        }

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._languages)

    def message(self, claim: Claim, code: str) -> Message:
        """What to send for a claimed attempt, in its locale's language or else in English."""
        language = claim.locale.partition("-")[0].lower()
        texts = self._languages.get(language, self._languages[FALLBACK])
        facts = {
            "code": code,
            "digits": ", ".join(code),
            "app": self._app,
            # Rounded down: the code must not end before it is said to.
            "minutes": max(1, math.floor((claim.life_seconds + 5) / 60)),
        }
        text = texts[claim.channel].format(**facts).strip()
        if claim.channel == "sms" and self._host:
            text += f"\n\n@{self._host} #{code}"
        return Message(
            to=claim.to,
            channel=claim.channel,
            code=code,
            subject=texts["email_subject"].format(**facts),
            text=text,
            expires_in=math.floor(claim.life_seconds),
            idempotency_key=f"{claim.verification_id}-{claim.send}",
        )
