"""The vendor's Node SDK: node_sdk.test.mjs, against the running service."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.verify_v2.conftest import (
    ACCOUNT_SID,
    BLOCKED,
    FRENCH,
    GIVEN_SID,
    LANDLINE,
    TOKENS,
)

FOLDER = Path(__file__).parent


def test_the_node_sdk_walks_the_lifecycle_and_meets_every_error(keyed_service, figure):
    node = shutil.which("node")
    if not node:
        pytest.skip("no node on the PATH")
    if not (FOLDER / "node_modules" / "twilio").is_dir():
        pytest.skip("no Node SDK: npm ci --prefix tests/e2e/verify_v2")
    ended = subprocess.run(
        [node, "--test", "--test-reporter=tap", "node_sdk.test.mjs"],
        check=False,
        cwd=FOLDER,
        env={
            "PATH": os.environ["PATH"],
            "OTP_URL": keyed_service.url,
            "OTP_FOLDER": str(keyed_service.folder),
            "OTP_ACCOUNT_SID": ACCOUNT_SID,
            "OTP_TOKENS": json.dumps(TOKENS),
            "OTP_GIVEN_SID": GIVEN_SID,
            "OTP_FRENCH": FRENCH,
            "OTP_BLOCKED": BLOCKED,
            "OTP_LANDLINE": LANDLINE,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    counts = dict(re.findall(r"^# (tests|pass|skipped) (\d+)$", ended.stdout, re.MULTILINE))
    assert counts["pass"] == counts["tests"] != "0"
    figure("tests of the Node SDK against the service", counts["pass"])
