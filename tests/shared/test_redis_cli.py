"""A command to Redis, as an owner gives it."""

import sys

import pytest

from shared import redis_cli


@pytest.fixture
def ask(redis_url, tmp_path, monkeypatch, capsys):
    """What is printed, or SystemExit."""
    # Away from a .env of the developer.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", redis_url)

    def ask(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["redis_cli", *words])
        redis_cli.main()
        return capsys.readouterr().out

    return ask


def test_prints_what_redis_answers(ask, real_redis):
    real_redis.hset("otp:verification:VE1", "tag", "héllo")
    assert ask("HGET", "otp:verification:VE1", "tag") == "héllo\n"
    assert ask("DEL", "otp:verification:VE1") == "1\n"
    assert ask("HGET", "otp:verification:VE1", "tag") == "None\n"


def test_says_what_redis_refuses(ask):
    with pytest.raises(SystemExit, match=r"^otp redis: unknown command"):
        ask("NONSENSE")


def test_says_how_it_is_called(ask):
    with pytest.raises(SystemExit, match=r"redis_cli COMMAND"):
        ask()
