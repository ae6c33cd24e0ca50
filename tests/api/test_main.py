"""What the API says when it starts."""

import pytest

from api.__main__ import warn_of_weak_codes

WEAK_SHOP = "[shop]\ncode_length = 4\nmax_failed_checks = '101/7d'\n[bank]\nttl_seconds = 600"


@pytest.mark.parametrize(
    ("env", "warned_of"),
    [
        ({}, []),
        ({"OTP_CODE_LENGTH": "5"}, [("all", ("code_length",))]),
        ({"OTP_TTL_SECONDS": "601"}, [("all", ("ttl_seconds",))]),
        ({"OTP_TTL_SECONDS": "600", "OTP_MAX_FAILED_CHECKS": "100/7d"}, []),
        ({"OTP_APPS": WEAK_SHOP}, [("shop", ("code_length", "max_failed_checks"))]),
    ],
)
def test_warns_of_codes_that_should_log_nobody_in(settings, caplog, warned_of):
    warn_of_weak_codes(settings)
    warnings = [r for r in caplog.records if r.message == "weaker_than_nist"]
    assert [(r.app, r.settings) for r in warnings] == warned_of
