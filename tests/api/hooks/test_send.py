"""POST /hooks/send: deliver a code that the caller made."""

import logging

import pytest

from shared.logs import JsonLines
from shared.owner.timeline import Timeline
from shared.recipient import parse_phone
from tests.api.hooks.conftest import CODE, ENV, SHOP
from tests.user import OTHER_PHONE, PHONE, wrong

NO_WAIT = {"OTP_RESEND_SECONDS": "0"}


class TestDelivery:
    def test_the_person_gets_the_callers_code(self, send, messages):
        answer = send(PHONE)
        assert answer.status_code == 202
        assert answer.json["to"] == "+1415*****23"
        assert (answer.json["status"], answer.json["channel"]) == ("pending", "sms")
        (message,) = messages()
        assert (message.to, message.code) == (PHONE, CODE)
        assert CODE in message.text

    @pytest.mark.parametrize(
        ("to", "channel"),
        [(" +1 (415) 555-0123", "sms"), ("tel:+14155550123", "sms"), ("Ada@Example.com", "email")],
    )
    def test_an_address_is_read_as_elsewhere(self, send, messages, to, channel):
        assert send(to).json["channel"] == channel
        assert [message.to for message in messages()] in ([PHONE], ["ada@example.com"])

    def test_everything_that_is_asked_for_applies(self, send, messages):
        answer = send(PHONE, channel="sms", locale="de", expires_in=600, app_hash="FA+9qCX9VSu")
        assert answer.json["expires_in"] == 600
        (message,) = messages()
        assert message.locale == "de"
        assert 590 < message.expires_in <= 600
        assert message.text.endswith("FA+9qCX9VSu")
        assert "10 Min." in message.text

    def test_a_call_spells_letters(self, send, messages):
        send(PHONE, code="7AB4", channel="call")
        (message,) = messages()
        assert "7, A, B, 4" in message.text

    @pytest.mark.parametrize("env", [{**ENV, **NO_WAIT}])
    def test_a_second_code_takes_the_place_of_the_first(self, send, messages, look_up):
        first, second = send(PHONE, "1111"), send(PHONE, "2222")
        assert first.json["verification_id"] != second.json["verification_id"]
        assert [message.code for message in messages()] == ["2222"]
        assert look_up(first)["status"] == "canceled"
        (dropped,) = look_up(first)["sends"]
        assert (dropped["status"], dropped["reason"]) == ("dropped", "canceled")

    def test_the_second_code_is_valid_for_its_whole_time(self, send, messages, clock):
        send(PHONE, "1111", expires_in=60)
        clock.shift(45)
        assert send(PHONE, "2222", expires_in=60).json["expires_in"] == 60
        (message,) = messages()
        assert 50 < message.expires_in <= 60

    def test_canceling_it_stops_its_message(self, client, send, messages):
        id_ = send(PHONE).json["verification_id"]
        assert client.delete(f"/verifications/{id_}", headers=SHOP).status_code == 204
        assert messages() == []

    def test_a_repeated_request_sends_once(self, send, messages, problem):
        key = {"Idempotency-Key": "a"}
        first = send(PHONE, headers=key)
        assert send(PHONE, headers=key).json == first.json
        assert len(messages()) == 1
        problem(send(PHONE, "1111", headers=key), 409, "idempotency_conflict")


class TestChecks:
    @pytest.mark.parametrize("code", [CODE, wrong(CODE)])
    def test_a_code_that_its_caller_checks_is_unknown_here(
        self, caller, send, problem, redis, code
    ):
        started = send(PHONE).json
        assert (started["checks_left"], started["sends_left"]) == (0, 0)
        unknown = f"VE{'0' * 32}"
        answers = [
            problem(caller.verify(code, headers=SHOP, **to), 404, "verification_not_found")
            for to in (
                {"phone": PHONE},
                {"verification_id": started["verification_id"]},
                {"verification_id": unknown},
            )
        ]
        assert answers[0] == answers[1] == answers[2]
        assert redis.keys("otp:failed:*") == []
        assert redis.keys("otp:limit:failed_ip:*") == []

    def test_the_page_of_its_verification_neither_checks_nor_resends_it(
        self, client, send, problem, clock
    ):
        page = f"/verify/{send(PHONE).json['verification_id']}"
        clock.shift(30)
        checked = client.post(f"{page}/check", json={"otp": CODE})
        problem(checked, 404, "verification_not_found")
        resent = client.post(f"{page}/resend", json={"channel": "call"})
        problem(resent, 404, "verification_not_found")

    def test_no_verifier_of_it_is_kept(self, send, redis):
        id_ = send(PHONE).json["verification_id"]
        assert redis.hmget(f"otp:code:{id_}", "by_id", "by_recipient") == [b"", b""]

    def test_one_to_verify_is_checked_as_any_other(self, caller, send, messages, problem):
        assert send(PHONE, verify=True).json["checks_left"] == 5
        problem(caller.verify(wrong(CODE), headers=SHOP), 400, "incorrect_code")
        assert [message.code for message in messages()] == [CODE]
        assert caller.verify(CODE, headers=SHOP).status_code == 200
        problem(caller.verify(CODE, headers=SHOP), 404, "verification_not_found")

    @pytest.mark.parametrize("env", [{**ENV, **NO_WAIT}])
    def test_it_leaves_the_apps_own_code_alone(self, caller, send, messages):
        own = caller.generate(headers=SHOP)
        send(PHONE)
        assert {message.code for message in messages()} == {caller.code(own), CODE}
        assert caller.verify(caller.code(own), headers=SHOP).status_code == 200

    @pytest.mark.parametrize("env", [{**ENV, **NO_WAIT}])
    def test_the_apps_own_code_leaves_it_alone(self, caller, send, messages):
        send(PHONE)
        own = caller.generate(headers=SHOP)
        caller.verify(caller.code(own), headers=SHOP)
        assert [message.code for message in messages()] == [CODE]

    @pytest.mark.parametrize("env", [{**ENV, **NO_WAIT, "OTP_RESEND_CODE": "new"}])
    def test_a_new_code_takes_the_place_of_the_callers(
        self, caller, send, codes, messages, look_up
    ):
        started = send(PHONE, verify=True)
        caller.generate(headers=SHOP)
        assert look_up(started)["code_from"] == "service"
        id_ = started.json["verification_id"]
        (message,) = messages()
        assert message.code == codes.derive(codes.kid, id_, 1, len(CODE))
        assert caller.verify(message.code, headers=SHOP).status_code == 200


class TestRefusals:
    @pytest.mark.parametrize(
        ("field", "more"),
        [
            ("to", {"to": "12"}),
            ("to", {"to": "a@"}),
            ("to", {"to": ""}),
            ("to", {"to": "x" * 600}),
            ("to", {"to": 4155550123}),
            ("to", {"to": "+1415555\x000123"}),
            ("code", {"code": "123"}),
            ("code", {"code": "12345678901"}),
            ("code", {"code": "1234 5"}),
            ("code", {"code": "12345\n"}),
            ("code", {"code": "１２３４"}),
            ("code", {"code": 123456}),
            ("code", {"code": "7AB4", "verify": True}),
            ("channel", {"channel": "email"}),
            ("channel", {"channel": "fax"}),
            ("channel", {"to": "a@example.com", "channel": "sms"}),
            ("expires_in", {"expires_in": 29}),
            ("expires_in", {"expires_in": 3601}),
            ("expires_in", {"expires_in": "300"}),
            ("locale", {"locale": "not a language"}),
            ("app_hash", {"app_hash": "x"}),
            ("verify", {"verify": "yes"}),
            ("phone", {"phone": PHONE}),
        ],
    )
    def test_what_is_wrong_is_named_and_not_repeated(self, send, problem, redis, field, more):
        body = problem(send(**{"to": PHONE, **more}), 422, "invalid_request")
        (error,) = body["errors"]
        assert error["field"] == field
        assert str(more.get("code", CODE)) not in str(body)
        assert redis.keys() == [b"otp:key_used:given:shop"]

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nobody's"}])
    def test_a_key_is_needed(self, client, problem, headers):
        answer = client.post("/hooks/send", json={"to": PHONE, "code": CODE}, headers=headers)
        problem(answer, 401, "unauthorized")

    @pytest.mark.parametrize("env", [{**ENV, "OTP_PUBLIC_UI": "true"}])
    def test_the_public_page_makes_no_codes(self, client, problem):
        problem(client.post("/hooks/send", json={"to": PHONE, "code": CODE}), 401, "unauthorized")

    def test_a_second_one_waits(self, send, problem, messages):
        send(PHONE)
        answer = send(PHONE, "1111")
        assert problem(answer, 429, "rate_limited")["scope"] == "resend"
        assert 0 < int(answer.headers["Retry-After"]) <= 30
        assert [message.code for message in messages()] == [CODE]

    @pytest.mark.parametrize(
        ("env", "status", "code"),
        [
            ({**ENV, "OTP_BUDGET": "sms:1"}, 429, "rate_limited"),
            ({**ENV, "OTP_LIMIT_APP": "1/1h"}, 429, "rate_limited"),
            ({**ENV, "OTP_LIMIT_COUNTRY": "1/1h"}, 429, "rate_limited"),
            ({**ENV, "OTP_LIMIT_RANGE": "1/1h"}, 429, "rate_limited"),
            ({**ENV, "OTP_LIMIT_GLOBAL": "1/1h"}, 429, "rate_limited"),
            ({**ENV, "OTP_ALLOWED_COUNTRIES": "DE"}, 403, "country_not_allowed"),
            ({**ENV, "OTP_BLOCKED_PREFIXES": "+1415"}, 403, "recipient_blocked"),
            ({**ENV, "OTP_SMS_SENDERS": "none"}, 403, "channel_not_enabled"),
            ({**ENV, "OTP_SMS_ROUTES": 'US = {senders = "none"}'}, 403, "channel_not_enabled"),
            ({**ENV, "OTP_APPS": '[shop]\nbudget = "sms:1"'}, 429, "rate_limited"),
        ],
    )
    def test_every_limit_holds(self, send, problem, status, code):
        send(PHONE)
        problem(send(OTHER_PHONE), status, code)

    @pytest.mark.parametrize("env", [{**ENV, **NO_WAIT, "OTP_LIMIT_TO": "1/1h"}])
    def test_the_limit_of_a_recipient_counts_both_kinds(self, caller, send, problem):
        caller.generate(headers=SHOP)
        assert problem(send(PHONE), 429, "rate_limited")["scope"] == "to"

    @pytest.mark.parametrize("env", [{**ENV, "OTP_LIMIT_IP": "1/1h"}])
    def test_the_callers_address_does_not_count(self, send):
        assert [send(to).status_code for to in (PHONE, OTHER_PHONE)] == [202, 202]


class TestFigures:
    @pytest.mark.parametrize("env", [{**ENV, "OTP_GUARD": "block", "OTP_GUARD_RANGE": "1/24h"}])
    def test_the_guard_neither_counts_nor_holds_them(self, caller, send, problem, redis):
        for last in "012":
            assert send(PHONE[:-1] + last).status_code == 202
        assert redis.keys("otp:guard*") == []
        caller.generate(PHONE[:-1] + "4", headers=SHOP)
        problem(caller.generate(PHONE[:-1] + "5", headers=SHOP), 403, "recipient_blocked")
        assert send(PHONE[:-1] + "6").status_code == 202
        problem(send(PHONE[:-1] + "7", verify=True), 403, "recipient_blocked")

    def test_the_conversion_rate_leaves_them_out(self, client, send, messages):
        send(PHONE)
        messages()
        figures = client.get("/metrics", headers=SHOP).text
        assert "otp_started_total{" not in figures
        assert 'otp_sends_total{app="shop",channel="sms",reason="",status="sent"} 1.0' in figures
        assert 'otp_sends_requested_total{channel="sms"} 1.0' in figures

    def test_one_to_verify_counts(self, client, send):
        send(PHONE, verify=True)
        figures = client.get("/metrics", headers=SHOP).text
        assert 'otp_started_total{app="shop",channel="sms"} 1.0' in figures

    def test_the_status_says_who_made_the_code(self, caller, send, look_up):
        assert look_up(send(PHONE))["code_from"] == "caller"
        assert look_up(caller.generate(OTHER_PHONE, headers=SHOP))["code_from"] == "service"

    @pytest.mark.parametrize("env", [{**ENV, "OTP_TEST_NUMBERS": f"{PHONE}:4242"}])
    def test_a_test_number_keeps_its_code_and_gets_no_message(
        self, caller, send, look_up, messages
    ):
        started = send(PHONE, verify=True)
        assert look_up(started)["code_from"] == "service"
        assert messages() == []
        assert caller.verify("4242", headers=SHOP).status_code == 200


class TestSecrecy:
    @pytest.mark.parametrize("verify", [False, True])
    @pytest.mark.parametrize("env", [{**ENV, **NO_WAIT}])
    def test_the_code_is_neither_in_redis_nor_in_a_log(
        self, send, everything_in_redis, messages, caplog, verify
    ):
        caplog.set_level(logging.DEBUG)
        send(PHONE, verify=verify, headers={"Idempotency-Key": "a"})
        assert b"'sealed'" in everything_in_redis()
        messages()
        send(PHONE, "1111", verify=verify)
        assert CODE.encode() not in everything_in_redis()
        lines = [JsonLines().format(record) for record in caplog.records]
        assert lines
        assert not any(CODE in line or PHONE in line for line in lines)

    def test_it_is_gone_when_it_expires(self, send, redis, clock):
        id_ = send(PHONE).json["verification_id"]
        assert 0 < redis.pttl(f"otp:code:{id_}") <= 300_000

    def test_every_key_expires(self, send, redis, messages):
        send(PHONE, headers={"Idempotency-Key": "a"})
        assert [key for key in redis.keys("otp:*") if redis.ttl(key) < 0] == []
        messages()
        assert [key for key in redis.keys("otp:*") if redis.ttl(key) < 0] == []


class TestTheOwner:
    def test_finds_both_kinds_of_a_recipient(self, caller, send, scripts, codes):
        timeline = Timeline(scripts, codes, lambda: ["shop"])
        own = caller.generate(headers=SHOP).json["verification_id"]
        sent = send(PHONE).json["verification_id"]
        found = timeline.find(parse_phone(PHONE)).verifications
        assert {one.verification_id: (one.code_from, one.checked_here) for one in found} == {
            own: ("service", True),
            sent: ("caller", False),
        }
        assert timeline.find_by_id(sent).verifications[0].code_from == "caller"

    @pytest.mark.parametrize("env", [{**ENV, "OTP_ADMIN_PASSWORD": "correct horse battery"}])
    def test_erases_it(self, client, send, redis):
        id_ = send(PHONE).json["verification_id"]
        owner = ("admin", "correct horse battery")
        answer = client.delete("/recipients", json={"phone": PHONE}, auth=owner)
        assert answer.json["removed"] == {"verifications": 1, "sends": 1, "counters": 1}
        assert redis.keys(f"*{id_}*") == [f"rq:job:{id_}-1".encode()]
