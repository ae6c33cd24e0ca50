"""The hash of an Android app: an SMS that ends in it is for that app."""

from itertools import product

import pytest

from shared.messages.apps import texts_of_apps
from shared.messages.texts import Texts
from shared.policy import CHANNELS, Channel
from shared.settings import Settings, SettingsError
from tests.conftest import KEY
from tests.shared.messages.segments import is_one_segment

HASH = "FA+9qCX9VSu"
LANGUAGES = Texts("x").languages
SITE = "https://login.example.com"
EMOJI = "😀" * 30


def text(
    texts: Texts,
    locale: str = "en",
    channel: Channel = "sms",
    *,
    code: str = "123456",
    app_hash: str | None = HASH,
    app_name: str | None = None,
) -> str:
    words = texts.words(
        channel, locale, code=code, life_seconds=300, app_hash=app_hash, app_name=app_name
    )
    return words.text


def fits(texts: Texts, language: str = "en", app_name: str | None = None) -> bool:
    return texts.fit_with(HASH, language, code_length=6, life_seconds=300, app_name=app_name)


def test_an_sms_ends_in_the_hash():
    assert text(Texts("Acme")) == (
        "123456 is your Acme code. It expires in 5 min. Don't share it with anyone.\n\nFA+9qCX9VSu"
    )


@pytest.mark.parametrize("site", [None, SITE])
@pytest.mark.parametrize("name", ["Acme", "A" * 25, "Ж" * 12, "银" * 12])
def test_it_is_one_segment_of_140_bytes_instead_of_the_line_for_browsers(name, site):
    texts = Texts(name, site)
    for language, length in product(LANGUAGES, range(4, 11)):
        said = text(texts, language, code="1234567890"[:length])
        assert said.endswith(f"\n\n{HASH}"), language
        assert "@" not in said, language
        assert len(said.encode()) <= 140, language
        assert is_one_segment(said), language


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["A" * 25, "Ж" * 18, "银" * 18, "😀" * 9])
def test_every_language_has_room_for_it_with_a_usual_name(language, name):
    assert Texts(name).fit_with(HASH, language, code_length=10, life_seconds=3600)


def test_a_text_that_does_not_fit_is_said_shorter():
    name = "A" * 58
    assert text(Texts(name)) == f"{name} code: 123456. Don't share it.\n\n{HASH}"


def test_a_byte_too_many_is_too_long():
    """The short text has 43 bytes without the name."""
    assert fits(Texts("A" * 97))
    assert len(text(Texts("A" * 97)).encode()) == 140
    assert not fits(Texts("A" * 98))
    assert is_one_segment(f"{text(Texts('A' * 98), app_hash=None)}\n\n{HASH}")


def test_bytes_count_and_not_letters():
    assert fits(Texts("ä" * 48))
    assert not fits(Texts("ä" * 49))


def test_an_sms_without_room_for_it_is_worded_as_if_there_were_none():
    for texts in Texts(EMOJI), Texts("A" * 98), Texts("A" * 98, "https://a.example"):
        assert text(texts) == text(texts, app_hash=None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_of_emoji_leaves_no_room(language):
    assert not fits(Texts(EMOJI), language)


@pytest.mark.parametrize("channel", [channel for channel in CHANNELS if channel != "sms"])
def test_other_channels_go_without(channel):
    assert HASH not in text(Texts("Acme", app_hash=HASH), channel=channel)


def test_a_request_can_name_another_app_than_the_settings():
    texts = Texts("Acme", app_hash=HASH)
    assert text(texts, app_hash=None).endswith(f"\n\n{HASH}")
    assert text(texts, app_hash="AAAAAAAAAAA").endswith("\n\nAAAAAAAAAAA")


def test_the_name_that_the_message_has_decides_whether_it_fits():
    texts = Texts(EMOJI)
    assert fits(texts, app_name="Corner Shop")
    assert text(texts, app_name="Corner Shop").endswith(HASH)


def settings(**env: str) -> Settings:
    return Settings.load({"OTP_SECRET_KEYS": KEY, **env}, env_file=None)


def test_each_app_can_have_its_own():
    texts = texts_of_apps(
        settings(OTP_APP_HASH=HASH, OTP_APPS="[shop]\napp_hash = 'AAAAAAAAAAA'\n[bank]")
    )
    endings = {app: text(of, app_hash=None)[-11:] for app, of in texts.items()}
    assert endings == {"": HASH, "shop": "AAAAAAAAAAA", "bank": HASH}


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"OTP_APP_HASH": HASH, "OTP_APP_NAME": EMOJI}, "OTP_APP_HASH: in the language ar, "),
        (
            {"OTP_APPS": f"[shop]\napp_hash = '{HASH}'\napp_name = '{'A' * 30}'\ncode_length = 10"},
            "OTP_APPS: shop: OTP_APP_HASH: in the language hi, ",
        ),
        (
            {"OTP_APP_HASH": HASH, "OTP_APPS": f"[shop]\napp_name = '{EMOJI}'"},
            "OTP_APPS: shop: OTP_APP_HASH: in the language ar, ",
        ),
    ],
)
def test_a_name_that_leaves_no_room_for_it_stops_the_start(env, named):
    with pytest.raises(SettingsError) as stopped:
        texts_of_apps(settings(**env))
    assert str(stopped.value) == (
        f"{named}an SMS that ends in it does not fit in 140 bytes; use a shorter OTP_APP_NAME or "
        "sms_short"
    )
