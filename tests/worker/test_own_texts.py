"""The owner's own texts, from the settings to the message."""

import pytest

from shared.delivery.virtual_phone import Phone
from tests.own_texts import SWEDISH, texts_folder
from tests.user import OTHER_PHONE
from worker.__main__ import create_worker

pytestmark = pytest.mark.parametrize("redis", ["fake"], indirect=True)


@pytest.fixture
def env(tmp_path) -> dict[str, str]:
    own = texts_folder(tmp_path / "shop", sv={"sms": "{code}: {app}"})
    return {
        "OTP_TEXTS": texts_folder(tmp_path / "texts", sv=SWEDISH),
        "OTP_APPS": f"[shop]\napp_name = 'Shop'\ntexts = '{own}'",
    }


def test_a_message_has_the_texts_of_its_app_in_its_language(settings, redis, scripts, user):
    user.ask(locale="sv-SE")
    user.ask(OTHER_PHONE, app="shop", locale="sv")
    create_worker(settings, redis).run(burst=True)
    said = {(message.text[6:], message.locale) for message in Phone(scripts).look().messages}
    assert said == {(" för OTP, 5 min.", "sv-SE"), (": Shop", "sv")}
