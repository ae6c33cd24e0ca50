"""Where events may go."""

import pytest

from shared.settings import Settings, SettingsError
from tests.conftest import KEY

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def load(**env: str) -> Settings:
    return Settings.load({"OTP_SECRET_KEYS": KEY, "OTP_WEBHOOK_SECRET": SECRET, **env}, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example:8443/otp-events?app=shop",
        "https://93.184.216.34/events",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/events",
    ],
)
def test_an_endpoint_on_the_internet_is_fine(url):
    assert load(OTP_WEBHOOK_URL=url).policy().tells_app


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://127.1.2.3:8443/",
        "https://0.0.0.0/",
        "https://10.0.0.7/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[ff02::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:10.0.0.7]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
    ],
)
def test_others_need_the_owners_leave(url):
    with pytest.raises(SettingsError, match=r"OTP_WEBHOOK_URL: .*OTP_WEBHOOK_ALLOW"):
        load(OTP_WEBHOOK_URL=url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://shop.internal/events", "shop.internal"),
        ("http://10.0.0.7:8000/events", "10.0.0.7"),
        ("https://[fd00::1]/events", "fd00::1"),
        ("http://localhost:8000/", "localhost"),
    ],
)
def test_a_host_is_allowed_by_name(url, host):
    assert load(OTP_WEBHOOK_URL=url, OTP_WEBHOOK_ALLOW=host).policy().tells_app


@pytest.mark.parametrize(
    "url",
    [
        "bank.example",
        "ftp://bank.example/",
        "https:///",
        "https://u:p@bank.example/",
        "https://[::1",
        "https://bank.example/#x",
    ],
)
def test_what_is_no_endpoint_is_refused_without_repeating_it(url):
    with pytest.raises(SettingsError, match="OTP_WEBHOOK_URL: expected a URL") as refused:
        load(OTP_WEBHOOK_URL=url)
    assert url not in str(refused.value)


def test_an_endpoint_needs_a_secret():
    env = {"OTP_SECRET_KEYS": KEY, "OTP_APPS": '[shop]\nwebhook_url = "https://shop.example"'}
    with pytest.raises(SettingsError, match="shop: OTP_WEBHOOK_URL needs OTP_WEBHOOK_SECRET"):
        Settings.load(env, None)
