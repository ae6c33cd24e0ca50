"""The command `python -m api.keys`, as a test runs it."""

import re

import pytest

from api.keys.command import main
from tests import commands
from tests.conftest import KEY as SECRET_KEY
from tests.user import OTHER_PHONE

GIVEN = "g" * 40
WITH_GIVEN = {"OTP_API_KEYS": f"shop:{GIVEN}"}
NOON = "2026-03-01T12:00:00Z"
THE_KEY = re.compile(r"otp_([0-9a-f]{8})_[0-9a-f]{64}\n")


class Ended(commands.Ended):
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
def command(env, run_command):
    """Run the command, as words on a line."""

    def command(line: str, **other_env: str) -> Ended:
        return Ended(**vars(run_command(main, *line.split(), **{**env, **other_env})))

    return command


@pytest.fixture
def status(caller):
    """The status of a call with a key, or with none."""

    def status(key: str | None = None) -> int:
        headers = {"Authorization": f"Bearer {key}"} if key else None
        # This verification does not exist, so no limit applies.
        return caller.verify("123456", phone=OTHER_PHONE, headers=headers).status_code

    return status
