"""The words: every language has all of them, and an SMS costs what one SMS costs."""

from itertools import product

import pytest

from shared.messages.texts import Texts, Words
from shared.policy import CHANNELS, Channel
from tests.shared.messages.segments import is_one_segment

LANGUAGES = Texts("x").languages
LONGEST_NAME = "A" * 30
LONGEST_CODE = "1234567890"


def render(
    texts: Texts, locale: str, channel: Channel = "sms", code: str = "123456", life: float = 300
) -> Words:
    return texts.words(channel, locale, code=code, life_seconds=life)


def test_what_the_code_is_for_is_said_in_every_language_and_channel():
    texts = Texts("Shop", "https://shop.example")
    shown = "4,900.00 EUR to a payee whose name takes all of the sixty le"
    assert len(shown) == 60
    for language in texts.languages:
        for channel in CHANNELS:
            words = texts.words(
                channel, language, code="123456", life_seconds=300, context_text=shown
            )
            assert shown in words.text, (language, channel)
            assert "123456" in words.text or "1, 2, 3" in words.text


def test_there_are_several_languages():
    assert {"ar", "de", "en", "es", "fr", "hi", "pt", "zh"} <= set(LANGUAGES)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words_for_every_channel(language, channel):
    message = render(Texts("Acme {shop}"), language, channel)
    spoken = ", ".join("123456") if channel == "call" else "123456"
    assert spoken in message.text
    assert "Acme {shop}" in message.text
    assert message.text == message.text.strip()
    assert "123456" in message.subject
    assert "\n" not in message.subject
    assert channel == "email" or "\n" not in message.text


@pytest.mark.parametrize("origin", [None, "https://example.com", f"https://{'a' * 36}.com"])
@pytest.mark.parametrize("name", ["Acme", "A" * 30, "{" * 30, "Ж" * 30, "银" * 30])
def test_an_sms_is_one_segment_whatever_the_settings(name, origin):
    texts = Texts(name, origin)
    for language, length in product(LANGUAGES, range(4, 11)):
        code = "1234567890"[:length]
        text = render(texts, language, code=code, life=3600).text
        assert is_one_segment(text), language
        assert code in text
        assert name in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_says_how_long_the_code_lives_where_that_fits(language):
    text = render(Texts("Acme"), language, life=2520).text
    assert "42" in text
    assert is_one_segment(text)


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "pt"])
def test_in_gsm_7_the_line_for_the_browser_fits_with_a_host_of_40_characters(language):
    host = "a" * 36 + ".com"
    texts = Texts(LONGEST_NAME, f"https://{host}")
    text = render(texts, language, code=LONGEST_CODE, life=3600).text
    assert text.endswith(f"\n\n@{host} #{LONGEST_CODE}")
    assert "60" in text
    assert is_one_segment(text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "host"), [("A" * 5, 25), ("A" * 15, 15), ("Ж" * 6, 18)])
def test_in_every_language_it_fits_with_usual_names(language, name, host):
    host = "a" * (host - 4) + ".com"
    text = render(Texts(name, f"https://{host}"), language).text
    assert text.endswith(f"\n\n@{host} #123456")
    assert is_one_segment(text)


@pytest.mark.parametrize("language", ["ar", "hi", "zh"])
def test_an_sms_goes_without_the_line_rather_than_as_two(language):
    texts = Texts(LONGEST_NAME, "https://login.example.com")
    text = render(texts, language, code=LONGEST_CODE).text
    assert "@" not in text
    assert text == render(Texts(LONGEST_NAME), language, code=LONGEST_CODE).text


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_digits_can_be_typed_on_every_keyboard(language, channel):
    message = render(Texts("Acme"), language, channel)
    digits = [letter for letter in message.text + message.subject if letter.isdigit()]
    assert digits
    assert all(letter.isascii() for letter in digits)


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_a_web_origin_the_last_line_lets_the_browser_fill_the_code_in(language):
    texts = Texts("Acme", "https://login.example.com")
    assert render(texts, language).text.splitlines()[-1] == "@login.example.com #123456"
    for channel in ("whatsapp", "call", "email"):
        assert "@login" not in render(texts, language, channel).text


EMBEDDED = Texts("Acme", "https://shop.in", "https://otp.shop.in", is_embedded=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_for_a_dialog_the_last_line_names_the_site_and_the_frame_in_it(language):
    text = render(EMBEDDED, language).text
    assert text.splitlines()[-1] == "@shop.in #123456 @otp.shop.in"
    assert is_one_segment(text)
    for channel in ("whatsapp", "call", "email"):
        assert "@shop" not in render(EMBEDDED, language, channel).text


@pytest.mark.parametrize(
    ("site", "public_url", "is_embedded", "line"),
    [
        ("https://shop.example", "https://otp.example.com", False, "@shop.example #123456"),
        ("https://shop.example", None, True, "@shop.example #123456"),
        ("https://shop.example", "https://shop.example", True, "@shop.example #123456"),
        ("https://shop.example", "http://otp.example.com", True, "@shop.example #123456"),
        (
            "https://shop.example",
            "https://otp.example.com:8443",
            True,
            "@shop.example #123456 @otp.example.com",
        ),
    ],
)
def test_the_line_names_no_frame_where_there_is_none(site, public_url, is_embedded, line):
    texts = Texts("Acme", site, public_url, is_embedded=is_embedded)
    assert render(texts, "en").text.splitlines()[-1] == line


@pytest.mark.parametrize("name", ["Acme", LONGEST_NAME, "Ж" * 30])
def test_with_both_origins_an_sms_is_one_segment_too(name):
    origins = "https://login.shop.example.com", "https://verification.example.com"
    texts = Texts(name, *origins, is_embedded=True)
    for language, length in product(LANGUAGES, range(4, 11)):
        code = LONGEST_CODE[:length]
        text = render(texts, language, code=code).text
        assert is_one_segment(text), language
        line = f"@login.shop.example.com #{code} @verification.example.com"
        assert text.endswith(line) or "@" not in text, text


@pytest.mark.parametrize(
    ("locale", "begins"),
    [
        ("de", "123456 ist Ihr Code für Acme"),
        ("de-AT", "123456 ist Ihr"),
        ("DE", "123456 ist Ihr"),
        ("es-419", "123456 es tu"),
        ("fr-Latn-CA", "123456 est votre"),
        ("en-GB", "123456 is your"),
        ("pt-BR", "123456 é o seu codigo de Acme"),
        ("zh-TW", "123456 是您的 Acme 验证码"),
        ("ar-EG", "123456 هو رمز Acme"),
        ("hi-IN", "123456 आपका Acme कोड"),
        ("tlh", "123456 is your Acme code"),
        ("", "123456 is your"),
        ("../../etc", "123456 is your"),
    ],
)
def test_the_language_is_that_of_the_locale_or_else_english(locale, begins):
    message = render(Texts("Acme"), locale)
    assert message.text.startswith(begins)
    assert message.locale == ("en" if "is your" in begins and "GB" not in locale else locale)


@pytest.mark.parametrize(
    ("life", "minutes"), [(300, 5), (299, 5), (240, 4), (294, 4), (30, 1), (6, 1), (3600, 60)]
)
def test_the_life_is_told_in_whole_minutes_and_not_too_long(life, minutes):
    """A few seconds on the way do not make five minutes four."""
    assert f" {minutes} min." in render(Texts("Acme"), "en", life=life).text
