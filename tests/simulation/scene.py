"""Who is in the simulation: two apps and a Service with small limits, people, and senders."""

import base64
from dataclasses import replace
from functools import cache

from shared.policy import Limit, Policy
from shared.recipient import KEPT_ADDRESSES
from shared.settings import Settings
from tests.simulation.nouns import Steps

KEEP_SECONDS = 3600
# Few enough to collide. The first three are in one range, and the last two are one mailbox.
PEOPLE = tuple(
    map(
        KEPT_ADDRESSES.either,
        (
            *("+14155550100", "+14155550101", "+14155550102", "+12125550103", "+442079460100"),
            *("ann@example.com", "ann+x@example.com"),
        ),
    )
)
# Two in one network that wrong codes are counted by, and one in another.
NETWORKS = {"198.51.100.1": "one", "198.51.100.2": "one", "203.0.113.9": "two"}
IPS = tuple(NETWORKS)

# The last one is a Service of beta.
SERVICE = f"VA{'5' * 32}"
ACCOUNTS = {"alpha": "alpha", "beta": "beta", SERVICE: "beta"}
# An app with its own name needs a worker that knows its table. A Service brings the name.
OUTLETS = {"alpha": "", "beta": "beta", SERVICE: ""}
SENDERS = {"sms": ("webhook-1", "webhook-2"), "call": ("webhook",), "email": ("smtp",)}
CHANNELS = tuple(SENDERS)
# Long enough that no other number in Redis holds one by chance.
CODE_LENGTH = 10
# A Service's own limit, by client address.
OWN_LIMIT = (Limit(count=5, window_seconds=120),)

# There is no sender for WhatsApp.
WORKFLOWS: tuple[Steps, ...] = (
    (("sms", 15_000), ("call", 0)),
    (("whatsapp", 15_000), ("call", 20_000), ("sms", 0)),
    (("sms", 20_000), ("whatsapp", 15_000), ("call", 15_000), ("sms", 0)),
)


def _key(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


def _sender(host: str) -> str:
    return f"webhook://whsec_{_key('s')}@{host}.example/otp"


_BETA = f"""
[beta]
app_name = "Beta"
max_checks = 2
max_sends = 3
resend_seconds = 0
resend_code = "new"
webhook_url = "https://beta.example/events"
webhook_secret = "whsec_{_key("e")}"
"""

_ENV = {
    "OTP_SECRET_KEYS": f"k1:{_key('k')}",
    "OTP_KEEP": "1h",
    "OTP_CODE_LENGTH": str(CODE_LENGTH),
    "OTP_TTL_SECONDS": "60",
    "OTP_MAX_CHECKS": "3",
    "OTP_MAX_SENDS": "4",
    "OTP_RESEND_SECONDS": "3",
    "OTP_SMS_SENDERS": f"{_sender('one')} {_sender('two')}",
    "OTP_CALL_SENDERS": _sender("three"),
    "OTP_WHATSAPP_SENDERS": "none",
    "OTP_EMAIL_SENDERS": "smtp://mail.example?from=otp@example.com",
    "OTP_LIMIT_TO": "8/5m 20/1h",
    "OTP_LIMIT_IP": "9/2m",
    "OTP_LIMIT_APP": "26/5m",
    "OTP_LIMIT_COUNTRY": "16/5m",
    "OTP_LIMIT_RANGE": "13/5m",
    "OTP_LIMIT_GLOBAL": "45/5m",
    "OTP_MAX_FAILED_CHECKS": "5/5m",
    "OTP_BUDGET": "sms:150 call:60",
    "OTP_GUARD": "block",
    "OTP_GUARD_RANGE": "12/20m",
    "OTP_GUARD_COUNTRY": "30/30m",
    "OTP_GUARD_PERCENT": "15",
    "OTP_APPS": _BETA,
}


@cache
def settings() -> Settings:
    return Settings.load(_ENV, env_file=None)


def policies(settings: Settings) -> dict[str, Policy]:
    """Those of the apps and of the Service."""
    found = {app: settings.app(app).policy() for app in ("alpha", "beta")}
    return {**found, SERVICE: replace(found["beta"], resend_code="same", max_checks=3)}
