"""OTP_HOOK_SECRETS: which app a hook is for."""

import base64

import pytest

from shared.settings import Settings, SettingsError

KEYS = [bytes([n]) * 32 for n in range(3)]
ONE, TWO, THREE = (f"v1,whsec_{base64.b64encode(key).decode()}" for key in KEYS)


def load(text: str) -> Settings:
    return Settings.load({"OTP_HOOK_SECRETS": text}, None)


def test_an_app_can_have_several():
    settings = load(f"shop:{ONE} \n shop:{TWO}\tother:{THREE}")
    assert settings.hook_keys() == dict(zip(KEYS, ["shop", "shop", "other"], strict=True))


def test_there_are_none_by_default():
    assert Settings.load({}, None).hook_keys() == {}


def test_they_can_come_from_a_file(tmp_path):
    (tmp_path / "secrets").write_text(f"shop:{ONE}\n")
    settings = Settings.load({"OTP_HOOK_SECRETS_FILE": str(tmp_path / "secrets")}, None)
    assert settings.hook_keys() == {KEYS[0]: "shop"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE, "expected app:v1,whsec_… for each secret"),
        (f"shop:{ONE.removeprefix('v1,')}", "expected app:v1,whsec_… for each secret"),
        (f"shop:{ONE} {TWO}", "expected app:v1,whsec_… for each secret"),
        (f"my shop:{ONE}", "expected app:v1,whsec_… for each secret"),
        (f"shop:{ONE}|{TWO}", "24 to 64 random bytes"),
        ("shop:v1,whsec_c2hvcnQ=", "24 to 64 random bytes"),
        ("shop:v1,whsec_hunter22!", "24 to 64 random bytes"),
        (f"shop:{ONE} other:{ONE}", "the same secret appears twice"),
        (f"page:{ONE}", "page is reserved"),
        (" ", "expected app:v1,whsec_… for each secret"),
    ],
)
def test_wrong_ones_stop_the_start_by_name_and_are_not_repeated(text, message):
    with pytest.raises(SettingsError) as error:
        load(text)
    assert str(error.value).startswith("OTP_HOOK_SECRETS: ")
    assert message in str(error.value)
    assert "hunter22" not in str(error.value)
    assert ONE.partition("_")[2] not in str(error.value)


def test_they_are_not_shown():
    assert ONE.partition("_")[2] not in repr(load(f"shop:{ONE}"))
