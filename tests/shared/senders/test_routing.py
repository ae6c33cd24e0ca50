"""A route that its senders would ignore a part of stops the API as it stops the worker."""

import pytest

from shared.senders.registry import SETUPS, make_all
from shared.settings import Settings, SettingsError
from worker.senders import BUILT_IN

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TWILIO = f"twilio://{ACCOUNT}:hunter22@+15005550006"
TELNYX = "telnyx://hunter22@+15005550006"
TELNYX_PROFILE = "telnyx://hunter22@?profile=40017f2f-7d49-4a2c-8f4c-8e5d4d6c0a11"
VONAGE = "vonage://abcd1234:hunter22@Example"
INFOBIP = "infobip://hunter22@xyz12?from=Example"
AWS = "aws://AKIAIOSFODNN7EXAMPLE:hunter22@eu-west-1"
WEBHOOK = "webhook://whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw@gateway"
SMSGATE = "smsgate://otp:hunter22@192.168.1.10:8080/message?tls=none"
APPRISE = "apprise+clicksend://otp:hunter22@{to}"
WHATSAPP = "whatsapp://hunter22@106540352242922?template=code"
TELEGRAM = "telegram://hunter22@gateway"
DLT = "dlt_entity = '1', dlt_template = '2', text = '{code}'"


@pytest.fixture(params=[SETUPS, BUILT_IN], ids=["api", "worker"])
def start(request):
    """What each process does with its settings at the start."""

    def start(channel: str, senders: str, routes: str, **env: str) -> None:
        setting = f"OTP_{channel.upper()}"
        env = {f"{setting}_SENDERS": senders, f"{setting}_ROUTES": routes, **env}
        make_all(Settings.load(env, env_file=None), request.param)

    return start


@pytest.mark.parametrize(
    ("channel", "senders", "route"),
    [
        ("sms", f"{TWILIO} {TELNYX} {TWILIO}", "senders = ['twilio-2', 'telnyx', 'twilio-1']"),
        ("sms", f"{TWILIO} {SMSGATE}", "senders = ['twilio'], from = 'EXMPLE'"),
        ("sms", f"{TWILIO} {VONAGE} {INFOBIP} {AWS} {WEBHOOK}", f"from = 'EXMPLE', {DLT}"),
        ("sms", TELNYX_PROFILE, "from = 'EXMPLE'"),
        ("sms", TELNYX, "from = '12345'"),
        ("sms", f"{SMSGATE} {APPRISE} {TELNYX}", "text = '{code}'"),
        ("sms", "console://", f"from = 'EXMPLE', {DLT}"),
        ("whatsapp", TWILIO, "from = '+15005550001'"),
        ("call", TWILIO, "from = '+15005550001'"),
        ("telegram", TELEGRAM, "from = 'sixpost_in'"),
        ("sms", SMSGATE, "senders = 'none'"),
        ("sms", "none", "senders = ['twilio']"),
    ],
)
def test_a_route_that_its_senders_can_take_starts(start, channel, senders, route):
    start(channel, senders, f"IN = {{{route}}}")


@pytest.mark.parametrize(
    ("channel", "senders", "route", "told"),
    [
        ("sms", TWILIO, "senders = ['telnyx']", "senders: there is no sender telnyx, only twilio"),
        (
            "sms",
            f"{TWILIO} {TWILIO}",
            "senders = ['twilio']",
            "senders: there is no sender twilio, only twilio-1, twilio-2",
        ),
        ("sms", f"{TWILIO} {SMSGATE}", "from = 'EXMPLE'", "from: smsgate cannot send from this"),
        ("sms", APPRISE, "from = 'EXMPLE'", "from: apprise+clicksend cannot send from this"),
        ("sms", TELNYX, "from = 'EXMPLE'", "from: telnyx cannot send from this"),
        ("sms", AWS, "from = 'My Shop'", "from: aws cannot send from this"),
        ("sms", f"{TWILIO} {TELNYX}", DLT, "dlt_entity: telnyx cannot pass this on"),
        ("sms", SMSGATE, DLT, "dlt_entity: smsgate cannot pass this on"),
        ("whatsapp", WHATSAPP, "from = '+15005550006'", "from: whatsapp cannot send from this"),
    ],
)
def test_a_route_that_a_sender_would_ignore_stops_the_start(start, channel, senders, route, told):
    with pytest.raises(SettingsError) as stopped:
        start(channel, senders, f"IN = {{{route}}}")
    assert str(stopped.value).startswith(f"OTP_{channel.upper()}_ROUTES: IN: {told}")
    assert "hunter22" not in str(stopped.value)


def test_an_app_with_its_own_senders_needs_routes_with_their_names(start):
    route, own = "IN = {senders = ['twilio']}", f"[shop]\nsms_senders = '{TELNYX}'"
    with pytest.raises(SettingsError) as stopped:
        start("sms", TWILIO, route, OTP_APPS=own)
    assert str(stopped.value) == (
        "OTP_APPS: shop: OTP_SMS_ROUTES: IN: senders: there is no sender twilio, only shop.telnyx"
    )
    start(
        "sms", TWILIO, route, OTP_APPS=f"{own}\nsms_routes = {{IN = {{senders = 'shop.telnyx'}}}}"
    )
    start("sms", TWILIO, route, OTP_APPS=f"{own}\nsms_routes = 'none'")
