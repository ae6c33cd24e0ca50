"""`python -m api.keys`, and the running API that follows it."""

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import fakeredis
import pytest
import time_machine

from api.keys.command import Keys
from api.verify_v2.access import account_sid
from shared.settings import Settings
from shared.storage.scripts import Scripts
from tests.api.keys.conftest import GIVEN, NOON, WITH_GIVEN


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

    def test_a_key_for_the_metrics_comes_without_what_is_for_clients(self, command):
        made = command("create metrics")
        assert "It can only read GET /metrics" in made.err
        assert "Account SID" not in made.err

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
            keys = Keys(Settings.load(env, env_file=None), Scripts(fakeredis.FakeRedis()))
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
