"""Where a value comes from, and the key that is made at the first start."""

import base64
import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared.settings import Settings, SettingsError

FIRST = base64.b64encode(b"1" * 32).decode()


@pytest.fixture
def mounted(tmp_path):
    """What stands for /run/secrets."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


@pytest.fixture
def load(tmp_path, mounted):
    def load(**env) -> Settings:
        return Settings.load(env, tmp_path / ".env", mounted)

    return load


def key_of(settings: Settings) -> str:
    return next(iter(settings.secret_keys()))


def test_a_secret_comes_from_the_nearest_of_its_places(load, tmp_path, mounted):
    def key(kid: str) -> str:
        return f"{kid}:{FIRST}"

    (mounted / "otp_secret_keys").write_text(key("mounted") + "\n")
    assert key_of(load()) == "mounted"
    (tmp_path / "file").write_text(f"  {key('file-of-dotenv')}\n\n")
    (tmp_path / ".env").write_text(f"OTP_SECRET_KEYS_FILE={tmp_path / 'file'}\n")
    assert key_of(load()) == "file-of-dotenv"
    (tmp_path / ".env").write_text(f"OTP_SECRET_KEYS={key('dotenv')}\n")
    assert key_of(load()) == "dotenv"
    (tmp_path / "file").write_text(key("file"))
    assert key_of(load(OTP_SECRET_KEYS_FILE=str(tmp_path / "file"))) == "file"
    near = {"OTP_SECRET_KEYS": key("env"), "OTP_SECRET_KEYS_FILE": str(tmp_path / "file")}
    assert key_of(load(**near)) == "env"


def test_the_environment_wins_over_the_file(load, tmp_path):
    (tmp_path / ".env").write_text("PORT=6000\nOTP_TTL_SECONDS=60\n")
    settings = load(PORT="7000")
    assert (settings.port, settings.otp_ttl_seconds) == (7000, 60)


def test_an_empty_value_counts_as_none_given(load, tmp_path):
    (tmp_path / ".env").write_text("PORT=6000\nOTP_TTL_SECONDS=\n")
    settings = load(PORT="", OTP_SECRET_KEYS="")
    assert (settings.port, settings.otp_ttl_seconds) == (6000, 300)
    assert settings.otp_secret_keys is None


EMPTY = pytest.mark.parametrize(
    "content", [b"", b"\n", b" \t\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"]
)


@EMPTY
@pytest.mark.parametrize(
    "name", ["OTP_API_KEYS", "OTP_SECRET_KEYS", "OTP_APPS", "OTP_SMS_SENDERS", "REDIS_URL"]
)
def test_an_empty_secret_file_stops_the_start_by_name(load, tmp_path, mounted, name, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(SettingsError, match=f"^{name}_FILE is empty"):
        load(**{f"{name}_FILE": str(tmp_path / "file")})
    (mounted / name.lower()).write_bytes(content)
    with pytest.raises(SettingsError, match=f"^{name}: {mounted}/{name.lower()} is empty"):
        load()


@EMPTY
def test_an_empty_file_of_a_generated_secret_stops_the_start_by_name(load, tmp_path, content):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "otp_secret_keys").write_bytes(content)
    with pytest.raises(SettingsError, match=r"^OTP_SECRET_KEYS: .* is empty"):
        load(OTP_DATA_DIR=str(tmp_path / "data"))


def test_spaces_count_as_empty_where_they_would_switch_something_off(load):
    assert load(OTP_LIMIT_TO=" ", OTP_BLOCKED_TYPES="\t", OTP_BUDGET=" ") == load()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_a_byte_order_mark_is_skipped_in_every_file(load, tmp_path, mounted, mark):
    def write(path, text: str) -> str:
        path.write_bytes(mark + text.encode())
        return str(path)

    write(tmp_path / ".env", "OTP_CODE_LENGTH=8\nPORT=6000\n")
    write(mounted / "otp_secret_keys", f"k1:{FIRST}\r\n")
    settings = load(
        OTP_APPS_FILE=write(tmp_path / "apps", "[shop]\r\ncode_length = 9\r\n"),
        OTP_SMS_SENDERS_FILE=write(tmp_path / "senders", "console:// console://\n"),
        REDIS_URL_FILE=write(tmp_path / "url", "redis://redis:6380/1\n"),
        OTP_API_KEYS_FILE=write(tmp_path / "keys", f"shop:{'a' * 32}"),
        OTP_ADMIN_PASSWORD_FILE=write(tmp_path / "password", "correct horse"),
    )
    assert (settings.otp_code_length, settings.port) == (8, 6000)
    assert settings.secret_keys() == {"k1": b"1" * 32}
    assert settings.app("shop").otp_code_length == 9
    assert settings.senders("sms") == ("console://", "console://")
    assert settings.redis_url.get_secret_value() == "redis://redis:6380/1"
    assert settings.api_keys() == (("shop", "a" * 32),)
    assert settings.admin_password() == "correct horse"


def test_a_file_that_is_no_text_stops_the_start_without_its_content(load, tmp_path):
    (tmp_path / "key").write_bytes(b"secret\xff")
    with pytest.raises(SettingsError, match=r"^OTP_SECRET_KEYS_FILE cannot be read") as stopped:
        load(OTP_SECRET_KEYS_FILE=str(tmp_path / "key"))
    assert "secret\\xff" not in repr(stopped.value)


def test_a_first_start_makes_the_owners_password_and_later_ones_keep_it(load, tmp_path):
    folder = tmp_path / "data"
    password = load(OTP_DATA_DIR=str(folder)).admin_password()
    assert len(password) >= 43
    assert load(OTP_DATA_DIR=str(folder)).admin_password() == password
    assert (folder / "otp_admin_password").read_text() == f"{password}\n"
    assert stat.S_IMODE((folder / "otp_admin_password").stat().st_mode) == 0o600
    assert load(OTP_DATA_DIR=str(tmp_path / "other")).admin_password() != password


@pytest.mark.parametrize("content", ["é".encode("latin-1"), "PORT=6000".encode("utf-16")])
def test_an_env_file_that_is_no_utf_8_is_named(load, tmp_path, content):
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match=r"\.env cannot be read: not valid UTF-8"):
        load()


def test_a_password_may_be_given_in_a_file(load, tmp_path, mounted):
    assert load().admin_password() is None
    (mounted / "otp_admin_password").write_text("a mounted password\n")
    assert load(OTP_DATA_DIR=str(tmp_path / "data")).admin_password() == "a mounted password"
    (tmp_path / "file").write_text("another password\n")
    settings = load(OTP_ADMIN_PASSWORD_FILE=str(tmp_path / "file"))
    assert settings.admin_password() == "another password"


def test_a_first_start_makes_a_key_and_later_ones_keep_it(load, tmp_path):
    folder = tmp_path / "new" / "data"
    first = load(OTP_DATA_DIR=str(folder)).secret_keys()
    assert [len(key) for key in first.values()] == [32]
    assert load(OTP_DATA_DIR=str(folder)).secret_keys() == first
    assert load(OTP_DATA_DIR=str(tmp_path / "other")).secret_keys() != first
    assert stat.S_IMODE((folder / "otp_secret_keys").stat().st_mode) == 0o600


def test_given_secrets_are_taken_and_none_are_made(load, tmp_path):
    given = {"OTP_SECRET_KEYS": f"k1:{FIRST}", "OTP_ADMIN_PASSWORD": "correct horse"}
    settings = load(OTP_DATA_DIR=str(tmp_path / "data"), **given)
    assert (key_of(settings), settings.admin_password()) == ("k1", "correct horse")
    assert not (tmp_path / "data").exists()


def test_processes_that_start_together_agree_on_the_secrets(load, tmp_path):
    together = Barrier(8)

    def start(folder: str) -> tuple[str, str]:
        together.wait()
        settings = load(OTP_DATA_DIR=folder)
        return settings.otp_secret_keys.get_secret_value(), settings.admin_password()

    with ThreadPoolExecutor(8) as threads:
        for round_ in range(20):
            folder = tmp_path / str(round_)
            assert len(set(threads.map(start, [str(folder)] * 8))) == 1
            made = {path.name for path in folder.iterdir()}
            assert made == {"otp_secret_keys", "otp_admin_password"}


def test_a_start_waits_for_a_secret_that_another_one_is_writing(load, tmp_path):
    """The file is there before its content."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "otp_admin_password").touch()
    with ThreadPoolExecutor(1) as threads:
        started = threads.submit(load, OTP_DATA_DIR=str(folder), OTP_SECRET_KEYS=f"k1:{FIRST}")
        (folder / "otp_admin_password").write_text("correct horse\n")
        assert started.result().admin_password() == "correct horse"


@pytest.mark.parametrize(("call", "number"), [("open", errno.EROFS), ("write", errno.ENOSPC)])
def test_a_full_or_read_only_folder_is_named(load, tmp_path, monkeypatch, call, number):
    def fail(*words):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(
        SettingsError, match=f"^OTP_DATA_DIR is not writable: {os.strerror(number)}"
    ):
        load(OTP_DATA_DIR=str(tmp_path / "data"))
    assert list((tmp_path / "data").iterdir()) == []
