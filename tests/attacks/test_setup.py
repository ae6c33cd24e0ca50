"""The owner has set up something weak: the service does not start, and says what it is."""

import pytest

from tests.e2e.conftest import Program

KEY = "a2V5" * 12
PAID = "webhook://whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3@gateway/"
MAIL = "smtp://mail.example.com?from=otp@example.com"
TWICE = f"a:{'k' * 32} b:{'k' * 32}"
GOOD = {"OTP_SECRET_KEYS": f"k1:{KEY}", "OTP_ADMIN_PASSWORD": "a long password", "PORT": "1"}


BOTH = ("api", "worker")
WEAK = [
    (BOTH, {"OTP_SECRET_KEYS": ""}, "OTP_SECRET_KEYS is missing"),
    (BOTH, {"OTP_SECRET_KEYS": "k1:a2V5"}, "OTP_SECRET_KEYS: each key needs at least 32 bytes"),
    (
        BOTH,
        {"OTP_SECRET_KEYS": f"k1:{KEY} k2:{KEY}"},
        "OTP_SECRET_KEYS contains the same key twice",
    ),
    (BOTH, {"OTP_CODE_LENGTH": "3"}, "OTP_CODE_LENGTH"),
    (BOTH, {"OTP_MAX_CHECKS": "0"}, "OTP_MAX_CHECKS"),
    (BOTH, {"OTP_CODE_LENGHT": "6"}, "OTP_CODE_LENGHT is not a known setting"),
    # The worker has no callers.
    (
        ("api",),
        {"OTP_API_KEYS": "shop:short"},
        "OTP_API_KEYS: each key needs at least 32 characters",
    ),
    (("api",), {"OTP_API_KEYS": TWICE}, "OTP_API_KEYS contains the same key twice"),
    (("api",), {"OTP_ADMIN_PASSWORD": "short"}, "OTP_ADMIN_PASSWORD"),
    (("api",), {"OTP_API_KEYS": "", "OTP_EMAIL_SENDERS": MAIL}, "OTP_ALLOW_OPEN=true"),
    (BOTH, {"OTP_API_KEYS_FILE": "/dev/null"}, "OTP_API_KEYS_FILE is empty"),
    (("api",), {"OTP_SMS_SENDERS": PAID}, "anyone could send messages at your expense"),
]


@pytest.mark.parametrize(
    ("program", "env", "named"),
    [(program, env, named) for programs, env, named in WEAK for program in programs],
)
def test_a35_a_weak_secret_or_a_missing_lock_stops_the_start(tmp_path, program, env, named):
    process = Program(program, tmp_path / "log", {**GOOD, **env})
    assert process.wait_for_end() == 1
    (line,) = process.log.read_text(encoding="utf-8").splitlines()
    assert named in line
    assert not [value for value in env.values() if len(value) > 3 and value in line]
