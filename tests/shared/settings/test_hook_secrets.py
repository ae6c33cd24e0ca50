"""OTP_HOOK_SECRETS: which app a hook is for."""

import base64

import pytest

from shared.settings import Settings, SettingsError

KEYS = [bytes([n]) * 32 for n in range(3)]
ZITADEL = "aPx93kQvB7LmZ2tR8nYc5WfHs1UjDe6GoKb4"
SUCH = "expected app:v1,whsec_… or app:zitadel,KEY for each secret"
ONE, TWO, THREE = (f"v1,whsec_{base64.b64encode(key).decode()}" for key in KEYS)


def load(text: str) -> Settings:
    return Settings.load({"OTP_HOOK_SECRETS": text}, None)


def test_an_app_can_have_several():
    settings = load(f"shop:{ONE} \n shop:{TWO}\tother:{THREE}")
    assert settings.hook_keys("supabase") == dict(zip(KEYS, ["shop", "shop", "other"], strict=True))


def test_each_system_has_its_own():
    settings = load(f"shop:{ONE} shop:zitadel,{ZITADEL}")
    assert settings.hook_keys("supabase") == {KEYS[0]: "shop"}
    assert settings.hook_keys("zitadel") == {ZITADEL.encode(): "shop"}


def test_there_are_none_by_default():
    assert Settings.load({}, None).hook_keys("supabase") == {}


def test_they_can_come_from_a_file(tmp_path):
    (tmp_path / "secrets").write_text(f"shop:{ONE}\n")
    settings = Settings.load({"OTP_HOOK_SECRETS_FILE": str(tmp_path / "secrets")}, None)
    assert settings.hook_keys("supabase") == {KEYS[0]: "shop"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE, SUCH),
        (f"shop:{ONE.removeprefix('v1,')}", SUCH),
        (f"shop:{ONE} {TWO}", SUCH),
        (f"my shop:{ONE}", SUCH),
        (f"shop:{ONE}|{TWO}", "24 to 64 random bytes"),
        ("shop:v1,whsec_c2hvcnQ=", "24 to 64 random bytes"),
        ("shop:v1,whsec_hunter22!", "24 to 64 random bytes"),
        (f"shop:{ONE} other:{ONE}", "the same secret appears twice"),
        (f"page:{ONE}", "page is reserved"),
        (f"metrics:{ONE}", "metrics is reserved"),
        (f"admin:zitadel,{ZITADEL}", "admin is reserved"),
        (f"shop:zitadel {ZITADEL}", SUCH),
        ("shop:zitadel,hunter22!", "a signing key of 32 characters or more"),
        (f"shop:zitadel,{ZITADEL} other:zitadel,{ZITADEL}", "the same secret appears twice"),
        (" ", SUCH),
    ],
)
def test_wrong_ones_stop_the_start_by_name_and_are_not_repeated(text, message):
    with pytest.raises(SettingsError) as error:
        load(text)
    assert str(error.value).startswith("OTP_HOOK_SECRETS: ")
    assert message in str(error.value)
    assert "hunter22" not in str(error.value)
    assert ONE.partition("_")[2] not in str(error.value)
    assert ZITADEL not in str(error.value)


def test_they_are_not_shown():
    assert ONE.partition("_")[2] not in repr(load(f"shop:{ONE}"))
