"""`python -m worker.messages preview`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import commands
from tests.own_texts import SWEDISH, texts_folder
from worker.preview import main


class Ended(commands.Ended):
    @property
    def headings(self) -> list[str]:
        assert (self.status, self.err) == (0, "")
        lines = [line for line in self.out.splitlines() if " bytes in UTF-8" in line]
        return [line.partition(":")[0] for line in lines]


@pytest.fixture
def command(run_command):
    """Run the command with these settings."""

    def command(*arguments: str, **env: str) -> Ended:
        return Ended(**vars(run_command(main, "preview", *arguments, **env)))

    return command


def test_prints_each_text_of_an_app_as_it_would_be_sent_with_its_size(command, tmp_path):
    own = texts_folder(tmp_path / "shop", sv={"sms": "{code}: {app} ({minutes}) ł"})
    run = command(
        *("--app", "shop", "--locale", "sv-SE"),
        OTP_TEXTS=texts_folder(tmp_path / "texts", sv=SWEDISH),
        OTP_APPS=f"[shop]\napp_name = 'Skor'\ncode_length = 8\ntexts = '{own}'",
    )
    assert (run.status, run.err) == (0, "")
    assert run.out == (
        "sv sms: 20 characters, 21 bytes in UTF-8, 1 segment of UCS-2\n"
        "12345678: Skor (5) ł\n\n"
        "sv sms_short: 14 characters, 14 bytes in UTF-8, 1 segment of GSM-7\n"
        "Skor: 12345678\n\n"
        "sv whatsapp: 25 characters, 26 bytes in UTF-8\n"
        "12345678 för Skor, 5 min.\n\n"
        "sv telegram: 25 characters, 26 bytes in UTF-8\n"
        "12345678 för Skor, 5 min.\n\n"
        "sv call: 41 characters, 43 bytes in UTF-8\n"
        "Koden för Skor är 1, 2, 3, 4, 5, 6, 7, 8.\n\n"
        "sv email_subject: 17 characters, 18 bytes in UTF-8\n"
        "12345678 för Skor\n\n"
        "sv email: 54 characters, 56 bytes in UTF-8\n"
        "12345678 för Skor.\n\nDen gäller i 5 min.\nDela den inte.\n\n"
    )


def test_without_a_locale_it_prints_every_language(command, tmp_path):
    texts = texts_folder(tmp_path / "texts", sv=SWEDISH)
    languages = {"ar", "de", "en", "es", "fr", "hi", "pt", "sv", "zh"}
    headings = command("--channel", "call", OTP_TEXTS=texts).headings
    assert {*headings} == {f"{one} call" for one in languages}


def test_a_language_without_texts_is_english_as_in_a_message(command):
    found = command("--channel", "email", "--locale", "fi").headings
    assert found == ["en email_subject", "en email"]


def test_an_sms_has_its_line_for_the_browser_and_is_short_if_it_would_be_sent_so(command):
    run = command("--channel", "sms", OTP_WEB_ORIGIN="https://shop.example")
    assert run.out.count("\n\n@shop.example #123456\n") == len(run.headings)
    assert "en sms" in run.headings
    # In 70 characters, there is no room for both.
    assert [of for of in run.headings if of.startswith("hi")] == ["hi sms_short"]


def test_an_sms_has_the_hash_of_the_android_app(command):
    run = command("--channel", "sms", "--locale", "en", OTP_APP_HASH="FA+9qCX9VSu")
    assert run.headings == ["en sms", "en sms_short"]
    assert run.out.count("\n\nFA+9qCX9VSu\n") == 2


def test_a_text_of_several_segments_says_so(command):
    run = command("--channel", "sms", "--locale", "en", OTP_APP_NAME="🔑" * 30)
    assert run.headings == ["en sms_short"]
    assert ", 2 segments of UCS-2\n" in run.out


def test_wrong_texts_are_named_with_status_1(command, tmp_path):
    folder = texts_folder(tmp_path / "texts", de={"sms": "{code!r}"})
    run = command(OTP_APPS=f"[shop]\ntexts = '{folder}'")
    assert (run.status, run.out) == (1, "")
    told = f"OTP_APPS: shop: OTP_TEXTS: {folder}/de.toml: sms: {{code}}: write placeholders"
    assert run.err.startswith(f"otp messages: {told}")
    assert command(OTP_CODE_LENGTH="3").err.startswith("otp messages: OTP_CODE_LENGTH: ")


def test_an_unknown_app_or_locale_is_refused(command):
    for arguments, told in (
        (("--app", "shop"), "--app: OTP_APPS has no table shop"),
        (("--locale", "?"), "--locale: expected a language tag, such as de or de-AT"),
        (("--channel", "fax"), "invalid choice: 'fax'"),
    ):
        run = command(*arguments)
        assert run.status == 2
        assert told in run.err


def test_the_command_has_the_name_of_the_module_that_makes_messages(tmp_path):
    command = [sys.executable, "-m", "worker.messages", "preview", "--locale=fi", "--channel=call"]
    env = {"PYTHONPATH": str(Path.cwd())}
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("en call: ")
