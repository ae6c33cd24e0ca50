"""Settings: read once, and wrong ones are named and never repeated."""

import base64
import re
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from shared.policy import Guard, Limit, Policy
from shared.settings import Settings, SettingsError
from shared.verify_v2.services import Policies, Service

EXAMPLE_TEXT = (Path(__file__).parents[3] / ".env.example").read_text(encoding="utf-8")
# With the settings that a copy of it leaves to compose and make run.
EXAMPLE = dotenv_values(stream=StringIO(re.sub("(?m)^#(?=[A-Z_]+=)", "", EXAMPLE_TEXT)))
FIRST = base64.b64encode(b"1" * 32).decode()
SECOND = base64.b64encode(b"2" * 32).decode()
SECRET = "ThisIsNotToBeSeenByAnybodyAtAllEver"


def load(env_file=None, secrets_dir=Path("/nowhere"), **env) -> Settings:
    return Settings.load(env, env_file, secrets_dir)


def test_the_example_names_exactly_the_settings():
    assert set(EXAMPLE) == {name.upper() for name in Settings.model_fields}


def test_the_example_holds_every_default():
    assert load(**EXAMPLE) == load()
    for name, value in EXAMPLE.items():
        if not value:
            assert not Settings.model_fields[name.lower()].default, name


@pytest.mark.parametrize("text", [EXAMPLE_TEXT, re.sub("(?m)^#(?=[A-Z_]+=)", "", EXAMPLE_TEXT)])
def test_an_example_copied_to_env_changes_nothing(tmp_path, text):
    copy = tmp_path / ".env"
    copy.write_text(text, encoding="utf-8")
    copied, bare = load(copy), load()
    assert copied == bare
    service = Service(sid=f"VA{32 * '0'}", account="shop", friendly_name="Shop")
    assert Policies(copied).of(service) == Policies(bare).of(service)
    names = [n.removeprefix("otp_") for n in Settings.model_fields if n.startswith("otp_")]
    assert not [name for name in names if copied.says("shop", name)]


@pytest.mark.parametrize(
    ("common", "own", "is_set"),
    [
        ("5/10m 10/1h", "", False),
        ("5/10m,10/1h", "", False),
        ("", "5/10m 10/1h", False),
        ("5/10m 10/1h", "5/10m 10/1h", False),
        ("5/10m", "", True),
        ("none", "", True),
        ("", "5/10m", True),
        # Without its table the app would have another limit.
        ("1/1h", "5/10m 10/1h", True),
    ],
)
def test_a_value_equal_to_its_default_counts_as_not_set(common, own, is_set):
    table = f"[shop]\nlimit_to = '{own}'" if own else ""
    settings = load(OTP_LIMIT_TO=common, OTP_APPS=table)
    assert settings.says("shop", "limit_to") is is_set


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("OTP_CODE_LENGTH", (6, 4, 10)),
        ("OTP_TTL_SECONDS", (300, 30, 3600)),
        ("OTP_MAX_CHECKS", (5, 1, 10)),
        ("OTP_MAX_SENDS", (5, 1, 10)),
        ("OTP_RESEND_SECONDS", (30, 0, 600)),
        ("PORT", (5000, 1, 65535)),
        ("OTP_TRUSTED_PROXIES", (0, 0, 10)),
        ("WORKER_CONCURRENCY", (32, 1, 512)),
    ],
)
def test_a_number_has_its_default_and_its_bounds(name, expected):
    default, least, most = expected
    assert getattr(load(), name.lower()) == default
    for value in (least, most):
        assert getattr(load(**{name: str(value)}), name.lower()) == value
    for value in (least - 1, most + 1):
        expected = f"^{name}: expected a whole number from {least} to {most}$"
        with pytest.raises(SettingsError, match=expected):
            load(**{name: str(value)})


def test_the_policy_of_the_defaults():
    assert load().policy() == Policy(
        code_length=6,
        ttl_seconds=300,
        max_checks=5,
        max_sends=5,
        resend_seconds=30,
        resend_code="same",
        max_failed_checks=Limit(count=20, window_seconds=86400),
        limits={
            "to": (Limit(count=5, window_seconds=600), Limit(count=10, window_seconds=3600)),
            "ip": (Limit(count=30, window_seconds=3600),),
            "app": (),
            "country": (),
            "range": (),
            "global": (),
        },
        budget={},
        guard=Guard(
            mode="monitor",
            ranges=Limit(count=20, window_seconds=86400),
            countries=Limit(count=500, window_seconds=86400),
            percent=10,
        ),
        channels=("sms", "whatsapp", "call", "email"),
        allowed_countries=None,
        blocked_prefixes=(),
        blocked_types=frozenset({"premium_rate", "shared_cost", "personal_number", "no_country"}),
        test_numbers={},
    )


PAID = "webhook://whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3@gateway/"


@pytest.mark.parametrize("name", ["OTP_SMS_SENDERS", "OTP_WHATSAPP_SENDERS", "OTP_CALL_SENDERS"])
def test_where_messages_cost_the_guard_blocks_and_nobody_calls_without_a_key(name):
    settings = load(**{name: f"console:// {PAID}"})
    assert settings.policy().guard.mode == "block"
    with pytest.raises(SettingsError, match=r"^anyone .* OTP_API_KEYS .* OTP_ALLOW_OPEN=true"):
        settings.refuse_to_be_open()
    load(**{name: PAID, "OTP_ALLOW_OPEN": "true"}).refuse_to_be_open()
    assert load(**{name: PAID, "OTP_GUARD": "off"}).policy().guard.mode == "off"


@pytest.mark.parametrize(
    "env",
    [
        {"OTP_EMAIL_SENDERS": "smtp://mail?from=a@example.com"},
        {"OTP_EMAIL_SENDERS": "console:// apprise+mailgun://otp@mail.example.com/key/{to}"},
        {"OTP_APPS": "[shop]\nemail_senders = 'smtp://mail?from=a@example.com'"},
        {"OTP_APPS": f"[shop]\ncall_senders = ['console://', '{PAID}']"},
        {"OTP_APPS": f"[page]\nsms_senders = '{PAID}'", "OTP_SMS_SENDERS": "none"},
    ],
)
@pytest.mark.parametrize("empty", [{}, {"OTP_API_KEYS": ""}])
def test_every_sender_but_the_console_takes_a_key_or_leave_to_be_open(env, empty):
    settings = load(**env, **empty)
    assert settings.api_keys() == ()
    with pytest.raises(SettingsError, match="OTP_ALLOW_OPEN=true"):
        settings.refuse_to_be_open()
    load(**env, OTP_ALLOW_OPEN="true").refuse_to_be_open()


def test_with_the_console_alone_nothing_has_to_be_closed():
    load(
        OTP_EMAIL_SENDERS="none", OTP_APPS="[shop]\nsms_senders = 'console://'"
    ).refuse_to_be_open()


def test_where_only_e_mail_is_sent_nothing_costs():
    settings = load(OTP_EMAIL_SENDERS="smtp://mail?from=a@example.com")
    assert settings.policy().guard.mode == "monitor"


def test_a_budget_is_written_per_channel():
    assert load(OTP_BUDGET="sms:1000, call:50").policy().budget == {"sms": 1000, "call": 50}
    for wrong in ("sms", "sms:0", "sms:many", "fax:1"):
        with pytest.raises(SettingsError, match=r"^OTP_BUDGET: "):
            load(OTP_BUDGET=wrong)


APPS = """
[shop]
code_length = 8
limit_to = "3/10m 4/1d"
allowed_countries = ["US", "GB"]
app_name = "Shop"
budget = "sms:10"
sms_senders = "smtp://shop-mail?from=a@example.com"

[bank]
"""


def test_an_app_has_settings_of_its_own_and_the_common_ones():
    settings = load(OTP_APPS=APPS, OTP_TTL_SECONDS="120", OTP_LIMIT_TO="1/1h")
    shop, bank = settings.app("shop"), settings.app("bank")
    assert settings.app_names() == ("shop", "bank")
    assert (shop.policy().code_length, bank.policy().code_length) == (8, 6)
    assert (shop.policy().ttl_seconds, bank.policy().ttl_seconds) == (120, 120)
    assert list(map(str, shop.policy().limits["to"])) == ["3/10m", "4/1d"]
    assert list(map(str, bank.policy().limits["to"])) == ["1/1h"]
    assert shop.policy().allowed_countries == {"US", "GB"}
    assert (shop.policy().budget, bank.policy().budget) == ({"sms": 10}, {})
    assert (shop.otp_app_name, bank.otp_app_name) == ("Shop", "OTP")
    assert settings.app("unnamed").policy() == settings.policy()


def test_an_app_s_own_senders_have_names_of_their_own():
    named = load(OTP_APPS=APPS).named_senders("sms")
    assert named == {
        "": [("console", "console://")],
        "shop": [("shop.smtp", "smtp://shop-mail?from=a@example.com")],
    }


def test_the_page_has_a_stricter_limit_for_addresses_unless_told_otherwise():
    assert list(map(str, load().app("page").policy().limits["ip"])) == ["10/1h"]
    own = load(OTP_APPS='page = {limit_ip = "7/1m"}')
    assert list(map(str, own.app("page").policy().limits["ip"])) == ["7/1m"]


def test_times_are_written_with_their_unit():
    assert (load().otp_keep, load().otp_keep_audit) == (86400, 30 * 86400)
    settings = load(OTP_KEEP="90m", OTP_KEEP_AUDIT="365d")
    assert (settings.otp_keep, settings.otp_keep_audit) == (5400, 365 * 86400)


def test_lists_are_separated_by_spaces_or_commas():
    settings = load(OTP_ALLOWED_COUNTRIES="US, GB  DE", OTP_BLOCKED_PREFIXES="+1900,+4487")
    assert settings.policy().allowed_countries == {"US", "GB", "DE"}
    assert settings.policy().blocked_prefixes == ("+1900", "+4487")


def test_no_secret_is_in_the_repr():
    settings = load(
        REDIS_URL=f"redis://:{SECRET}@localhost/0",
        OTP_SECRET_KEYS=f"k1:{FIRST}",
        OTP_API_KEYS=f"shop:{SECRET}",
        OTP_ADMIN_PASSWORD=SECRET,
        OTP_EMAIL_SENDERS=f"smtp://u:{SECRET}@localhost?from=a@example.com",
    )
    for text in (repr(settings), str(settings)):
        assert SECRET not in text
        assert FIRST not in text


def test_key_ids_keep_their_order():
    keys = load(OTP_SECRET_KEYS=f"new:{FIRST} old:{SECOND}").secret_keys()
    assert list(keys.items()) == [("new", b"1" * 32), ("old", b"2" * 32)]


def test_the_first_key_may_also_be_the_last():
    """So that all processes know the key between them before one of them uses it."""
    kid, keys = load(OTP_SECRET_KEYS=f"old:{FIRST} new:{SECOND} old:{FIRST}").key_ring()
    assert kid == "old"
    assert list(keys.items()) == [("new", b"2" * 32), ("old", b"1" * 32)]


def test_an_app_may_have_several_keys():
    keys = load(OTP_API_KEYS=f"shop:{'a' * 32}, shop:{'b' * 32} bank:{'c' * 32}").api_keys()
    assert keys == (("shop", "a" * 32), ("shop", "b" * 32), ("bank", "c" * 32))


def test_a_channel_without_senders_is_off():
    assert load(OTP_CALL_SENDERS=",").policy().channels == ("sms", "whatsapp", "email")
