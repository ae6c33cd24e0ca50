"""`python -m api.backup`: what is destroyed comes back, and nothing is lost by a restore."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from api.backup import main
from shared.settings import Settings
from shared.verify_v2.rate_limits import RateLimits
from shared.verify_v2.services import Services, given
from tests.commands import Ended

GIVEN = "VA" + "a" * 32
SECRETS = {
    "otp_secret_keys": "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\n",
    "otp_admin_password": "correct horse battery staple\n",
    "otp_receipt_keys": "r1:receipts\n",
    "api_keys": f"shop 1a2b3c4d 2026-03-01T12:00:00Z never {'0' * 64}\n",
}


@pytest.fixture
def redis(real_redis):
    return real_redis


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def env(folder, redis_url) -> dict[str, str]:
    return {
        "OTP_DATA_DIR": str(folder),
        "REDIS_URL": redis_url,
        "OTP_SERVICES": f"bank:{GIVEN}",
    }


@pytest.fixture
def settings(env, installed) -> Settings:
    return Settings.load(env, env_file=None)


@pytest.fixture
def services(scripts, settings) -> Services:
    return Services(scripts, given(settings))


@pytest.fixture
def command(env, run_command):
    """Run the command, as words on a line."""

    def command(line: str, stdin: str | bytes = b"", **other_env: str) -> Ended:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        return run_command(main, *line.split(), stdin=given, **{**env, **other_env})

    return command


@pytest.fixture
def installed(folder) -> dict[str, str]:
    """The secrets of an installation, and the address of a Redis that only it has."""
    folder.mkdir()
    for name, text in SECRETS.items():
        (folder / name).write_text(text)
    (folder / "redis_url").write_text("redis://otp:secret@redis:6379/0\n")
    return SECRETS


def destroy(folder, redis) -> None:
    for path in folder.iterdir():
        path.unlink()
    redis.flushall()


def secrets_in(folder) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.name != "redis_url"}


def test_secrets_and_services_come_back_after_everything_was_destroyed(
    command, folder, redis, scripts, services
):
    made = services.create("shop", "My Shop", code_length=8)
    limit = RateLimits(scripts).add(made.sid, "ip", "by address")
    other = services.create("default", "My Other Shop")
    changed = services.update(services.find("bank", GIVEN), {"friendly_name": "My Bank"})
    saved = command("create")
    assert saved.status == 0
    destroy(folder, redis)

    restored = command("restore", saved.out)
    assert (restored.status, restored.out) == (0, "")
    assert secrets_in(folder) == SECRETS
    assert services.all_of("shop") == [made]
    assert services.all_of("default") == [other]
    assert services.all_of("bank") == [changed]
    assert RateLimits(scripts).of(made.sid) == [limit]
    assert all(redis.ttl(key) > 0 for key in redis.keys())


def test_every_secret_that_the_first_start_generates_is_saved(command, folder):
    saved = command("create")
    generated = {path.name for path in folder.iterdir()}
    assert len(generated) >= 2
    assert json.loads(saved.out.splitlines()[0])["secrets"].keys() == generated


def test_a_damaged_secret_is_not_saved(command, folder, installed):
    (folder / "otp_receipt_keys").write_bytes(b"r1:\xff")
    saved = command("create")
    assert (saved.status, saved.out) == (1, "")
    assert saved.err == f"otp backup: a secret in {folder} is damaged: not valid UTF-8\n"


def test_a_damaged_secret_can_be_replaced(command, folder, installed):
    saved = command("create").out
    (folder / "api_keys").write_bytes(b"shop \xff")
    refused = command("restore", saved)
    assert (refused.status, "other secrets (api_keys)" in refused.err) == (1, True)
    assert command("restore --replace", saved).status == 0
    assert secrets_in(folder) == SECRETS


def test_a_restore_that_stops_on_the_way_says_so(command, folder, installed):
    saved = command("create").out
    (folder / "otp_secret_keys").unlink()
    in_the_way = folder / ".otp_admin_password.new"
    in_the_way.mkdir()
    stopped = command("restore", saved)
    assert stopped.status == 1
    assert stopped.err.startswith(f"otp backup: not all secrets were restored: {in_the_way}: ")
    in_the_way.rmdir()
    assert command("restore", saved).status == 0
    assert secrets_in(folder) == SECRETS


def test_a_service_of_the_settings_that_was_deleted_stays_deleted(command, folder, redis, services):
    services.delete(services.find("bank", GIVEN))
    saved = command("create").out
    destroy(folder, redis)
    assert command("restore", saved).status == 0
    assert services.all_of("bank") == []


def test_a_service_that_changed_after_the_backup_stays_as_it_is(command, scripts, services):
    made = services.create("shop", "My Shop")
    saved = command("create").out
    RateLimits(scripts).add(made.sid, "ip", "")
    changed = services.update(made, {"friendly_name": "New name"})
    limits = RateLimits(scripts).of(made.sid)
    assert command("restore", saved).status == 0
    assert services.all_of("shop") == [changed]
    assert RateLimits(scripts).of(made.sid) == limits


def test_restored_files_belong_to_the_folder_s_owner_alone(command, folder, redis, installed):
    saved = command("create").out
    destroy(folder, redis)
    if os.geteuid() == 0:
        os.chown(folder, 10001, 10002)
    assert command("restore", saved).status == 0
    owner = folder.stat()
    for name in SECRETS:
        found = (folder / name).stat()
        assert stat.S_IMODE(found.st_mode) == 0o600
        assert (found.st_uid, found.st_gid) == (owner.st_uid, owner.st_gid)


def test_the_password_of_redis_is_not_in_a_backup(command, installed):
    assert "otp:secret@" not in command("create").out


class TestARestoreThatWouldLoseSecrets:
    NEWER = "k2:ZmVkY2JhWllYV1ZVVFNSUVBPTk1MS0pJSEdGRURDQkE=\n"

    def test_is_refused_and_changes_nothing(self, command, folder, installed):
        saved = command("create").out
        (folder / "otp_secret_keys").write_text(self.NEWER)
        (folder / "api_keys").unlink()
        before = secrets_in(folder)
        refused = command("restore", saved)
        assert refused.status == 1
        assert "other secrets (otp_secret_keys)" in refused.err
        assert secrets_in(folder) == before

    def test_is_done_when_told_so(self, command, folder, installed):
        saved = command("create").out
        (folder / "otp_secret_keys").write_text(self.NEWER)
        assert command("restore --replace", saved).status == 0
        assert secrets_in(folder) == SECRETS


@pytest.mark.parametrize(
    "change",
    {
        "cut short": lambda text: text[: len(text) // 2],
        "without its last line": lambda text: text.splitlines()[0],
        "with a changed letter": lambda text: text.replace("k1:QUJD", "k1:QUJE"),
        "empty": lambda _: "",
        "no text": lambda _: b"PK\x03\x04\xff\xfe",
    }.items(),
    ids=lambda change: change[0],
)
def test_a_damaged_backup_is_refused_whole(command, folder, redis, installed, change):
    _, damage = change
    saved = command("create").out
    destroy(folder, redis)
    refused = command("restore", damage(saved))
    assert (refused.status, refused.out) == (1, "")
    assert "nothing was restored" in refused.err
    assert "QUJ" not in refused.err
    assert secrets_in(folder) == {}


def test_a_backup_survives_windows_line_ends(command, folder, redis, installed):
    saved = command("create").out
    destroy(folder, redis)
    assert command("restore", saved.replace("\n", "\r\n")).status == 0
    assert secrets_in(folder) == SECRETS


def test_a_restore_without_redis_says_so_and_can_be_run_again(command, services, folder, redis):
    made = services.create("shop", "My Shop")
    saved = command("create").out
    destroy(folder, redis)
    failed = command("restore", saved, REDIS_URL="redis://127.0.0.1:1/0")
    assert failed.status == 1
    assert "the secrets were restored, but not all Services" in failed.err
    assert command("restore", saved).status == 0
    assert services.all_of("shop") == [made]


def test_services_are_restored_where_all_secrets_are_given(command, services, redis, installed):
    made = services.create("shop", "My Shop")
    elsewhere = {
        "OTP_DATA_DIR": "",
        "OTP_SECRET_KEYS": installed["otp_secret_keys"],
        "OTP_API_KEYS": f"shop:{'s' * 40}",
    }
    saved = command("create", **elsewhere)
    redis.flushall()
    assert command("restore", saved.out, **elsewhere).status == 0
    assert services.all_of("shop") == [made]


def test_secrets_are_restored_nowhere_without_a_folder(command, installed):
    saved = command("create").out
    refused = command("restore", saved, OTP_DATA_DIR="")
    assert refused.status == 1
    assert "OTP_DATA_DIR is missing" in refused.err


def test_nothing_is_printed_that_is_not_whole(command, folder, installed):
    without_redis = command("create", REDIS_URL="redis://127.0.0.1:1/0")
    assert (without_redis.status, without_redis.out) == (1, "")
    (folder / "api_keys").write_text("damaged\n")
    damaged = command("create")
    assert (damaged.status, damaged.out) == (1, "")
    assert "line 1 is invalid" in damaged.err


def test_a_restore_does_not_wait_for_someone_to_type(monkeypatch):
    keyboard, screen = os.openpty()
    monkeypatch.setattr(sys, "argv", ["api.backup", "restore"])
    with os.fdopen(screen) as terminal, os.fdopen(keyboard):
        monkeypatch.setattr(sys, "stdin", terminal)
        with pytest.raises(SystemExit, match="redirect a backup to this command"):
            main()


def test_a_backup_is_not_shown_on_a_terminal(command, installed, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = command("create")
    assert (shown.status, shown.out) == (1, "")
    assert "redirect it" in shown.err
