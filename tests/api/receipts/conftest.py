"""The endpoint of receipts, with a sender of each kind that reports."""

import pytest

from tests.api.receipts.reports import ACCOUNT, SECRET, Recorder, client_for


@pytest.fixture
def env() -> dict[str, str]:
    return {
        "OTP_PUBLIC_URL": "https://otp.example.com",
        "OTP_SMS_SENDERS": f"twilio://{ACCOUNT}:token@+15005550006 console://",
        "OTP_WHATSAPP_SENDERS": f"twilio://{ACCOUNT}:other@+15005550006",
        "OTP_CALL_SENDERS": f"twilio://SK{ACCOUNT[2:]}:s@+15005550006?account={ACCOUNT}",
        "OTP_EMAIL_SENDERS": f"webhook://{SECRET}@gateway",
    }


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def client(recorder, settings):
    return client_for(recorder, settings)
