"""Settings that stop the start: each is named, and no value is repeated."""

import base64
import re
import traceback
from pathlib import Path

import pytest

from shared.settings import Settings, SettingsError

FIRST = base64.b64encode(b"1" * 32).decode()
SECOND = base64.b64encode(b"2" * 32).decode()
SECRET = "ThisIsNotToBeSeenByAnybodyAtAllEver"


def load(env_file=None, secrets_dir=Path("/nowhere"), **env) -> Settings:
    return Settings.load(env, env_file, secrets_dir)


def start(**env) -> None:
    """Everything that is read before a process starts to serve."""
    settings = load(**{"OTP_SECRET_KEYS": f"k1:{FIRST}", **env})
    settings.secret_keys()
    settings.api_keys()
    settings.policy()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[shop", "OTP_APPS is not TOML"),
        ('sms_senders = "hunter22"', "OTP_APPS: expected one [name] table per app"),
        ("['my shop']", "OTP_APPS: expected one [name] table per app"),
        ("[shop]\nredis_url = 'hunter22'", "OTP_APPS: shop: redis_url cannot be set per app"),
        (
            "[shop]\ncode_lenght = 8",
            "OTP_APPS: shop: code_lenght cannot be set per app. Did you",
        ),
        ("[shop]\ncode_length = 3", "OTP_APPS: shop: OTP_CODE_LENGTH: expected a whole"),
        ("[shop]\nsms_senders = 'hunter22'", "OTP_APPS: shop: OTP_SMS_SENDERS: expected sender"),
    ],
)
def test_a_wrong_table_of_an_app_stops_the_start_and_repeats_no_value(text, message):
    with pytest.raises(SettingsError) as error:
        load(OTP_APPS=text)
    assert str(error.value).startswith(message)
    assert "hunter22" not in str(error.value)


@pytest.mark.parametrize(
    "table",
    [
        "limit_to = 5",
        "budget = 5",
        "app_name = 5",
        "guard = 5",
        "blocked_types = [5]",
        "sms_senders = 5",
    ],
)
def test_a_value_of_another_kind_is_answered_with_a_sentence(table):
    with pytest.raises(SettingsError, match=r"^OTP_APPS: shop: OTP_[A-Z_]+: expected [a-z]"):
        load(OTP_APPS=f"[shop]\n{table}")


@pytest.mark.parametrize(
    "name", ["OTP_CODE_LENGHT", "OTP_", "OTP_TTL", "OTP_CODE_LENGTH_FILE", "OTP_FOO"]
)
def test_an_unknown_name_stops_the_start(name, tmp_path):
    with pytest.raises(SettingsError, match=f"^{name} is not a known setting; see .env.example"):
        load(**{name: "1"})
    (tmp_path / ".env").write_text(f"{name}=1\n")
    with pytest.raises(SettingsError, match=f"^{name} is not a known setting"):
        load(tmp_path / ".env")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WORKER_CONCURENCY", "WORKER_CONCURRENCY"),
        ("ORKER_CONCURRENCY", "WORKER_CONCURRENCY"),
        ("API_PROCESES", "API_PROCESSES"),
        ("API_PROCESS", "API_PROCESSES"),
        ("APIPROCESSES", "API_PROCESSES"),
        ("REDIS_URI", "REDIS_URL"),
        ("REDIS_ULR", "REDIS_URL"),
        ("REDIS_URL_FIL", "REDIS_URL_FILE"),
        ("OPT_SMS_SENDERS", "OTP_SMS_SENDERS"),
        ("OTPSMS_SENDERS", "OTP_SMS_SENDERS"),
        ("OTP_SMS_SENDER", "OTP_SMS_SENDERS"),
        ("OTP_SECERT_KEYS", "OTP_SECRET_KEYS"),
    ],
)
def test_a_misspelled_name_stops_the_start_and_says_which_is_meant(name, meant, tmp_path):
    expected = rf"^{name} is not a known setting; .*\. Did you mean {meant}\?$"
    with pytest.raises(SettingsError, match=expected):
        load(**{name: "1"})
    (tmp_path / ".env").write_text(f"{name}=1\n")
    with pytest.raises(SettingsError, match=expected):
        load(tmp_path / ".env")


def test_every_unknown_name_is_named():
    with pytest.raises(SettingsError, match=r"OTP_BAR is not .* OTP_FOO is not "):
        load(OTP_FOO="1", OTP_BAR="1")


def test_names_of_other_programs_are_left_alone():
    others = """
        PATH HOME HOSTNAME HOSTS HOSTTYPE POST PORTS PROT PWD SHELL TERM LANG LC_ALL USER LOGNAME TZ
        API_PORT API_ADDRESS API_KEY API_URL REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_SSL
        REDIS_TTL REDIS_TLS REDIS_TLS_URL REDIS_DB REDIS_USER REDISCLOUD_URL WEB_CONCURRENCY
        CELERY_WORKER_CONCURRENCY FTP_DATA_DIR NTP_SERVICES APP_NAME OTPAUTH DATABASE_URL GPG_KEY
        PYTHON_VERSION no_proxy otp_foo SMS_SENDERS DATA_DIR WORKER_CONCURRENCIES
    """
    assert load(**dict.fromkeys(others.split(), "x")) == load()


@pytest.mark.parametrize(
    "service", ["OTP", "OTP_API", "OTP_REDIS", "OTP_SMS_SENDERS", "REDIS", "WORKER"]
)
def test_what_kubernetes_says_of_a_service_is_ignored(service):
    """https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""
    env = {
        f"{service}_SERVICE_HOST": "10.96.12.7",
        f"{service}_SERVICE_PORT": "5000",
        f"{service}_SERVICE_PORT_HTTP": "5000",
        f"{service}_SERVICE_PORT_HTTP_METRICS": "9000",
        f"{service}_PORT": "tcp://10.96.12.7:5000",
        f"{service}_PORT_5000_TCP": "tcp://10.96.12.7:5000",
        f"{service}_PORT_5000_TCP_PROTO": "tcp",
        f"{service}_PORT_5000_TCP_PORT": "5000",
        f"{service}_PORT_5000_TCP_ADDR": "10.96.12.7",
        f"{service}_PORT_53_UDP_ADDR": "fd00::1",
        f"{service}_PORT_9_SCTP": "sctp://[fd00::1]:9",
    }
    assert load(**env, OTP_CODE_LENGTH="8") == load(OTP_CODE_LENGTH="8")
    with pytest.raises(SettingsError, match=r"^OTP_FOO is not a known setting"):
        load(**env, OTP_FOO="1")


@pytest.mark.parametrize("name", ["OTP_PORTS", "OTP_SERVICE", "OTP_PORT_TCP", "OTP_HOST"])
def test_what_only_resembles_a_name_of_kubernetes_is_refused(name):
    with pytest.raises(SettingsError, match=f"^{name} is not a known setting"):
        load(**{name: "tcp://10.96.12.7:5000"})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("OTP_CODE_LENGTH", "six", "a whole number from"),
        ("OTP_CODE_LENGTH", "6.5", "a whole number from"),
        ("OTP_CODE_LENGTH", "٦", "a whole number from"),
        ("PORT", "http", "a whole number from"),
        ("OTP_RESEND_CODE", "other", "expected same or new"),
        ("OTP_ALLOW_OPEN", "perhaps", "expected true or false"),
        ("OTP_GUARD", "on", "expected block, monitor or off"),
        ("OTP_LOG", "yaml", "expected json or text"),
        ("OTP_LOG_LEVEL", "warning", "expected info or debug"),
        ("OTP_PUBLIC_URL", "otp.example.com", "https://otp.example.com"),
        ("OTP_BUDGET", "sms", "such as sms:1000"),
        ("OTP_LIMIT_TO", "5 per minute", "such as 5/10m"),
        ("OTP_LIMIT_IP", "30/1y", "such as 5/10m"),
        ("OTP_MAX_FAILED_CHECKS", "20", "such as 5/10m"),
        ("OTP_ALLOWED_COUNTRIES", "US Germany", "ISO 3166"),
        ("OTP_ALLOWED_COUNTRIES", "UK", "ISO 3166"),
        ("OTP_DEFAULT_REGION", "us", "ISO 3166"),
        ("OTP_BLOCKED_PREFIXES", "1900", r"such as \+1900"),
        ("OTP_APP_NAME", "x" * 31, "at most 30"),
        ("OTP_APP_NAME", "a\nBcc: b", "printable"),
        ("OTP_WEB_ORIGIN", "http://example.com", "https://"),
        ("OTP_WEB_ORIGIN", "https://example.com/path", "https://"),
        ("OTP_APP_HASH", "FA-9qCX9VSu", "such as FA[+]9qCX9VSu"),
        ("OTP_APP_HASH", "FA+9qCX9VSuu", "such as FA[+]9qCX9VSu"),
        ("OTP_RETURN_URLS", "shop.example", "https://shop.example/account/"),
        ("OTP_RETURN_URLS", "https://*.shop.example", "https://shop.example/account/"),
        ("OTP_RETURN_URLS", "javascript://shop.example", "https://shop.example/account/"),
        ("OTP_SMS_SENDERS", "console", "console://"),
        ("REDIS_URL", "localhost", "redis://"),
        ("REDIS_URL", "http://localhost", "redis://"),
        ("REDIS_URL", "redis+sentinel://host", "sentinel://host:26379"),
        ("REDIS_URL", "redis+sentinel://host:port/master", "sentinel://host:26379"),
        ("OTP_SECRET_KEYS", "no-colon", "name:value"),
        ("OTP_SECRET_KEYS", "k1:***", "not valid base64"),
        ("OTP_SECRET_KEYS", "k1:c2hvcnQ=", "at least 32 bytes"),
        ("OTP_SECRET_KEYS", f"k1:{FIRST} k2:{FIRST}", "same key twice"),
        ("OTP_SECRET_KEYS", f"k1:{FIRST} k1:{SECOND}", "same key ID twice"),
        ("OTP_SECRET_KEYS", f"k1:{FIRST} k1:{FIRST}", "same key ID twice"),
        ("OTP_SECRET_KEYS", f"k1:{FIRST} k2:{SECOND} k2:{SECOND} k1:{FIRST}", "key ID twice"),
        ("OTP_SECRET_KEYS", " ", "kid:base64"),
        ("OTP_API_KEYS", "key-without-app", "name:value"),
        ("OTP_API_KEYS", "shop:short", "at least 32 characters"),
        ("OTP_API_KEYS", " ", "is empty"),
        ("OTP_API_KEYS", f"page:{SECRET}", "page is reserved"),
        ("OTP_API_KEYS", f"admin:{SECRET}", "admin is reserved"),
        ("OTP_API_KEYS", f"shop:{SECRET} bank:{SECRET}", "the same key twice"),
        ("OTP_ADMIN_PASSWORD", "elevenchars", "at least 12 characters"),
        ("OTP_KEEP", "59m", "a duration from 1h to 7d"),
        ("OTP_KEEP", "8d", "a duration from 1h to 7d"),
        ("OTP_KEEP", "1", "a duration from 1h to 7d"),
        ("OTP_KEEP_AUDIT", "23h", "a duration from 1d to 365d"),
        ("OTP_KEEP_AUDIT", "366d", "a duration from 1d to 365d"),
        ("OTP_SECRET_KEYS_FILE", "/nowhere/at/all", "cannot be read"),
        ("OTP_DATA_DIR", "/dev/null/x", "is not writable"),
        ("OTP_DATA_DIR", "/dev/" + "x" * 300, "is not writable"),
    ],
)
def test_a_malformed_value_is_named_with_what_is_expected(name, value, expected):
    env = {"OTP_SECRET_KEYS": ""} if name in ("OTP_SECRET_KEYS_FILE", "OTP_DATA_DIR") else {}
    with pytest.raises(SettingsError, match=f"^{name}.*{expected}"):
        start(**{**env, name: value})


# The folder of OTP_DATA_DIR would be made.
@pytest.mark.parametrize("value", ["?", "-1", "perhaps", "x" * 5000])
def test_every_refusal_is_a_sentence_without_the_value(value):
    for field in sorted({*Settings.model_fields} - {"otp_data_dir"}):
        try:
            start(**{field.upper(): value})
        except SettingsError as error:
            said = str(error)
            assert re.match(r"[A-Z_]+\b.* (expected|cannot be|is not|under|has) ?", said), said
            assert not re.search("Input|String|valid |error|x{40}|perhaps", said), said


def test_every_malformed_value_is_named_at_once():
    with pytest.raises(SettingsError, match=r"PORT: .*OTP_TTL_SECONDS: "):
        load(PORT="0", OTP_TTL_SECONDS="0")


def test_without_a_key_the_start_stops_and_says_how_to_make_one():
    with pytest.raises(SettingsError, match=r"OTP_SECRET_KEYS is missing.*OTP_DATA_DIR"):
        load().secret_keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", f"redis://:{SECRET}@localhost:6379x/0"),
        ("REDIS_URL", f"redis://:{SECRET}/x@localhost/0"),
        ("REDIS_URL", f"redis+sentinel://:{SECRET}@localhost"),
        ("OTP_SECRET_KEYS", SECRET),
        ("OTP_SECRET_KEYS", f"k1:{SECRET}*"),
        ("OTP_SECRET_KEYS", f"k1:{base64.b64encode(SECRET[:20].encode()).decode()}"),
        ("OTP_API_KEYS", SECRET),
        ("OTP_API_KEYS", f"shop:{SECRET[:31]}"),
        ("OTP_ADMIN_PASSWORD", SECRET[:11]),
        ("OTP_EMAIL_SENDERS", SECRET),
        ("OTP_EMAIL_SENDERS", f"smtp:/u:{SECRET}@localhost"),
    ],
)
def test_no_message_repeats_a_secret(name, value):
    with pytest.raises(SettingsError) as stopped:
        start(**{name: value})
    assert name in str(stopped.value)
    printed = "".join(traceback.format_exception(stopped.value))
    assert value not in printed
    assert SECRET[:11] not in printed
