"""What a verification is asked for with, and by what it is refused."""

import logging
from typing import ClassVar

import phonenumbers
import pytest

from api import create_app
from shared.errors import DeliveryBacklog
from shared.logs import JsonLines
from shared.settings import Settings
from shared.verification.service import VerificationService
from shared.verify_v2.services import TEMPLATE_SID
from tests.api.verify_v2.conftest import V2
from tests.conftest import KEY
from tests.user import OTHER_PHONE, PHONE, wrong

LANDLINE = "+442079460000"


class TestTo:
    @pytest.mark.parametrize("to", ["+1 415 555 0123", " 14155550123", PHONE])
    def test_is_one_number_however_it_is_spelled(self, v2, service, code, to):
        one = v2.start(service, to)

        assert one["to"] == PHONE
        assert v2.check(service, code(one), to).json["to"] == PHONE

    def test_may_be_in_a_path_with_a_plus_or_a_space(self, v2, service):
        v2.start(service)

        for to in (PHONE, " 14155550123"):
            assert v2.fetch(service, to).json["to"] == PHONE
        path = f"/Services/{service}/Verifications/{PHONE}"
        assert v2.get(path).json["to"] == PHONE

    @pytest.mark.parametrize("to", ["12", "4155550123", "+1", "a@example.com", "+1415555012", "x"])
    def test_that_is_no_number_is_named(self, v2, service, refused, to):
        for answer in (v2.ask(service, to), v2.ask(service, to, "call")):
            assert refused(answer, 400, 60200)["message"] == f"Invalid parameter `To`: {to}"

    @pytest.mark.parametrize("to", [PHONE, "a@", "nobody"])
    def test_that_is_no_e_mail_address_is_named(self, v2, service, refused, to):
        error = refused(v2.ask(service, to, "email"), 400, 60200)
        assert error["message"] == f"Invalid parameter `To`: {to}"

    @pytest.mark.parametrize("to", ["12", "a@", "x"])
    def test_that_is_nothing_cannot_be_checked(self, v2, service, refused, to):
        assert "To" in refused(v2.check(service, "123456", to), 400, 60200)["message"]


@pytest.mark.parametrize("missing", ["To", "Channel"])
def test_what_is_missing_is_named(v2, service, refused, missing):
    form = {"To": PHONE, "Channel": "sms", missing: ""}
    error = refused(v2.post(f"/Services/{service}/Verifications", **form), 400, 60200)

    assert missing in error["message"]


@pytest.mark.parametrize("channel", ["sna", "auto", "rcs", "SMS", "pigeon"])
def test_a_channel_that_there_is_not_is_refused(v2, service, refused, channel):
    error = refused(v2.ask(service, PHONE, channel), 400, 60200)

    assert error["message"] == "Invalid parameter: Channel"


def test_a_check_needs_a_target_and_a_code(v2, service, refused):
    path = f"/Services/{service}/VerificationCheck"

    error = refused(v2.post(path, Code="123456"), 400, 60221)
    assert error["message"] == "No target verification specified"
    assert "Code" in refused(v2.post(path, To=PHONE), 400, 60200)["message"]


@pytest.mark.parametrize("status", ["", "pending", "expired", "Approved"])
def test_a_status_is_approved_or_canceled(v2, service, refused, status):
    v2.start(service)

    assert "Status" in refused(v2.update(service, PHONE, status), 400, 60200)["message"]


@pytest.mark.parametrize(
    "locale",
    ["fi", "en_US", "C", "POSIX", "tlh", "e", "en-", "../en", "x" * 40, "en us", "<b>", "*"],
)
def test_a_locale_that_nobody_translates_is_english(v2, service, sender, run_worker, locale):
    v2.start(service, Locale=locale)
    run_worker()

    assert sender.messages[0].locale.partition("-")[0] == "en"


@pytest.mark.parametrize("locale", ["pt_BR", "pt_BR.UTF-8", "PT-br", "pt_BR@currency=BRL"])
def test_a_locale_is_a_language_however_it_is_written(v2, service, sender, run_worker, locale):
    v2.start(service, Locale=locale)
    run_worker()

    assert sender.messages[0].locale == "pt-BR"


def test_a_friendly_name_may_be_of_one_message(v2, service, sender, run_worker):
    for form in ({"CustomFriendlyName": "Corner Shop"}, {}):
        v2.start(service, **form)
        run_worker()

    one, other = sender.messages
    assert "Corner Shop" in one.text
    assert "My Shop" in other.text


def test_a_friendly_name_that_leads_elsewhere_is_refused(v2, service, refused):
    error = refused(v2.ask(service, CustomFriendlyName="win.example/x"), 400, 60200)

    assert "CustomFriendlyName" in error["message"]


def test_a_template_is_ours_or_not_found(v2, service, refused):
    assert v2.start(service, TemplateSid=TEMPLATE_SID)

    error = refused(v2.ask(service, TemplateSid=f"HJ{'0' * 32}"), 400, 60228)
    assert error["message"] == "Template was not found"


def test_what_is_not_used_here_may_be_anything(v2, service):
    unused = {"Amount": "?", "Payee": "?", "Tags": "{", "RiskCheck": "?"}
    one = v2.start(service, Templates="{", SendDigits="no", CustomCode="no", **unused)

    assert (one["amount"], one["payee"]) == (None, None)


def test_a_code_is_as_long_as_the_service_says(v2, code):
    service = v2.service(CodeLength=8)
    one = v2.start(service)

    assert v2.check(service, code(one, 8)).json["valid"] is True


class TestALandline:
    @pytest.fixture(autouse=True)
    def _kind(self, monkeypatch):
        kind = phonenumbers.PhoneNumberType.FIXED_LINE
        monkeypatch.setattr(phonenumbers, "number_type", lambda _: kind)

    def test_gets_no_sms_where_they_are_skipped(self, v2, refused):
        service = v2.service(SkipSmsToLandlines="true")

        error = refused(v2.ask(service, LANDLINE), 403, 60205)
        assert error["message"] == "SMS is not supported by landline phone number"
        assert v2.start(service, LANDLINE, "call")

    def test_gets_one_elsewhere(self, v2, service):
        assert v2.start(service, LANDLINE)


class TestTheOwnersRules:
    @pytest.fixture
    def more(self) -> dict[str, str]:
        return {
            "OTP_ALLOWED_COUNTRIES": "US",
            "OTP_BLOCKED_PREFIXES": "+1900",
            "OTP_CALL_SENDERS": "none",
        }

    def test_a_channel_that_is_off_is_disabled(self, v2, service, refused):
        error = refused(v2.ask(service, PHONE, "call"), 400, 60223)
        assert error["message"] == "Delivery channel disabled"

    def test_a_country_that_is_not_allowed_is_blocked(self, v2, service, refused):
        refused(v2.ask(service, "+442079460000"), 403, 60605)

    def test_a_number_that_is_blocked_is_so_here(self, v2, service, refused):
        refused(v2.ask(service, "+19005550123"), 403, 60410)


class TestAnAccountsOwnRules:
    @pytest.fixture
    def more(self) -> dict[str, str]:
        table = '[shop]\ncall_senders = "none"\nlimit_to = "2/1h"\nlimit_country = "3/1h"\n'
        return {"OTP_APPS": table}

    def test_are_those_of_its_services(self, v2, bank, service, refused):
        refused(v2.ask(service, PHONE, "call"), 400, 60223)
        assert bank.start(bank.service(), PHONE, "call")

    def test_a_recipients_limit_is_of_sends(self, v2, service, refused):
        v2.start(service)
        v2.start(service)

        answer = v2.ask(service)
        refused(answer, 429, 60203)
        assert 3590 < int(answer.headers["Retry-After"]) <= 3600

    def test_count_all_of_its_services_together(self, v2, service, redis, refused):
        v2.start(service)
        v2.start(v2.service())

        refused(v2.ask(v2.service()), 429, 60203)
        v2.start(service, PHONE[:-1] + "4")
        refused(v2.ask(v2.service(), OTHER_PHONE), 429, 20429)
        assert redis.keys("otp:guard:VA*") == []
        assert len(redis.keys("otp:guard:shop:*")) == 2

    def test_any_other_limit_is_too_many_requests(self, v2, service, refused):
        for last in "012":
            v2.start(service, PHONE[:-1] + last)

        answer = v2.ask(service, OTHER_PHONE)
        assert refused(answer, 429, 20429)["message"] == "Too many requests"
        assert 3590 < int(answer.headers["Retry-After"]) <= 3600


class TestAClientsAddress:
    OPEN: ClassVar = {"OTP_SECRET_KEYS": KEY, "OTP_LIMIT_IP": "2/1h"}

    @pytest.fixture
    def more(self) -> dict[str, str]:
        return {"OTP_LIMIT_IP": "2/1h"}

    def test_is_limited_where_the_server_tells_it(self, v2, service, refused):
        for last in "01":
            v2.start(service, PHONE[:-1] + last, DeviceIp="192.0.2.7")

        refused(v2.ask(service, OTHER_PHONE, DeviceIp="192.0.2.7"), 429, 20429)
        assert v2.start(service, OTHER_PHONE, DeviceIp="192.0.2.8")

    def test_is_not_the_servers_own(self, v2, service):
        for last in "0123456":
            assert v2.start(service, PHONE[:-1] + last)

    def test_is_the_callers_where_no_key_is_needed(self, redis):
        anybody = V2(create_app(Settings.load(self.OPEN, env_file=None), redis).test_client())
        service = anybody.service()
        for last in "01":
            anybody.start(service, PHONE[:-1] + last, DeviceIp=f"192.0.2.{last}")

        answer = anybody.ask(service, OTHER_PHONE, DeviceIp="192.0.2.9")
        assert answer.json["code"] == 20429

    def test_has_to_be_one(self, v2, service, refused):
        error = refused(v2.ask(service, DeviceIp="192.0.2"), 400, 60200)
        assert "DeviceIp" in error["message"]


def test_where_nothing_is_said_a_recipient_is_limited_by_twenty_an_hour(v2, service, refused):
    for _ in range(4):
        for _ in range(5):
            one = v2.start(service)
        v2.update(service, one["sid"], "canceled")

    refused(v2.ask(service), 429, 60203)


def test_what_cannot_be_delivered_in_time_is_not_accepted(v2, service, refused, monkeypatch):
    def backlog(*args, **kwargs):
        raise DeliveryBacklog(17)

    monkeypatch.setattr(VerificationService, "start", backlog)
    answer = v2.ask(service)

    assert refused(answer, 503, 20503)["message"] == "Service unavailable"
    assert answer.headers["Retry-After"] == "17"


def test_no_log_line_holds_a_code_or_an_address(v2, service, caplog, run_worker, sender):
    caplog.set_level(logging.DEBUG)
    sid = v2.start(service)["sid"]
    run_worker()
    code = sender.code_for(PHONE)
    v2.check(service, wrong(code))
    v2.check(service, code + "x")
    v2.fetch(service, PHONE)
    v2.check_sid(service, sid, code, To=OTHER_PHONE)
    v2.check(service, code)
    v2.check(service, code)
    v2.start(service, OTHER_PHONE)
    v2.update(service, OTHER_PHONE, "canceled")
    v2.ask(service, "+999" + PHONE[1:])

    lines = [JsonLines().format(record) for record in caplog.records]
    events = {record.message for record in caplog.records}
    assert {
        *("code_requested", "check_refused", "verification_approved", "verification_canceled"),
        "request_refused",
    } <= events
    for line in lines:
        for secret in (code, wrong(code), PHONE[1:], OTHER_PHONE[1:], "s" * 40):
            assert secret not in line


class TestWhatTheOwnerAdmits:
    @pytest.fixture
    def more(self) -> dict[str, str]:
        return {"OTP_ALLOWED_PREFIXES": "+1999", "OTP_ALLOW_LOCAL_EMAIL": "true"}

    @pytest.mark.parametrize(
        ("to", "channel"), [("+19995550123", "sms"), ("ann@mail.local", "email")]
    )
    def test_is_an_address(self, v2, service, code, to, channel):
        one = v2.start(service, to, channel)

        assert one["to"] == to
        assert v2.fetch(service, to).json["to"] == to
        assert v2.check(service, code(one), to).json["status"] == "approved"
