"""The API and the worker refuse to start on the same grounds."""

import subprocess
import sys

import pytest

from shared.policy import CHANNELS
from shared.senders.registry import SETUPS, make_all
from shared.settings import Settings, SettingsError
from worker.senders import BUILT_IN

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SMTP = "smtp://otp:hunter22@mail.example.com?from=otp@example.com"
APPRISE = "apprise+mailgun://otp@mail.example.com/hunter22/{to}"
WRONG = [
    ("sms", "webhok://hunter22@gateway/"),
    ("sms", "web-hook://hunter22@gateway/"),
    ("call", f"console:// twillio://{ACCOUNT}:hunter22@+15005550006"),
    ("sms", "console://hunter22"),
    ("sms", SMTP),
    ("call", f"twilio://{ACCOUNT}:hunter22@Example"),
    ("email", f"twilio://{ACCOUNT}:hunter22@+15005550006"),
    ("sms", f"twilio://{ACCOUNT}:hunter22@+15005550006?acount={ACCOUNT}"),
    ("sms", f"twilio://{ACCOUNT}@+15005550006"),
    ("whatsapp", "webhook://hunter22@gateway/"),
    ("whatsapp", f"webhook://{SECRET}@gateway/?tls=off"),
    ("whatsapp", "whatsapp://hunter22@106540352242922"),
    ("whatsapp", "whatsapp://hunter22@106540352242922?template=code&tempalte=x"),
    ("sms", "whatsapp://hunter22@106540352242922?template=code"),
    ("sms", "smsgate://otp:hunter22@192.168.1.10:8080?tls=none"),
    ("sms", "smsgate://otp:hunter22@192.168.1.10:8080/message?sin=1"),
    ("call", "smsgate://otp:hunter22@192.168.1.10:8080/message?tls=none"),
    ("telegram", "telegram://hunter22@gateaway"),
    ("telegram", "telegram://hunter22@gateway?form=x"),
    ("sms", "telegram://hunter22@gateway"),
    ("sms", "telnyx://hunter22@Example"),
    ("sms", "vonage://hunter22@Example"),
    ("sms", "infobip://hunter22@xyz12"),
    ("sms", "aws://AKIAIOSFODNN7EXAMPLE:hunter22@eu"),
    ("whatsapp", "telnyx://hunter22@+15005550006"),
    ("email", "smtp://otp:hunter22@mail.example.com"),
    ("email", f"{SMTP}&tls=hunter22"),
    ("email", f"{SMTP}&form=hunter22"),
    ("email", SMTP.replace("smtp:", "smtps:") + "&tls=none"),
    ("email", SMTP.replace("hunter22", "hunter22/x")),
    ("email", APPRISE.replace("/{to}", "")),
    ("email", APPRISE.replace("mailgun", "mailgunn")),
]
RIGHT = [
    ("sms", f"twilio://{ACCOUNT}:hunter22@+15005550006 webhook://{SECRET}@gateway/x?code=1"),
    ("email", f"{SMTP} {APPRISE} console://"),
    ("sms", "smsgate://otp:p@api.sms-gate.app/3rdparty/v1/messages?sim=1&signing_key=k"),
    ("telegram", "telegram://t@gateway?from=sixpost console://"),
    ("call", "none"),
    ("whatsapp", "whatsapp://t@106540352242922?template=code&app_secret=s&verify_token=v"),
]


def senders(channel: str, urls: str) -> Settings:
    return Settings.load({f"OTP_{channel.upper()}_SENDERS": urls}, None)


@pytest.mark.parametrize(("channel", "urls"), WRONG)
def test_a_wrong_sender_stops_the_api_as_it_stops_the_worker(channel, urls):
    said = []
    for registry in (SETUPS, BUILT_IN):
        with pytest.raises(SettingsError, match=rf"^OTP_{channel.upper()}_SENDERS: ") as stopped:
            make_all(senders(channel, urls), registry)
        said.append(str(stopped.value))
    assert said[0] == said[1]
    assert "hunter22" not in said[0]


@pytest.mark.parametrize(("channel", "urls"), RIGHT)
def test_a_right_sender_stops_neither(channel, urls):
    for registry in (SETUPS, BUILT_IN):
        made = make_all(senders(channel, urls), registry)
        assert all(channel in one.channels for one in made[""][channel].values())


@pytest.mark.parametrize("registry", [SETUPS, BUILT_IN])
def test_a_wrong_sender_of_an_app_is_named_with_the_app(registry):
    settings = Settings.load({"OTP_APPS": "[shop]\nsms_senders = 'webhok://hunter22@x'"}, None)
    with pytest.raises(SettingsError, match=r"^OTP_APPS: shop: OTP_SMS_SENDERS: unknown sender "):
        make_all(settings, registry)


def test_a_misspelled_scheme_is_answered_with_the_right_one():
    with pytest.raises(SettingsError, match=r"unknown sender webhok://; .* mean webhook://\?$"):
        make_all(senders("sms", "webhok://x"), SETUPS)


def test_both_know_the_same_schemes():
    assert SETUPS.keys() == BUILT_IN.keys()
    assert set(make_all(senders("sms", "console://"), SETUPS)[""]) == set(CHANNELS)


def test_the_api_says_so_before_it_serves(tmp_path):
    for channel, urls in (WRONG[0], WRONG[-1]):
        env = {
            "OTP_DATA_DIR": str(tmp_path),
            "OTP_ALLOW_OPEN": "true",
            f"OTP_{channel.upper()}_SENDERS": urls,
        }
        run = subprocess.run(
            [sys.executable, "-m", "api"], env=env, capture_output=True, text=True, check=False
        )
        assert run.returncode == 1
        assert run.stderr.startswith(f"otp api: OTP_{channel.upper()}_SENDERS: ")
        assert "hunter22" not in run.stderr + run.stdout
