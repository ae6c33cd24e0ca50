"""`python -m api.services`."""

import re
import sys

import pytest

from api import services
from api.verify_v2.access import account_sid
from tests.conftest import KEY

GIVEN = f"VA{'a' * 32}"


@pytest.fixture
def redis(real_redis):
    return real_redis


@pytest.fixture
def command(redis_url, redis, env, tmp_path, monkeypatch, capsys):
    """Run the command. Its exit status, and what it printed to stdout and stderr."""
    # Where no .env of the developer takes part.
    monkeypatch.chdir(tmp_path)
    for name, value in {**env, "OTP_SECRET_KEYS": KEY, "REDIS_URL": redis_url}.items():
        monkeypatch.setenv(name, value)

    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["services", *words])
        status = 0
        try:
            services.main()
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
            if isinstance(ended.code, str):
                print(ended.code, file=sys.stderr)
        return (status, *capsys.readouterr())

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
