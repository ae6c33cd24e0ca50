"""`python -m api.services`."""

import re

import pytest

from api import services
from api.verify_v2.access import account_sid
from tests.conftest import KEY

GIVEN = f"VA{'a' * 32}"


@pytest.fixture
def redis(real_redis):
    return real_redis


@pytest.fixture
def command(redis_url, redis, env, monkeypatch, run_command):
    """Run the command. Its exit status, and what it printed to stdout and stderr."""
    for name, value in {**env, "OTP_SECRET_KEYS": KEY, "REDIS_URL": redis_url}.items():
        monkeypatch.setenv(name, value)

    def command(*words: str) -> tuple[int, str, str]:
        ended = run_command(services.main, *words)
        return ended.status, ended.out, ended.err

    return command


def test_makes_a_service_that_the_api_knows(command, v2):
    status, out, err = command("create", "--app", "shop", "My Shop")

    assert status == 0
    assert re.fullmatch("VA[0-9a-f]{32}\n", out)
    assert account_sid("shop") in err
    assert v2.get(f"/Services/{out.strip()}").json["friendly_name"] == "My Shop"


class TestAList:
    @pytest.fixture
    def more(self) -> dict[str, str]:
        return {"OTP_SERVICES": f"shop:{GIVEN}"}

    def test_is_of_one_app(self, command):
        sid = command("create", "My Shop", "--app", "shop")[1].strip()
        command("create", "Bank", "--app", "bank")

        assert command("list", "--app", "shop")[1] == f"{GIVEN}  OTP\n{sid}  My Shop\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "COMMAND"),
        (("create", "My Shop"), "--app"),
        (("create", "--app", "a:b", "My Shop"), "an app name can have up to 32 letters"),
        (("create", "--app", "shop", "win.example"), "up to 32 letters"),
    ],
)
def test_says_what_it_does_not_understand(command, words, why):
    status, out, err = command(*words)

    assert (status, out) == (2, "")
    assert why in err


def test_says_when_redis_is_away(command, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")

    status, out, err = command("list", "--app", "shop")
    assert (status, out) == (1, "")
    assert err.startswith("otp services: Redis is unreachable")
