"""Makes the message that a sender gets, from a claim and its words."""

import math
import re
from dataclasses import replace
from html import escape

from shared.delivery.ledger import Claim
from shared.logs.request import parse_traceparent
from shared.messages.texts import Texts, Words
from shared.policy import Route
from worker.senders.base import Message


class Messages:
    """The messages of an app. With a `public_url`, providers are asked for receipts."""

    def __init__(self, texts: Texts, public_url: str | None = None) -> None:
        self._texts = texts
        self._public_url = public_url

    def message(self, claim: Claim, code: str, route: Route | None = None) -> Message:
        """What to send for a claimed attempt, with what its route says."""
        words = self._texts.words(
            claim.channel,
            claim.locale,
            code=code,
            life_seconds=claim.life_seconds,
            app_name=claim.app_name,
            app_hash=claim.app_hash,
            context_text=claim.context_text,
        )
        receipt_url = None
        if self._public_url:
            receipt_url = (
                f"{self._public_url}/receipts/{claim.sender}"
                f"?send={claim.verification_id}-{claim.send}&attempt={claim.attempt}"
            )
        message = Message(
            to=claim.to,
            channel=claim.channel,
            code=code,
            subject=words.subject,
            text=words.text,
            html=_html(words, code) if claim.channel == "email" else None,
            locale=words.locale,
            expires_in=math.floor(claim.life_seconds),
            idempotency_key=f"{claim.verification_id}-{claim.send}",
            attempt=f"{claim.verification_id}-{claim.send}-{claim.attempt}",
            earlier_id=claim.provider_id,
            receipt_url=receipt_url,
            traceparent=claim.trace and parse_traceparent(claim.trace),
        )
        return _by(route, message) if route else message


def _by(route: Route, message: Message) -> Message:
    return replace(
        message,
        text=route.wording(message.code) or message.text,
        from_number=route.from_number,
        dlt_entity=route.dlt_entity,
        dlt_template=route.dlt_template,
    )


def _html(words: Words, code: str) -> str:
    """The text of an email with its code in large, laid out as its language is read."""
    parts = [escape(part).replace("\n", "<br>") for part in re.split("\n{2,}", words.text)]
    paragraphs = "".join(f"<p>{part}</p>" for part in parts)
    large = f'<b style="font-size:1.5em;letter-spacing:.1em">{code}</b>'
    reads = f'lang="{words.language}" dir="{words.direction}"'
    # Webmail drops the html element and shows what is in the body.
    return (
        f"<!doctype html><html {reads}><body>"
        f"<div {reads}>{paragraphs.replace(code, large, 1)}</div>"
        "</body></html>"
    )


if __name__ == "__main__":
    from worker import preview

    preview.main()
