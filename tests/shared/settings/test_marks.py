"""Marks tell whether two processes have the same settings, and nothing else."""

import pytest

from shared.settings import Settings
from shared.settings.marks import different, marks

KEY, NEW = "a1:" + "A" * 43 + "=", "b2:" + "B" * 42 + "A="
TWILIO = "twilio://AC00000000000000000000000000000000:hunter22@+15005550006"


def marks_of(**env: str) -> dict[str, str]:
    return marks(Settings.load({"OTP_SECRET_KEYS": KEY, **env}, env_file=None))


def test_the_same_settings_have_the_same_marks():
    assert different(marks_of(), marks_of()) == []
    assert different(marks_of(WORKER_CONCURRENCY="2"), marks_of(PORT="5001")) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"OTP_SMS_SENDERS": TWILIO},
        {"OTP_EMAIL_SENDERS": "smtp://localhost?from=otp@example.com&tls=none"},
        {"OTP_SMS_ROUTES": '[DE]\nfrom = "Example"\n'},
        {"OTP_APPS": "shop = {code_length = 8}"},
        {"OTP_PUBLIC_URL": "https://otp.example"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_setting_is_named(changed):
    if "OTP_SMS_ROUTES" in changed:
        changed = {**changed, "OTP_SMS_SENDERS": TWILIO}
    same = {"OTP_SMS_SENDERS": TWILIO} if len(changed) == 2 else {}
    assert different(marks_of(**changed), marks_of(**same)) == [next(iter(changed))]


def test_another_key_of_the_same_name_is_named():
    other = marks_of(OTP_SECRET_KEYS="a1:" + "C" * 42 + "A=")
    assert "OTP_SECRET_KEYS a1" in different(marks_of(), other)


def test_while_a_key_is_rotated_only_the_new_one_is_missing():
    api, worker = marks_of(), marks_of(OTP_SECRET_KEYS=f"{NEW} {KEY}")
    assert different(api, worker) == []
    assert different(worker, api) == ["OTP_SECRET_KEYS b2"]


def test_marks_are_short_and_keyed():
    own, other = marks_of(), marks_of(OTP_SECRET_KEYS=NEW)
    assert {len(mark) for mark in own.values()} == {16}
    assert not set(own.values()) & set(other.values())
