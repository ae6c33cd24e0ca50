"""A running API follows the file that OTP_API_KEYS_FILE names, as Kubernetes mounts it."""

import logging
from pathlib import Path

import pytest

from api import create_app
from shared.settings import Settings
from tests.conftest import KEY as SECRET_KEY
from tests.kubelet import MountedSecret
from tests.user import PHONE

IN, OUT = 404, 401
OLD, NEW = "o" * 40, "n" * 40


@pytest.fixture
def mount(tmp_path) -> MountedSecret:
    return MountedSecret(tmp_path / "sixpost", otp_api_keys=f"shop:{OLD}\n")


@pytest.fixture
def file(mount) -> Path:
    return mount.folder / "otp_api_keys"


@pytest.fixture
def env(file) -> dict[str, str]:
    return {"OTP_SECRET_KEYS": SECRET_KEY, "OTP_API_KEYS_FILE": str(file)}


@pytest.fixture
def statuses(caller):
    """The statuses of calls with the old key, the new one, and none."""

    def statuses() -> list[int]:
        calls = [{"Authorization": f"Bearer {key}"} for key in (OLD, NEW)]
        return [caller.verify("123456", headers=headers).status_code for headers in (*calls, {})]

    return statuses


def test_a_key_is_rotated_by_changing_the_secret(mount, statuses):
    assert statuses() == [IN, OUT, OUT]
    mount.update(otp_api_keys=f"shop:{NEW} shop:{OLD}")
    assert statuses() == [IN, IN, OUT]
    mount.update(otp_api_keys=f"shop:{NEW}")
    assert statuses() == [OUT, IN, OUT]


def test_each_server_process_follows_it(mount, statuses, settings, redis):
    others = [create_app(settings, redis).test_client() for _ in range(2)]
    mount.update(otp_api_keys=f"bank:{NEW}")
    assert statuses() == [OUT, IN, OUT]
    for other in others:
        body = {"phone": PHONE, "otp": "123456"}
        answers = [other.post("/verify-otp", json=body, auth=("bank", key)) for key in (OLD, NEW)]
        assert [answer.status_code for answer in answers] == [OUT, IN]


@pytest.mark.parametrize(
    "broken",
    ["", " \n", "shop:", f"shop:{NEW[:20]}", f"shop {NEW}", "\udcff", f"page:{NEW}"],
    ids=["empty", "blank", "no key", "half a key", "no colon", "not UTF-8", "a reserved name"],
)
def test_a_broken_file_keeps_the_last_keys_and_is_logged_once(
    mount, file, statuses, caplog, broken
):
    assert statuses() == [IN, OUT, OUT]
    mount.update(otp_api_keys=broken)
    assert statuses() == [IN, OUT, OUT]
    (record,) = [each for each in caplog.records if each.message == "api_keys_broken"]
    assert record.levelno == logging.ERROR
    told = vars(record)["error"]
    assert str(file) in told or told.startswith("OTP_API_KEYS")
    assert "n" * 20 not in told
    mount.update(otp_api_keys=f"shop:{NEW}")
    assert statuses() == [OUT, IN, OUT]


def test_a_file_that_is_gone_keeps_the_last_keys(mount, statuses, caplog):
    mount.update(redis_url="redis://redis:6379/0")
    assert statuses() == [IN, OUT, OUT]
    assert statuses() == [IN, OUT, OUT]
    assert [each.message for each in caplog.records].count("api_keys_broken") == 1
    mount.update(otp_api_keys=f"shop:{NEW}")
    assert statuses() == [OUT, IN, OUT]


def test_a_file_that_goes_while_the_api_starts_does_not_open_it(mount, settings, redis):
    mount.update(redis_url="redis://redis:6379/0")
    client = create_app(settings, redis).test_client()
    body = {"phone": PHONE, "otp": "123456"}
    assert client.post("/verify-otp", json=body).status_code == OUT
    assert client.post("/verify-otp", json=body, auth=("shop", OLD)).status_code == IN


def test_a_change_is_logged_without_the_key(mount, statuses, caplog):
    caplog.set_level(logging.INFO)
    statuses()
    mount.update(otp_api_keys=f"shop:{NEW} bank:{OLD}")
    statuses()
    (record,) = [each for each in caplog.records if each.message == "api_keys_changed"]
    assert vars(record)["keys"] == ["shop given:shop", "bank given:bank"]
    assert NEW not in str([vars(each) for each in caplog.records])


def test_a_key_in_the_environment_is_not_overruled_by_the_file(mount, file, redis):
    env = {"OTP_SECRET_KEYS": SECRET_KEY, "OTP_API_KEYS": f"shop:{NEW}"}
    settings = Settings.load({**env, "OTP_API_KEYS_FILE": str(file)}, env_file=None)
    client = create_app(settings, redis).test_client()
    mount.update(otp_api_keys=f"shop:{OLD}")
    body = {"phone": PHONE, "otp": "123456"}
    answers = [client.post("/verify-otp", json=body, auth=("shop", key)) for key in (OLD, NEW)]
    assert [answer.status_code for answer in answers] == [OUT, IN]


def test_the_command_says_to_change_the_file(file, command, tmp_path):
    told = command("rotate shop", OTP_DATA_DIR=str(tmp_path / "data"), OTP_ADMIN_PASSWORD="p" * 12)
    assert "OTP_API_KEYS also has a key for shop. Change it in " + str(file) in told.err
    assert "restart" not in told.err
