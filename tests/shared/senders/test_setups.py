"""What the URLs of our senders say to those that send, and to those that read receipts."""

import pytest

from shared.senders.setups import TwilioSetup, WebhookSetup

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
API_KEY = "SK0123456789abcdef0123456789abcdef"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    ("url", "token"),
    [
        (f"twilio://{ACCOUNT}:token@+15005550006", "token"),
        (f"twilio://{ACCOUNT}:old@+15005550006?auth_token=new", "new"),
        (f"twilio://{API_KEY}:secret@+15005550006?account={ACCOUNT}", None),
        (f"twilio://{API_KEY}:secret@+15005550006?account={ACCOUNT}&auth_token=token", "token"),
    ],
)
def test_knows_what_twilio_signs_with(url, token):
    assert TwilioSetup.from_url(url).auth_token == token


def test_reads_the_key_of_a_webhook():
    key = WebhookSetup.from_url(f"webhook://{SECRET}@host").key
    assert key == WebhookSetup.from_url(f"webhook://{SECRET.removeprefix('whsec_')}@host").key
    assert len(key) == 24


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_c2hvcnQ=", "hunter22", f"{SECRET}:{SECRET}"]
)
def test_refuses_a_key_that_is_none(secret):
    with pytest.raises(ValueError, match="expected webhook://SECRET@host/path") as error:
        WebhookSetup.from_url(f"webhook://{secret}@host")
    assert "hunter22" not in str(error.value)
    assert error.value.__context__ is None
