"""The vendor's Node SDK: node_sdk.test.mjs, against the running service."""

import json
from pathlib import Path

import pytest

from tests import node
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
    if not (FOLDER / "node_modules" / "twilio").is_dir():
        pytest.skip("no Node SDK: npm ci --prefix tests/e2e/verify_v2")
    env = {
        "OTP_URL": keyed_service.url,
        "OTP_FOLDER": str(keyed_service.folder),
        "OTP_ACCOUNT_SID": ACCOUNT_SID,
        "OTP_TOKENS": json.dumps(TOKENS),
        "OTP_GIVEN_SID": GIVEN_SID,
        "OTP_FRENCH": FRENCH,
        "OTP_BLOCKED": BLOCKED,
        "OTP_LANDLINE": LANDLINE,
    }
    count = node.run_tests(FOLDER, "node_sdk.test.mjs", env=env)
    figure("tests of the Node SDK against the service", count)
