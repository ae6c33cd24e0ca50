"""How a worker is put together from the settings."""

import pytest
from fakeredis import FakeRedis
from redis import RedisError

from api import create_app
from shared.delivery.outlets import Outlets
from shared.delivery.virtual_phone import Phone, with_code
from shared.settings import SettingsError
from shared.storage.client import connect
from shared.verification.service import VerificationService
from tests.redis_servers import free_port
from tests.user import User
from worker.__main__ import create_worker

pytestmark = pytest.mark.parametrize("redis", ["fake"], indirect=True)
MAIL = "smtp://localhost?from=otp@example.com"


def test_a_worker_delivers_with_the_senders_of_the_settings(settings, redis, user, capsys):
    user.ask()
    create_worker(settings, redis).run(burst=True)
    assert "channel=sms to=+14155550123 code=" in capsys.readouterr().out


@pytest.mark.parametrize("env", [{"OTP_CALL_SENDERS": "smtp://user:secret@host"}])
def test_a_wrong_sender_stops_the_start_and_names_the_setting(settings, redis):
    with pytest.raises(SettingsError, match=r"^OTP_CALL_SENDERS: smtp:// sender: ") as stopped:
        create_worker(settings, redis)
    assert "secret" not in str(stopped.value)


@pytest.mark.parametrize(
    "env", [{"OTP_APPS": "[shop]\napp_name = 'Shop'\nsms_senders = 'smtp://x'"}]
)
def test_a_wrong_sender_of_an_app_stops_the_start_and_names_the_app(settings, redis):
    with pytest.raises(SettingsError, match=r"^OTP_APPS: shop: "):
        create_worker(settings, redis)


@pytest.mark.parametrize(
    "env", [{"OTP_APPS": f"[shop]\napp_hash = 'FA+9qCX9VSu'\napp_name = '{'😀' * 30}'"}]
)
def test_an_app_hash_without_room_in_an_sms_stops_worker_and_api(settings, redis):
    for create in create_worker, create_app:
        with pytest.raises(SettingsError, match=r"^OTP_APPS: shop: OTP_APP_HASH: "):
            create(settings, redis)


@pytest.mark.parametrize("env", [{"OTP_APP_HASH": "FA+9qCX9VSu"}])
def test_the_virtual_phone_shows_the_hash_of_the_app(settings, redis, scripts, user):
    user.ask()
    create_worker(settings, redis).run(burst=True)
    (message,) = Phone(scripts).look().messages
    assert message.text.endswith("\n\nFA+9qCX9VSu")


ROUTE = "senders = 'console', text = 'Use {code} at Example.'"


@pytest.mark.parametrize(
    "env",
    [
        {"OTP_SMS_ROUTES": f"US = {{{ROUTE}}}"},
        {"OTP_APPS": f"[default]\nsms_routes = {{US = {{{ROUTE}}}}}"},
    ],
)
def test_a_worker_delivers_by_the_routes_of_the_settings(settings, redis, store, codes, scripts):
    service = VerificationService(
        store, codes, lambda app: settings.app(app).policy(), outlets=Outlets(settings)
    )
    user = User(service, codes)
    started = user.ask()
    create_worker(settings, redis).run(burst=True)
    (message,) = Phone(scripts).look().messages
    code = user.code(started)
    assert with_code(message.text, code) == f"Use {code} at Example."


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"OTP_SMS_ROUTES": "US.senders = 'twilio'"}, "OTP_SMS_ROUTES: US: senders: "),
        (
            {"OTP_APPS": "[shop.sms_routes.US]\nsenders = 'twilio'"},
            "OTP_APPS: shop: OTP_SMS_ROUTES: US: senders: ",
        ),
    ],
)
def test_a_wrong_route_stops_the_start_and_names_the_setting(settings, redis, told):
    with pytest.raises(SettingsError, match=f"^{told}"):
        create_worker(settings, redis)


SITE = {"OTP_WEB_ORIGIN": "https://shop.example", "OTP_PUBLIC_URL": "https://otp.example.com"}
BOTH = "@shop.example #{code} @otp.example.com"
ONE = "@shop.example #{code}"


@pytest.mark.parametrize(
    ("env", "line"),
    [
        ({**SITE, "OTP_RETURN_URLS": "https://shop.example"}, BOTH),
        ({**SITE, "OTP_RETURN_URLS": "https://b.example https://shop.example/account/"}, BOTH),
        (SITE, ONE),
        ({**SITE, "OTP_RETURN_URLS": "https://shop.example.evil https://other.example"}, ONE),
        ({**SITE, "OTP_PUBLIC_URL": "", "OTP_RETURN_URLS": "https://shop.example"}, ONE),
        (
            {
                "OTP_PUBLIC_URL": "https://otp.example.com",
                "OTP_RETURN_URLS": "https://shop.example",
                "OTP_APPS": "[default]\nweb_origin = 'https://shop.example'",
            },
            BOTH,
        ),
    ],
)
def test_an_sms_is_for_the_dialog_on_a_site_that_may_show_it(settings, redis, scripts, user, line):
    started = user.ask()
    create_worker(settings, redis).run(burst=True)
    (message,) = Phone(scripts).look().messages
    code = user.code(started)
    assert with_code(message.text, code).splitlines()[-1] == line.format(code=code)


def test_without_redis_it_says_so_and_may_be_tried_again(settings, redis):
    away = connect(f"redis://127.0.0.1:{free_port()}/0", timeout_seconds=0.1)
    with pytest.raises(RedisError):
        create_worker(settings, away)


@pytest.mark.parametrize(
    ("env", "warned_of"),
    [
        ({}, []),
        ({"OTP_EMAIL_SENDERS": MAIL}, ["sms", "whatsapp", "call"]),
        (
            {
                "OTP_SMS_SENDERS": "none",
                "OTP_WHATSAPP_SENDERS": "none",
                "OTP_CALL_SENDERS": "none",
                "OTP_EMAIL_SENDERS": MAIL,
            },
            [],
        ),
    ],
    ids=["all on console", "some forgotten", "the others off"],
)
def test_warns_of_channels_that_were_left_on_the_console(settings, redis, caplog, warned_of):
    create_worker(settings, redis)
    warnings = [r.channels for r in caplog.records if r.message == "channels_on_console"]
    assert warnings == ([warned_of] if warned_of else [])


WHATSAPP = "whatsapp://t@106540352242922?template=code"


@pytest.mark.parametrize(
    ("env", "warned_of"),
    [
        ({"OTP_WHATSAPP_SENDERS": WHATSAPP}, [("all", 600, 300)]),
        ({"OTP_WHATSAPP_SENDERS": f"{WHATSAPP}&ttl=300"}, []),
        ({"OTP_WHATSAPP_SENDERS": WHATSAPP, "OTP_TTL_SECONDS": "600"}, []),
        (
            {"OTP_APPS": f"[shop]\nttl_seconds = 60\nwhatsapp_senders = '{WHATSAPP}&ttl=90'"},
            [("shop", 90, 60)],
        ),
    ],
)
def test_warns_of_a_template_that_outlives_the_codes(settings, redis, caplog, warned_of):
    create_worker(settings, redis)
    warnings = [r for r in caplog.records if r.message == "whatsapp_outlives_codes"]
    assert [(r.app, r.template_seconds, r.code_seconds) for r in warnings] == warned_of


@pytest.mark.parametrize(
    ("env", "warned_of"),
    [
        ({"OTP_SMS_ROUTES": "IN.from = 'EXMPLE'\nUS.from = '+15005550006'"}, []),
        (
            {"OTP_SMS_ROUTES": "IN.from = 'VERIFY'", "OTP_APPS": "[shop]\ncode_length = 8"},
            [("all", "IN", "VERIFY")],
        ),
        ({"OTP_APPS": "[shop.sms_routes.IN]\nfrom = 'Info'"}, [("shop", "IN", "Info")]),
    ],
)
def test_warns_of_a_name_that_networks_block(settings, redis, caplog, warned_of):
    create_worker(settings, redis)
    warnings = [vars(record) for record in caplog.records if record.message == "generic_from"]
    assert [(w["app"], w["route"], w["from"]) for w in warnings] == warned_of


class Evicting(FakeRedis):
    def info(self, *sections):
        return {"maxmemory_policy": "volatile-lru"}


def test_warns_of_a_redis_that_evicts(settings, redis, caplog):
    create_worker(settings, redis)
    assert "redis_evicts" not in caplog.messages
    with Evicting() as evicting:
        create_worker(settings, evicting)
    assert "redis_evicts" in caplog.messages
