"""What the API says when it starts."""

import pytest

from api.__main__ import made, warn_of_unbounded_page, warn_of_weak_codes

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


def broken() -> None:
    raise RuntimeError


def test_what_stops_a_server_process_at_its_start_is_logged(caplog):
    with pytest.raises(SystemExit, match="1"):
        made(f"{__name__}:broken")
    (line,) = caplog.records
    assert (line.message, line.exc_info[0]) == ("crashed", RuntimeError)


PAID = "webhook://whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3@gateway/"
UNBOUNDED = {
    "OTP_PUBLIC_UI": "true",
    "OTP_CALL_SENDERS": PAID,
    "OTP_GUARD": "off",
    "OTP_BLOCKED_TYPES": "none",
}
NAMED = [
    "OTP_GUARD",
    "OTP_BLOCKED_TYPES",
    "OTP_BUDGET",
    "OTP_LIMIT_APP",
    "OTP_LIMIT_COUNTRY",
    "OTP_LIMIT_RANGE",
    "OTP_LIMIT_GLOBAL",
]


@pytest.mark.parametrize(
    ("env", "warned_of"),
    [
        (UNBOUNDED, [NAMED]),
        ({**UNBOUNDED, "OTP_GUARD": "monitor"}, [NAMED]),
        (
            {**UNBOUNDED, "OTP_CALL_SENDERS": "none", "OTP_APPS": f"page.sms_senders = '{PAID}'"},
            [NAMED],
        ),
        ({**UNBOUNDED, "OTP_PUBLIC_UI": "false"}, []),
        ({**UNBOUNDED, "OTP_CALL_SENDERS": "console://"}, []),
        ({**UNBOUNDED, "OTP_GUARD": ""}, []),
        ({**UNBOUNDED, "OTP_BLOCKED_TYPES": ""}, []),
        ({**UNBOUNDED, "OTP_BUDGET": "call:50"}, []),
        ({**UNBOUNDED, "OTP_LIMIT_GLOBAL": "100/1h"}, []),
        ({**UNBOUNDED, "OTP_APPS": "page.limit_app = '100/1d'"}, []),
    ],
)
def test_warns_of_a_public_page_on_which_nothing_bounds_the_cost(settings, caplog, warned_of):
    warn_of_unbounded_page(settings)
    warnings = [r.settings for r in caplog.records if r.message == "page_without_bounds"]
    assert warnings == warned_of
