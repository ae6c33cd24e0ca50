"""Routes as an owner writes them, and what stops the start."""

import pytest

from shared.policy import Route
from shared.settings import Settings, SettingsError

INDIA = """
[IN]
senders = ["vonage", "infobip"]
from = "EXMPLE"
dlt_entity = "1101234567890123456"
dlt_template = "1107234567890123456"
text = "{#numeric#} is your code for Example. \\n- Example"
"""


def load(**env) -> Settings:
    return Settings.load(env, env_file=None)


def test_there_are_none_by_default():
    settings = load()
    assert settings.policy().routes == {}
    assert settings.routes("email") == {}


@pytest.mark.parametrize("text", ["none", "", " ", "# later\n"])
def test_reads_none_at_all(text):
    assert load(OTP_SMS_ROUTES=text).policy().routes == {}


def test_reads_all_that_a_route_can_have():
    assert load(OTP_SMS_ROUTES=INDIA).routes("sms") == {
        "IN": Route(
            name="IN",
            senders=("vonage", "infobip"),
            from_number="EXMPLE",
            dlt_entity="1101234567890123456",
            dlt_template="1107234567890123456",
            text="{#numeric#} is your code for Example. \n- Example",
        )
    }


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "telegram", "call"])
def test_each_channel_of_phones_has_its_own(channel):
    routes = load(**{f"OTP_{channel.upper()}_ROUTES": 'GB = {senders = "none"}'}).policy().routes
    assert routes == {channel: {"GB": Route(name="GB", senders=())}}


def test_email_has_none():
    with pytest.raises(SettingsError, match=r"^OTP_EMAIL_ROUTES is not a known setting"):
        load(OTP_EMAIL_ROUTES='GB = {senders = "none"}')


@pytest.mark.parametrize(
    ("senders", "read"),
    [
        ('["twilio-2", "telnyx"]', ("twilio-2", "telnyx")),
        ('"twilio-2, telnyx"', ("twilio-2", "telnyx")),
        ('"none"', ()),
    ],
)
def test_reads_senders_in_order_of_preference(senders, read):
    assert load(OTP_SMS_ROUTES=f"IN.senders = {senders}").routes("sms")["IN"].senders == read


@pytest.mark.parametrize("name", ["IN", '"+1"', '"+4479"', '"+123456789012345"', "default"])
def test_a_route_is_for_a_country_or_a_prefix_or_all_others(name):
    (route,) = load(OTP_SMS_ROUTES=f"[{name}]").routes("sms")
    assert route == name.strip('"')


@pytest.mark.parametrize("origin", ["+15005550006", "12345", "EXMPLE", "My Shop", "1-800-A"])
def test_an_sms_comes_from_a_number_a_short_code_or_a_name(origin):
    routes = load(OTP_SMS_ROUTES=f'IN.from = "{origin}"').routes("sms")
    assert routes["IN"].from_number == origin


def test_reads_a_file(tmp_path):
    (tmp_path / "routes.toml").write_text(INDIA)
    settings = load(OTP_SMS_ROUTES_FILE=str(tmp_path / "routes.toml"))
    assert settings.routes("sms") == load(OTP_SMS_ROUTES=INDIA).routes("sms")


@pytest.mark.parametrize(
    "table",
    [
        '[shop.sms_routes.IN]\nfrom = "SHOP"',
        '[shop]\nsms_routes = {IN = {from = "SHOP"}}',
        "[shop]\nsms_routes = '''\n[IN]\nfrom = \"SHOP\"\n'''",
    ],
)
def test_an_app_has_its_own_instead(table):
    settings = load(OTP_SMS_ROUTES=INDIA, OTP_APPS=f"{table}\n[other]\ncode_length = 8")
    assert settings.app("shop").routes("sms") == {"IN": Route(name="IN", from_number="SHOP")}
    assert settings.app("other").routes("sms") == settings.routes("sms")


@pytest.mark.parametrize("none", ['"none"', "{}"])
def test_an_app_can_have_none(none):
    settings = load(OTP_SMS_ROUTES=INDIA, OTP_APPS=f"[shop]\nsms_routes = {none}")
    assert settings.app("shop").routes("sms") == {}


@pytest.mark.parametrize("text", ["{code}", "{#var#}", "{#numeric#}", "Code: {code}\r\nद्\u200dा"])
def test_reads_a_registered_text_byte_for_byte(text):
    routes = load(OTP_SMS_ROUTES=f"IN.text = '''{text}'''").routes("sms")
    assert routes["IN"].text == text.replace("\r\n", "\n")


WRONG = [
    ("[IN", "expected TOML"),
    ("+44.from = '12345'", "expected TOML"),
    ("senders = 'hunter22'", "senders: expected an ISO 3166 country code"),
    ("[UK]", "UK: expected an ISO 3166 country code"),
    ("[in]", "in: expected an ISO 3166 country code"),
    ('["+0"]', "+0: expected an ISO 3166 country code"),
    ('["44"]', "44: expected an ISO 3166 country code"),
    ("IN = 'hunter22'", "IN: expected a table"),
    ("IN.sender = 'hunter22'", "IN: sender: a route for sms has no such field. Did you mean send"),
    ("IN.senders = []", "IN: senders: expected names such as"),
    ("IN.senders = ''", "IN: senders: expected names such as"),
    ("IN.senders = [5]", "IN: senders: expected names such as"),
    ("IN.senders = 5", "IN: senders: expected names such as"),
    ("IN.senders = ['hunter22', 'hunter22']", "IN: senders: the same sender appears twice"),
    ("IN.from = 12345", "IN: from: expected text in quotes"),
    ("IN.from = 'hunter22hunter22'", "IN: from: expected a number such as +15005550006, a short"),
    ("IN.from = '15005550006'", "IN: from: expected a number such as +15005550006, a short"),
    ("IN.from = 'Exämple'", "IN: from: expected a number such as +15005550006, a short"),
    ("IN.text = 5", "IN: text: expected text in quotes"),
    ("IN.text = ''", "IN: text: expected {code} or {#var#} exactly once"),
    ("IN.text = 'hunter22'", "IN: text: expected {code} or {#var#} exactly once"),
    ("IN.text = '{code} {code}'", "IN: text: expected {code} or {#var#} exactly once"),
    ("IN.text = '{code} {#var#}'", "IN: text: expected {code} or {#var#} exactly once"),
    ("IN.text = '{code} for {app}'", "IN: text: expected {code} or {#var#} exactly once"),
    (f"IN.text = '{{code}}{'x' * 454}'", "IN: text: expected at most 459 characters"),
    ('IN.text = "{code}\\u0000"', "IN: text: expected no control characters"),
    ("IN.dlt_entity = 'hunter22'", "IN: dlt_entity: needs dlt_entity, dlt_template and the regis"),
    (
        "IN = {dlt_template = '1', text = '{code}'}",
        "IN: dlt_template: needs dlt_entity, dlt_template and the registered text",
    ),
    (
        "IN = {dlt_entity = 'hunter 22', dlt_template = '1', text = '{code}'}",
        "IN: dlt_entity: expected the id that the DLT portal shows",
    ),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_a_wrong_route_stops_the_start_by_setting_route_and_field(text, told):
    with pytest.raises(SettingsError) as stopped:
        load(OTP_SMS_ROUTES=text)
    assert str(stopped.value).startswith(f"OTP_SMS_ROUTES: {told}")
    assert "hunter22" not in str(stopped.value)
    with pytest.raises(SettingsError) as stopped:
        load(OTP_APPS=f"[shop]\nsms_routes = '''\n{text}\n'''")
    assert str(stopped.value).startswith("OTP_APPS: ")
    assert "hunter22" not in str(stopped.value)


@pytest.mark.parametrize("field", ["dlt_entity", "dlt_template", "text"])
@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "call"])
def test_only_an_sms_has_a_registered_text(channel, field):
    setting = f"OTP_{channel.upper()}_ROUTES"
    expected = f"^{setting}: IN: {field}: a route for {channel} has no such field"
    with pytest.raises(SettingsError, match=expected):
        load(**{setting: f"IN.{field} = '{{code}}'"})


@pytest.mark.parametrize(
    ("channel", "origin", "expected"),
    [
        ("whatsapp", "Example", "a number such as"),
        ("call", "12345", "a number such as"),
        ("telegram", "+15005550006", "the user name of your verified channel"),
    ],
)
def test_other_channels_come_from_other_things(channel, origin, expected):
    setting = f"OTP_{channel.upper()}_ROUTES"
    with pytest.raises(SettingsError, match=f"^{setting}: IN: from: expected {expected}"):
        load(**{setting: f"IN.from = '{origin}'"})
