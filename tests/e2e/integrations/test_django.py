"""The Django adapter: clients/django/tests, in a process with the settings of the example in
docs/integrations, against the running service."""

import os
import re
import subprocess
import sys

from tests.e2e.conftest import ROOT

ADAPTER = ROOT / "clients/django"
IMPORTED = (
    ROOT,
    ADAPTER,
    ROOT / "clients/python/src",
    ROOT / "docs/integrations/examples/django",
)
# The client keeps its connection until the process ends.
COMMAND = "-Werror -Wignore::ResourceWarning -m django test --settings=settings"


def test_the_forms_and_the_device_work_against_the_service(service, figure):
    ended = subprocess.run(
        [sys.executable, *COMMAND.split()],
        check=False,
        cwd=ADAPTER / "tests",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, IMPORTED)),
            "SECRET_KEY": "of-no-use-outside-of-this-test",
            "SIXPOST_URL": service.url,
            "OTP_FOLDER": str(service.folder),
            "REDIS_URL": service.redis_server.url,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert "skipped" not in ended.stderr
    [ran] = re.findall(r"^Ran (\d+) tests", ended.stderr, re.MULTILINE)
    figure("tests of the Django adapter against the service", ran)


def test_the_adapter_is_small():
    """Without the migration, which Django writes."""
    files = [*(ADAPTER / "sixpost_django").glob("*.py")]
    assert 0 < sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) <= 200
