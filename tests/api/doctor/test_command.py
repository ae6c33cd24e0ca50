"""`python -m api.doctor` as an owner runs it."""

from pathlib import Path

import pytest

from api.doctor.__main__ import findings
from tests import preloaded
from tests.conftest import KEY

ROOT = Path(__file__).parents[3]
SENDER = "webhook://whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz@otp.example/x"


def run(*arguments: str, **env: str) -> tuple[int, str]:
    """The exit status, and what was printed. Nothing is written to stderr."""
    env = {"OTP_SECRET_KEYS": KEY, "OTP_ALLOW_OPEN": "true", **env}
    ran = preloaded.run("api.doctor", *arguments, cwd=ROOT, env=env)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


@pytest.mark.usefixtures("real_redis")  # Without what other tests left.
def test_without_faults_it_exits_with_0_and_has_tried_the_senders(redis_url):
    status, told = run(REDIS_URL=redis_url, OTP_SMS_SENDERS=SENDER)
    assert status == 0
    assert "ok       Redis: answers within" in told
    assert "unknown  sms webhook: can't be tried without sending a message" in told


def test_a_setting_that_stops_the_start_is_the_only_finding():
    status, told = run(OTP_CODE_LENGTH="nine")
    assert (status, told.count("\n")) == (1, 1)
    assert told.startswith("WRONG    settings: OTP_CODE_LENGTH: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTP_SECRET_KEYS", "k1:short"),
        ("OTP_VIEWER_PASSWORD", "correct horse battery"),
        ("OTP_APPS", "[shop]\nreceipt = true"),
        ("OTP_TEXTS", "/nowhere"),
        ("OTP_SMS_SENDERS", "twilio://"),
    ],
)
def test_each_setting_that_stops_the_start_is_found(monkeypatch, tmp_path, name, value):
    monkeypatch.chdir(tmp_path)
    for given, text in {"OTP_SECRET_KEYS": KEY, name: value}.items():
        monkeypatch.setenv(given, text)
    [(level, text)] = findings(offline=True)
    assert (level, name in text) == ("wrong", True)


def test_without_redis_it_still_tries_the_senders():
    status, told = run(REDIS_URL="redis://127.0.0.1:9", OTP_SMS_SENDERS=SENDER)
    assert status == 1
    assert "WRONG    Redis: can't be reached (ConnectionError)" in told
    assert "sms webhook" in told


@pytest.mark.usefixtures("real_redis")
def test_offline_leaves_the_providers_out(redis_url):
    status, told = run("--offline", REDIS_URL=redis_url, OTP_SMS_SENDERS=SENDER)
    assert status == 0
    assert "sms webhook:" not in told
