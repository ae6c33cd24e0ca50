"""Which texts an app has: its own, then those of OTP_TEXTS, then ours."""

import subprocess
import sys

import pytest

from shared.messages.apps import texts_of_apps
from shared.messages.texts import Texts
from shared.settings import Settings, SettingsError
from tests.conftest import KEY
from tests.own_texts import SWEDISH, texts_folder

LONG = "{code} " + "a" * 150


@pytest.fixture
def folder(tmp_path):
    """A folder of this name, with these texts per language."""

    return lambda name="texts", **languages: texts_folder(tmp_path / name, **languages)


def load(**env: str) -> dict[str, Texts]:
    return texts_of_apps(Settings.load(env, env_file=None))


def refusal(**env: str) -> str:
    with pytest.raises(SettingsError) as stopped:
        load(**env)
    return str(stopped.value)


def said(texts: Texts, locale: str = "en", channel="sms") -> str:
    return texts.words(channel, locale, code="123456", life_seconds=300).text


def test_without_a_folder_every_app_has_our_texts():
    texts = load(OTP_APPS="[shop]\napp_name = 'Shop'")
    assert {app: said(of) for app, of in texts.items()} == {
        "": "123456 is your OTP code. It expires in 5 min. Don't share it with anyone.",
        "shop": "123456 is your Shop code. It expires in 5 min. Don't share it with anyone.",
    }


def test_the_app_s_own_text_goes_before_the_common_one_and_that_before_ours(folder):
    common = folder(en={"sms": "{code} common", "whatsapp": "{code} common"})
    own = folder("shop", en={"sms": "{code} own"})
    texts = load(OTP_TEXTS=common, OTP_APPS=f"[shop]\ntexts = '{own}'\n[bank]\nlimit_to = '1/1m'")
    for app, sms in {"": "common", "bank": "common", "shop": "own"}.items():
        assert said(texts[app]) == f"123456 {sms}"
        assert said(texts[app], channel="whatsapp") == "123456 common"
        assert said(texts[app], channel="telegram").startswith("123456 is your OTP code.")
        assert said(texts[app], "de").startswith("123456 ist Ihr Code für OTP.")


def test_an_app_can_have_own_texts_without_common_ones(folder):
    texts = load(OTP_APPS=f"[shop]\ntexts = '{folder(en={'sms': '{code} own'})}'")
    assert said(texts["shop"]) == "123456 own"
    assert said(texts[""]).startswith("123456 is your OTP code.")


def test_a_language_that_only_the_owner_has_is_used_for_its_locales(folder):
    texts = load(OTP_TEXTS=folder(sv={**SWEDISH, "direction": "rtl"}))[""]
    assert "sv" in texts.languages
    words = texts.words("email", "sv-SE", code="123456", life_seconds=300)
    assert words.text == "123456 för OTP.\n\nDen gäller i 5 min.\nDela den inte."
    assert (words.subject, words.locale) == ("123456 för OTP", "sv-SE")
    assert (words.language, words.direction) == ("sv", "rtl")
    assert said(texts, "fi").startswith("123456 is your OTP code.")


def test_a_new_language_needs_all_texts_and_an_app_can_change_some_of_them(folder):
    part = {"sms": SWEDISH["sms"], "email": SWEDISH["email"]}
    common = folder(sv=part)
    told = "a new language needs all texts: add direction, sms_short, whatsapp, telegram, call, "
    assert refusal(OTP_TEXTS=common).startswith(f"OTP_TEXTS: {common}/sv.toml: {told}")
    own = folder("shop", sv=part)
    apps = f"[shop]\ntexts = '{own}'"
    assert refusal(OTP_APPS=apps).startswith(f"OTP_APPS: shop: OTP_TEXTS: {own}/sv.toml: {told}")
    load(OTP_TEXTS=folder("whole", sv=SWEDISH), OTP_APPS=apps)


def test_an_error_in_a_file_names_the_setting(folder):
    wrong = folder(de={"smss": "{code}"})
    told = f"OTP_TEXTS: {wrong}/de.toml: smss: not a known text. Did you mean sms?"
    assert refusal(OTP_TEXTS=wrong) == told
    assert refusal(OTP_APPS=f"[shop]\ntexts = '{wrong}'") == f"OTP_APPS: shop: {told}"
    missing = "/nowhere cannot be read: No such file or directory"
    assert refusal(OTP_TEXTS="/nowhere") == f"OTP_TEXTS: {missing}"
    assert refusal(OTP_APPS="shop.texts = '/nowhere'") == f"OTP_APPS: shop: OTP_TEXTS: {missing}"


@pytest.mark.parametrize("value", ["''", "'.'", "5"])
def test_a_value_that_is_no_path_is_refused(value):
    expected = "OTP_APPS: shop: OTP_TEXTS: expected the path of a folder"
    assert refusal(OTP_APPS=f"shop.texts = {value}") == expected


# The longest that fits, by the length of its letters a.
@pytest.mark.parametrize(
    ("key", "text", "letters", "env"),
    [
        ("sms", "{code}{app}{minutes}", 160 - 6 - 3 - 1, {}),
        ("sms", "{code}{app}{minutes}", 160 - 10 - 3 - 1, {"OTP_CODE_LENGTH": "10"}),
        ("sms", "{code}{app}{minutes}", 160 - 6 - 3 - 2, {"OTP_TTL_SECONDS": "600"}),
        ("sms", "{code}{app}{minutes}", 160 - 6 - 30 - 1, {"OTP_APP_NAME": "A" * 30}),
        ("sms", "{code}{app}€{{", 160 - 6 - 3 - 4, {}),
        ("sms", "{code}{app}ó", 70 - 6 - 3 - 1, {}),
        ("sms", "{code}{app}🔑", 70 - 6 - 3 - 2, {}),
        ("sms", "{code}{app}", 70 - 6 - 4, {"OTP_APP_NAME": "Кофе"}),
        # The line for the browser does not count, because sms_short can have it.
        ("sms", "{code}{app}", 160 - 6 - 3, {"OTP_WEB_ORIGIN": "https://shop.example"}),
        # A Service of /v2 can have a name of 30 letters and codes of 10 digits.
        ("sms_short", "{app}{code}", 160 - 10 - 30, {}),
        ("sms_short", "{code}", 160 - 10, {}),
        ("sms_short", "{app}{code}ó", 70 - 10 - 30 - 1, {}),
        # "\n\n@shop.example #123456"
        ("sms_short", "{code}", 160 - 6 - 23, {"OTP_WEB_ORIGIN": "https://shop.example"}),
        # "\n\n@shop.example #123456 @otp.example.com"
        (
            "sms_short",
            "{code}ó",
            70 - 6 - 1 - 40,
            {
                "OTP_WEB_ORIGIN": "https://shop.example",
                "OTP_RETURN_URLS": "https://shop.example",
                "OTP_PUBLIC_URL": "https://otp.example.com",
            },
        ),
    ],
)
def test_an_sms_is_one_segment_with_its_longest_values(folder, key, text, letters, env):
    load(OTP_TEXTS=folder("fits", en={key: text + "a" * letters}), **env)
    too_long = folder("long", en={key: text + "a" * (letters + 1)})
    told = refusal(OTP_TEXTS=too_long, **env)
    assert told.startswith(f"OTP_TEXTS: {too_long}/en.toml: {key}: with ")
    assert told.endswith((" has 161 characters, and an SMS holds 160", " holds 70"))


def test_an_error_about_the_length_names_what_to_change(folder):
    common = folder(en={"sms": LONG, "sms_short": "{app}: {code} żółć" + "a" * 40})
    file = f"OTP_TEXTS: {common}/en.toml"
    longest = "with the app's name and longest code, it has"
    assert refusal(OTP_TEXTS=common, OTP_CODE_LENGTH="10") == (
        f"{file}: sms: {longest} 161 characters, and an SMS holds 160"
    )
    assert refusal(OTP_TEXTS=common, OTP_WEB_ORIGIN="https://shop.example") == (
        f"{file}: sms_short: with the line for OTP_WEB_ORIGIN, it has 79 characters, "
        "and an SMS with ó ć ł ż holds 70"
    )
    assert refusal(OTP_TEXTS=common) == (
        f"{file}: sms_short: with a Service's longest name and code, it has 87 characters, "
        "and an SMS with ó ć ł ż holds 70"
    )


def test_a_common_text_has_to_fit_with_the_values_of_each_app(folder):
    common = folder(en={"sms": LONG})
    load(OTP_TEXTS=common)
    assert refusal(OTP_TEXTS=common, OTP_APPS="[shop]\ncode_length = 10") == (
        f"OTP_TEXTS: {common}/en.toml: sms: with the app's name and longest code, it has "
        "161 characters, and an SMS holds 160 (app shop)"
    )
    own = folder("shop", en={"sms": "{code}"})
    load(OTP_TEXTS=common, OTP_APPS=f"[shop]\ncode_length = 10\ntexts = '{own}'")


def test_a_name_that_only_fits_our_short_text_is_fine_without_own_texts(folder):
    name = "銀" * 30
    texts = load(OTP_TEXTS=folder(en={"call": "{digits}"}), OTP_APP_NAME=name)
    assert said(texts[""]) == f"{name} code: 123456. Don't share it."


@pytest.mark.parametrize("program", ["api", "worker"])
def test_both_programs_stop_at_the_start(folder, program):
    texts = folder(de={"sms": "{code.__class__}"})
    env = {"OTP_SECRET_KEYS": KEY, "OTP_TEXTS": texts, "PORT": "1"}
    command = [sys.executable, "-m", program]
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith(f"otp {program}: OTP_TEXTS: {texts}/de.toml: sms: {{code.__class")
