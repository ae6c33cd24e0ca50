"""A running API follows what the command does to its keys."""

import base64
import hashlib
import logging
import os

import pytest
import time_machine

from api import create_app
from api.keys.file import read
from api.keys.following import FollowedFile
from shared.owner.audit import Audit
from shared.settings import SettingsError
from shared.storage.scripts import Scripts
from tests.api.keys.conftest import GIVEN, NOON, WITH_GIVEN
from tests.user import OTHER_PHONE

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

    def test_reads_the_file_only_when_it_is_another(self, command, file):
        reads = []
        command("create shop")
        followed = FollowedFile(file, lambda path: reads.append(path) or read(path))
        assert [len(followed.keys()), len(followed.keys()), len(reads)] == [1, 1, 1]
        command("create bank")
        assert [len(followed.keys()), len(followed.keys()), len(reads)] == [2, 2, 2]

    def test_reads_a_broken_file_once_a_second_until_it_changes(self, command, file):
        reads, seconds = [], [0.0]
        command("create shop")
        followed = FollowedFile(
            file, lambda path: reads.append(path) or read(path), now=lambda: seconds[0]
        )
        good = file.read_bytes()
        file.write_bytes(b"x " * 1000)
        assert [len(followed.keys()), len(followed.keys()), len(reads)] == [1, 1, 2]
        seconds[0] += 1
        assert [len(followed.keys()), len(followed.keys()), len(reads)] == [1, 1, 3]
        file.write_bytes(good)
        assert [len(followed.keys()), len(reads)] == [1, 4]

    def test_does_not_wait_for_a_pipe(self, command, status, file):
        key = command("create shop").key
        assert status(key) == IN
        file.unlink()
        os.mkfifo(file)
        assert [status(), status(key)] == [OUT, IN]

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
