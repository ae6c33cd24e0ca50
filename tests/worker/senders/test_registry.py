"""Senders by URL."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from shared.policy import CHANNELS
from shared.senders import registry as sender_registry
from shared.settings.sender_urls import named
from tests.fakes import FakeSender
from worker.senders import named_senders, sender_for

TWILIO = "twilio://AC0123456789abcdef0123456789abcdef:hunter22@+15005550006"
SMTP = "smtp://otp:hunter22@mail.example.com?from=otp@example.com"


def test_names_senders_by_their_scheme():
    senders = named_senders(named([TWILIO, "console://", "console://"]), "sms")
    assert list(senders) == ["twilio", "console-1", "console-2"]


@pytest.mark.parametrize(
    ("url", "channel", "message"),
    [
        (SMTP, "sms", "smtp does not support sms; it supports email"),
        (TWILIO, "email", "twilio does not support email; it supports sms, whatsapp, call"),
        (
            TWILIO.replace("+15005550006", "Example"),
            "call",
            "twilio does not support call; it supports sms",
        ),
    ],
)
def test_refuses_a_sender_for_a_channel_that_it_cannot_serve(url, channel, message):
    with pytest.raises(ValueError, match="does not support") as error:
        named_senders(named(["console://", url]), channel)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "url", [TWILIO.replace("+15005550006", "+1"), f"{SMTP}&x=hunter22", "nonsense://"]
)
def test_names_the_scheme_of_a_wrong_url_and_no_more(url):
    with pytest.raises(ValueError, match=url.partition(":")[0]) as error:
        sender_for(url)
    assert "hunter22" not in str(error.value)
    assert error.value.__context__ is None


def test_finds_senders_of_other_packages(monkeypatch):
    class Plugin(FakeSender):
        @classmethod
        def from_url(cls, url):
            assert url == "other+sms://key@"
            return cls()

    class Found(EntryPoint):
        def load(self):
            return Plugin.from_url

    def entry_points(group, name):
        assert (group, name) == ("otp.senders", "other+sms")
        return [Found(name, "other:Plugin", group)]

    monkeypatch.setattr(sender_registry, "entry_points", entry_points)
    assert isinstance(sender_for("other+sms://key@"), Plugin)


def test_imports_only_what_is_configured():
    """apprise and requests cost 0.4 s and 50 MB."""
    program = (
        "import sys; from worker.senders import named_senders;"
        f"named_senders([('console', 'console://'), ('smtp', {SMTP!r})], 'email');"
        f"named_senders([('twilio', {TWILIO!r})], 'sms');"
        "sys.exit(bool({'requests', 'urllib3', 'apprise'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_console_serves_every_channel():
    assert set(sender_for("console://").channels) == set(CHANNELS)
