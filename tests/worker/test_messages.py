"""What a sender is given to send."""

import pytest

from shared.delivery.ledger import Claim
from shared.messages.texts import Texts
from shared.policy import Channel
from tests.own_texts import SWEDISH
from worker.messages import Messages
from worker.senders.base import Message


def render(
    texts: Texts, locale: str, channel: Channel = "sms", code: str = "123456", life: float = 300
) -> Message:
    claim = Claim(
        app="default",
        verification_id="VE" + "0" * 32,
        send=2,
        token="t",
        attempt=1,
        sender="smtp",
        untried=0,
        others=0,
        to="+14155550123",
        channel=channel,
        locale=locale,
        kid="k1",
        generation=0,
        length=len(code),
        life_seconds=life,
        asked_at=0,
    )
    return Messages(texts).message(claim, code)


def test_the_rest_of_a_message_is_for_the_sender():
    message = render(Texts("Acme"), "de-AT", life=299.7)
    assert (message.to, message.channel, message.code) == ("+14155550123", "sms", "123456")
    assert message.locale == "de-AT"
    assert message.expires_in == 299
    assert message.idempotency_key == "VE" + "0" * 32 + "-2"


@pytest.mark.parametrize(
    ("locale", "language", "direction"),
    [
        ("ar", "ar", "rtl"),
        ("ar-EG", "ar", "rtl"),
        ("de-AT", "de", "ltr"),
        ('"><script>', "en", "ltr"),
    ],
)
def test_an_html_email_is_laid_out_as_its_language_is_read(locale, language, direction):
    html = render(Texts("Acme"), locale, "email").html
    # Webmail keeps what is in the body only.
    for element in "html", "div":
        assert f'<{element} lang="{language}" dir="{direction}">' in html


def test_an_html_email_keeps_the_lines_and_paragraphs_of_a_text():
    email = "{code} <i>\n{app}\n\nOne\n\n\nTwo"
    texts = Texts("A & B", languages={"en": {**SWEDISH, "email": email}})
    html = render(texts, "en", "email").html
    assert "123456</b> &lt;i&gt;<br>A &amp; B</p><p>One</p><p>Two</p></div>" in html
