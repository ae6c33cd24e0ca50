"""`python -m api.keys`, and the running API that follows it."""

import base64
import hashlib
import logging
import os
import re
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine

from api import create_app
from api.keys.command import Keys, main
from api.verify_v2.access import account_sid
from shared.owner.audit import Audit
from shared.settings import Settings, SettingsError
from shared.storage.scripts import Scripts
from tests.conftest import KEY as SECRET_KEY
from tests.user import OTHER_PHONE

GIVEN = "g" * 40
WITH_GIVEN = {"OTP_API_KEYS": f"shop:{GIVEN}"}
NOON = "2026-03-01T12:00:00Z"
THE_KEY = re.compile(r"otp_([0-9a-f]{8})_[0-9a-f]{64}\n")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def key(self) -> str:
        """The key that it printed, and nothing else."""
        assert self.status == 0, self.err
        assert THE_KEY.fullmatch(self.out)
        return self.out.strip()

    @property
    def key_id(self) -> str:
        return self.key.split("_")[1]


@pytest.fixture
def more() -> dict[str, str]:
    """What the environment has beside the folder of the keys; a test may override the fixture."""
    return {}


@pytest.fixture
def env(tmp_path, more) -> dict[str, str]:
    # What is given is not made in the folder.
    given = {"OTP_SECRET_KEYS": SECRET_KEY, "OTP_ADMIN_PASSWORD": "p" * 12}
    return {**given, "OTP_DATA_DIR": str(tmp_path / "data"), **more}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data" / "api_keys"


@pytest.fixture
def command(env, tmp_path, monkeypatch, capsys):
    """Run the command, as words on a line."""
    # Where no .env of the developer takes part.
    monkeypatch.chdir(tmp_path)

    def command(line: str, **other_env: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["api.keys", *line.split()])
        for name, value in {**env, **other_env}.items():
            monkeypatch.setenv(name, value)
        status, why = 0, ""
        try:
            main()
        except SystemExit as end:
            # The interpreter prints what is no number, and ends with 1.
            status, why = (end.code, "") if isinstance(end.code, int) else (1, f"{end.code}\n")
        printed = capsys.readouterr()
        return Ended(status=status, out=printed.out, err=printed.err + why)

    return command


@pytest.fixture
def listed(command):
    """The rows of the list, as words."""
    return lambda: [line.split() for line in command("list").out.splitlines()[1:]]


class TestTheCommand:
    def test_create_prints_the_key_and_keeps_its_hash(self, command, file):
        first, second = command("create shop"), command("create shop")
        assert first.key != second.key
        text = file.read_text()
        for ended in (first, second):
            assert ended.key.rpartition("_")[2] not in text + ended.err
            assert f"Account SID  {account_sid('shop')}\n" in ended.err
            assert f"shop {ended.key_id} " in text
            assert hashlib.sha256(ended.key.encode()).hexdigest() in text
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in file.parent.iterdir()] == ["api_keys"]

    def test_the_file_is_of_whom_the_folder_is(self, command, file):
        file.parent.mkdir()
        if os.geteuid() == 0:
            os.chown(file.parent, 10001, 10002)
        assert command("create shop").status == 0
        folder, made = file.parent.stat(), file.stat()
        assert (made.st_uid, made.st_gid) == (folder.st_uid, folder.st_gid)

    def test_list_shows_everything_but_keys_and_hashes(self, command):
        with time_machine.travel(NOON, tick=False) as clock:
            shop = command("create shop")
            clock.shift(60)
            bank = command("create bank")
            newer = command("rotate shop")
            ended = command("list")
        assert [line.split() for line in ended.out.splitlines()[1:]] == [
            ["bank", bank.key_id, "2026-03-01T12:01:00Z", "never"],
            ["shop", shop.key_id, "2026-03-01T12:00:00Z", "2026-03-02T12:01:00Z"],
            ["shop", newer.key_id, "2026-03-01T12:01:00Z", "never"],
        ]
        for each in (shop, bank, newer):
            secret = each.key.rpartition("_")[2]
            for hidden in (secret, hashlib.sha256(each.key.encode()).hexdigest()):
                assert hidden not in ended.out + ended.err

    @pytest.mark.parametrize(
        ("grace", "ends"),
        [
            ("", "2026-03-02T12:00:00Z"),
            ("--grace 90s", "2026-03-01T12:01:30Z"),
            ("--grace 30m", "2026-03-01T12:30:00Z"),
            ("--grace 7d", "2026-03-08T12:00:00Z"),
        ],
    )
    def test_rotate_lets_the_older_keys_end(self, command, listed, grace, ends):
        with time_machine.travel(NOON, tick=False):
            older = {command("create shop").key_id, command("create shop").key_id}
            bank = command("create bank").key_id
            newer = command(f"rotate shop {grace}").key_id
            assert {row[1]: row[3] for row in listed()} == {
                bank: "never",
                newer: "never",
                **dict.fromkeys(older, ends),
            }

    @pytest.mark.parametrize("grace", ["0", "0s"])
    def test_rotate_without_grace_keeps_nothing_of_the_older_keys(self, command, file, grace):
        older = command("create shop").key_id
        newer = command(f"rotate shop --grace {grace}")
        assert f"Key {older} of shop expires now." in newer.err
        assert older not in file.read_text()
        assert newer.key_id in file.read_text()

    def test_rotating_again_never_gives_a_key_more_time(self, command, listed):
        with time_machine.travel(NOON, tick=False) as clock:
            oldest = command("create shop").key_id
            second = command("rotate shop --grace 1h").key_id
            clock.shift(60)
            command("rotate shop")
            ends = {row[1]: row[3] for row in listed()}
            assert ends[oldest] == "2026-03-01T13:00:00Z"
            assert ends[second] == "2026-03-02T12:01:00Z"
            command("rotate shop --grace 1m")
            ends = {row[1]: row[3] for row in listed()}
            assert ends[oldest] == ends[second] == "2026-03-01T12:02:00Z"

    def test_what_has_ended_is_listed_no_more_and_goes_with_the_next_change(
        self, command, listed, file
    ):
        with time_machine.travel(NOON, tick=False) as clock:
            older = command("create shop").key_id
            newer = command("rotate shop --grace 1h").key_id
            clock.shift(3600)
            assert [row[1] for row in listed()] == [newer]
            assert command(f"revoke {older}").status == 1
            command("create bank")
            assert older not in file.read_text()

    def test_revoke_ends_one_key_or_all_of_an_app(self, command, listed):
        first, second, bank = (command(f"create {app}").key_id for app in ("shop", "shop", "bank"))
        assert command(f"revoke {first}").err == f"Key {first} of shop was revoked.\n"
        assert {row[1] for row in listed()} == {second, bank}
        command("create shop")
        assert command("revoke --app shop").status == 0
        assert [row[1] for row in listed()] == [bank]
        assert "The API rejects all calls" in command("revoke --app bank").err
        assert listed() == []

    @pytest.mark.parametrize("more", [{"OTP_EMAIL_SENDERS": "smtp://mail.example.com"}])
    def test_never_says_that_anybody_may_call_where_the_api_does_not_start(self, command):
        told = command("list").err
        assert "the API does not start" in told
        assert "anyone can call the API" not in told

    def test_goes_on_without_redis_and_says_so(self, command, caplog):
        made = command("create shop")
        assert made.status == 0
        assert "this change is not in the audit log" in caplog.text
        assert command("list").out.splitlines()[1].startswith(f"shop  {made.key_id}")
        assert "the last use of each key is unknown" in caplog.text

    def test_says_what_the_keys_mean_for_calls(self, command):
        assert "anyone can call the API" in command("list").err
        assert "From now on, the API rejects calls without a key." in command("create shop").err
        assert "From now on" not in command("create shop").err
        command("revoke --app shop")
        assert "the API rejects all calls" in command("list").err
        assert "From now on" not in command("create shop").err

    @pytest.mark.parametrize("more", [WITH_GIVEN])
    def test_keys_of_the_settings_are_named_and_left_alone(self, command, listed):
        assert listed() == [["shop", "-", "OTP_API_KEYS", "never"]]
        made = command("create shop")
        assert "calls without a key" not in made.err
        warning = "OTP_API_KEYS also has a key for shop. Change it there"
        assert warning in command("rotate shop --grace 0").err
        revoked = command("revoke --app shop")
        assert warning in revoked.err
        assert "refused" not in revoked.err
        nothing = command("rotate shop")
        assert nothing.status == 1
        assert warning in nothing.err
        assert GIVEN not in command("list").out

    @pytest.mark.parametrize(
        ("line", "status", "why"),
        [
            ("rotate nobody", 1, "No key created by this command was found for nobody"),
            ("revoke --app nobody", 1, "No key created by this command was found for nobody"),
            ("revoke 00000000", 1, "Key 00000000 not found"),
            ("", 2, "COMMAND"),
            ("make shop", 2, "invalid choice"),
            ("create", 2, "APP"),
            ("create a:b", 2, "an app name can have up to 32 letters"),
            ("create page", 2, "page is reserved"),
            ("create admin", 2, "admin is reserved"),
            ("create " + "a" * 33, 2, "an app name can have up to 32 letters"),
            ("rotate shop --grace soon", 2, "expected 0 or a number followed by s, m, h or d"),
            ("rotate shop --grace -1h", 2, "--grace"),
            ("rotate shop --grace 5", 2, "expected 0 or a number followed by s, m, h or d"),
            ("revoke", 2, "one of the arguments KEY_ID --app is required"),
            ("revoke 00000000 --app shop", 2, "not allowed with"),
        ],
    )
    def test_what_cannot_be_done_is_explained_and_changes_nothing(
        self, command, file, line, status, why
    ):
        assert command("create shop").status == 0
        before = file.read_text()
        ended = command(line)
        assert (ended.status, ended.out) == (status, "")
        assert why in ended.err
        assert file.read_text() == before

    def test_a_whole_key_in_place_of_its_id_is_not_repeated(self, command):
        key = command("create shop").key
        ended = command(f"revoke {key}")
        assert ended.status == 2
        assert "a key ID has 8 characters" in ended.err
        assert key not in ended.err

    def test_needs_a_folder(self, command):
        ended = command("list", OTP_DATA_DIR="")
        assert ended.status == 1
        assert ended.err.startswith("otp keys: OTP_DATA_DIR is missing")

    def test_says_when_the_file_cannot_be_written(self, command, file):
        file.parent.write_text("a file where the folder should be")
        ended = command("create shop")
        assert (ended.status, ended.out) == (1, "")
        assert ended.err == f"otp keys: cannot write {file}: File exists\n"

    def test_a_command_that_was_killed_is_in_nobodys_way(self, command, listed, file):
        shop = command("create shop").key_id
        file.with_name(".api_keys.new").write_text("half of a li")
        bank = command("create bank").key_id
        assert [row[1] for row in listed()] == [bank, shop]
        assert [path.name for path in file.parent.iterdir()] == ["api_keys"]

    @pytest.mark.parametrize("line", ["create bank", "rotate shop", "revoke --app shop", "list"])
    def test_a_broken_file_is_left_as_it_is(self, command, file, line):
        command("create shop")
        broken = file.read_text() + "shop secret-by-mistake\n"
        file.write_text(broken)
        ended = command(line)
        assert (ended.status, ended.out) == (1, "")
        assert ended.err.startswith(
            f"otp keys: {file}: line 3 is invalid; expected: app, key ID, created, expires"
        )
        assert "secret-by-mistake" not in ended.err
        assert file.read_text() == broken

    @pytest.mark.parametrize("line", ["--help", "rotate --help"])
    def test_help_ends_well(self, command, line):
        ended = command(line)
        assert ended.status == 0
        assert "python -m api.keys" in ended.out

    def test_commands_at_the_same_time_lose_nothing(self, env, listed, capsys):
        together = Barrier(8)

        def work(app: str) -> None:
            keys = Keys(Settings.load(env, env_file=None))
            together.wait()
            for _ in range(5):
                keys.create(app)
            keys.rotate(app, timedelta(0))
            keys.create(app)

        apps = [f"app{n}" for n in range(8)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, apps))
        capsys.readouterr()
        assert sorted(row[0] for row in listed()) == sorted(apps * 2)


@pytest.fixture
def status(caller):
    """The status of a call with a key, or with none."""

    def status(key: str | None = None) -> int:
        headers = {"Authorization": f"Bearer {key}"} if key else None
        # Of no verification, so that no limit takes part.
        return caller.verify("123456", phone=OTHER_PHONE, headers=headers).status_code

    return status


IN, OUT = 404, 401


class TestARunningApi:
    def test_knows_of_each_change_at_once(self, command, status):
        assert status() == IN
        shop, bank = command("create shop"), command("create bank")
        assert [status(), status("x" * 40), status(shop.key), status(bank.key)] == [
            OUT,
            OUT,
            IN,
            IN,
        ]
        newer = command("rotate shop --grace 0")
        assert [status(shop.key), status(newer.key), status(bank.key)] == [OUT, IN, IN]
        command(f"revoke {newer.key_id}")
        assert [status(newer.key), status(bank.key)] == [OUT, IN]

    def test_is_not_open_when_the_last_key_is_revoked(self, command, status, settings, redis):
        key = command("create shop").key
        command("revoke --app shop")
        assert [status(), status(key)] == [OUT, OUT]
        restarted = create_app(settings, redis).test_client()
        assert restarted.get("/metrics").status_code == OUT
        assert status(command("create shop").key) == IN

    def test_takes_the_key_and_its_app_as_basic_too(self, command, caller):
        key = command("create shop").key
        started = caller.client.post(
            "/generate-otp", json={"phone": OTHER_PHONE}, auth=("shop", key)
        )
        assert started.status_code == 202
        url = f"/verifications/{started.json['verification_id']}"
        assert caller.client.get(url, headers={"Authorization": f"Bearer {key}"}).status_code == 200
        other = command("create bank").key
        assert caller.client.get(url, auth=("bank", other)).status_code == 404
        assert caller.client.get(url, auth=("bank", key)).status_code == 401

    def test_refuses_an_older_key_from_its_end_on_like_any_other(self, command, caller, status):
        with time_machine.travel(NOON, tick=False) as clock:
            older = command("create shop").key
            newer = command("rotate shop --grace 1h").key
            clock.shift(3599)
            assert [status(older), status(newer)] == [IN, IN]
            clock.shift(1)
            assert [status(older), status(newer)] == [OUT, IN]
            ended, unknown = (
                caller.generate(headers={"Authorization": f"Bearer {key}"})
                for key in (older, older[:-1] + "x")
            )
            assert ended.data == unknown.data
            assert ended.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"]

    @pytest.mark.parametrize("more", [WITH_GIVEN])
    def test_takes_the_keys_of_the_settings_as_well(self, command, status):
        assert [status(), status(GIVEN)] == [OUT, IN]
        key = command("create shop").key
        assert [status(), status(GIVEN), status(key)] == [OUT, IN, IN]
        command("revoke --app shop")
        assert [status(), status(GIVEN), status(key)] == [OUT, IN, OUT]

    @pytest.mark.parametrize(
        "broken",
        [
            b"nonsense\n",
            b"\xff\n",
            b"shop 1a2b3c4d 2026-03-01T12:00:00Z never " + b"a" * 63,
            b"shop 1a2b3c4d 2026-03-01T12:00:00Z never " + b"a" * 64 + b" more",
            b"shop 1a2b3c4d 2026-03-01 never " + b"a" * 64,
            b"shop 1a2b3c4d 2026-03-01T12:00:00Z soon " + b"a" * 64,
            b"a:b 1a2b3c4d 2026-03-01T12:00:00Z never " + b"a" * 64,
            b"shop key 2026-03-01T12:00:00Z never " + b"a" * 64,
        ],
    )
    def test_a_broken_file_changes_nothing_and_is_logged(
        self, command, status, file, caplog, broken
    ):
        key = command("create shop").key
        good = file.read_bytes()
        assert status(key) == IN
        file.write_bytes(good + broken)
        assert [status(), status(key), status(key)] == [OUT, IN, IN]
        (record,) = [each for each in caplog.records if each.message == "api_keys_broken"]
        assert record.levelno == logging.ERROR
        assert str(file) in vars(record)["error"]
        file.write_bytes(good)
        other = command("create bank").key
        assert [status(), status(key), status(other)] == [OUT, IN, IN]

    @pytest.mark.parametrize("how", ["unlink", "rename"])
    def test_a_file_that_is_gone_does_not_open_it(self, command, status, file, caplog, how):
        key = command("create shop").key
        assert status(key) == IN
        if how == "unlink":
            file.unlink()
        else:
            file.parent.rename(file.parent.with_name("elsewhere"))
        assert [status(), status(key), status()] == [OUT, IN, OUT]
        assert [each.message for each in caplog.records].count("api_keys_broken") == 1
        other = command("create bank").key
        assert [status(), status(key), status(other)] == [OUT, OUT, IN]

    def test_a_first_file_that_is_broken_lets_nobody_in(self, status, file):
        assert status() == IN
        file.parent.mkdir()
        file.write_text("nonsense\n")
        assert status() == OUT
        file.unlink()
        assert status() == OUT

    def test_a_folder_in_place_of_the_file_lets_nobody_in(self, status, file):
        file.mkdir(parents=True)
        assert status() == OUT

    def test_comments_and_empty_lines_are_no_keys(self, command, status, file):
        key = command("create shop").key
        file.write_text(f"# by hand\n\n{file.read_text()}\n  \n")
        assert status(key) == IN

    def test_does_not_start_with_a_broken_file(self, settings, redis, file):
        file.parent.mkdir()
        file.write_text("# keys\nshop secret-by-mistake\n")
        with pytest.raises(SettingsError) as stopped:
            create_app(settings, redis)
        assert (
            str(stopped.value)
            == f"{file}: line 2 is invalid; expected: app, key ID, created, expires, SHA-256"
        )

    def test_reads_the_file_only_when_it_is_another(self, command, status, file, monkeypatch):
        key = command("create shop").key
        assert status(key) == IN
        monkeypatch.setattr("api.keys.file.read", lambda _: pytest.fail("it was read again"))
        assert [status(key), status()] == [IN, OUT]

    def test_logs_no_key_and_no_hash(self, command, status, file, caplog):
        caplog.set_level(logging.DEBUG)
        ended = [command("create shop"), command("rotate shop"), command("rotate shop --grace 0")]
        for each in ended:
            status(each.key)
        command(f"revoke {ended[-1].key_id}")
        status(ended[-1].key)
        file.write_text(f"shop {ended[0].key}\n")
        status(ended[0].key)
        logged = str([vars(record) for record in caplog.records])
        assert "api_keys_changed" in logged
        assert "api_keys_broken" in logged
        for each in ended:
            assert each.key.rpartition("_")[2] not in logged
            assert hashlib.sha256(each.key.encode()).hexdigest() not in logged


def test_a_change_is_logged_with_the_keys_that_are_valid(command, status, caplog):
    caplog.set_level(logging.INFO)
    older = command("create shop").key_id
    status()
    newer = command("rotate shop --grace 0").key_id
    status()
    changes = [r.keys for r in caplog.records if r.message == "api_keys_changed"]
    assert changes == [[f"shop {older}"], [f"shop {newer}"]]


@pytest.fixture
def on_redis(command, redis_url, real_redis):
    """Run the command where Redis is there."""
    return lambda line: command(line, REDIS_URL=redis_url)


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class TestOnRedis:
    def test_every_change_is_in_the_audit_log(self, on_redis, real_redis):
        first = on_redis("create shop")
        second = on_redis("rotate shop")
        on_redis(f"revoke {second.key_id}")
        on_redis("create bank")
        on_redis("revoke --app shop")
        entries = Audit(Scripts(real_redis), keep_seconds=86400).entries()
        assert [(entry.action, entry.facts["app"], entry.facts["key_id"]) for entry in entries][
            ::-1
        ][:3] == [
            ("key_created", "shop", first.key_id),
            ("key_rotated", "shop", second.key_id),
            ("key_revoked", "shop", second.key_id),
        ]
        assert entries[0].action == "key_revoked"
        assert entries[0].facts["key_id"] == first.key_id
        assert {entry.actor for entry in entries} == {"api.keys"}
        for key in (first.key, second.key):
            assert key.rpartition("_")[2].encode() not in b"".join(
                real_redis.lrange("otp:audit", 0, -1)
            )

    def test_what_is_not_done_is_not_in_the_audit_log(self, on_redis, real_redis):
        for line in ("rotate nobody", "revoke 00000000", "revoke --app nobody", "list"):
            on_redis(line)
        assert Audit(Scripts(real_redis), keep_seconds=86400).entries() == []

    @pytest.mark.parametrize("more", [WITH_GIVEN])
    def test_list_shows_when_each_key_was_used(self, on_redis, settings, real_redis):
        used, unused = on_redis("create bank"), on_redis("create bank")
        client = create_app(settings, real_redis).test_client()
        with time_machine.travel(NOON, tick=False):
            for key in (used.key, GIVEN):
                headers = {"Authorization": f"Bearer {key}"}
                answer = client.post("/generate-otp", json={"phone": OTHER_PHONE}, headers=headers)
                assert answer.status_code == 202
        rows = {tuple(line.split()[:2]): line for line in on_redis("list").out.splitlines()}
        assert rows["bank", used.key_id].endswith("2026-03-01T12:00:00Z")
        assert rows["shop", "-"].endswith("2026-03-01T12:00:00Z")
        assert rows["bank", unused.key_id].endswith("not in 90 days")

    def test_a_wrong_key_is_not_noted(self, on_redis, settings, real_redis):
        on_redis("create shop")
        client = create_app(settings, real_redis).test_client()
        # The right key of another app is wrong, too.
        stolen = ("bank", on_redis("create shop").key)
        for headers in ({"Authorization": "Bearer otp_x"}, {"Authorization": _basic(*stolen)}):
            for path in ("/generate-otp", "/v2/Services"):
                assert client.post(path, json={}, headers=headers).status_code == 401
        assert real_redis.keys("otp:key_used:*") == []
