"""The endpoints: what callers send, and exactly what they get."""

import logging
import re
from typing import ClassVar

import pytest

from shared.logs import JsonLines
from tests.user import OTHER_PHONE, PHONE, wrong

ID = re.compile(r"VE[0-9a-f]{32}")


def test_a_code_is_asked_for_and_verified(caller):
    started = caller.generate()
    assert started.status_code == 202
    assert started.content_type == "application/json"
    verification_id = started.json["verification_id"]
    assert ID.fullmatch(verification_id)
    assert started.json == {
        "verification_id": verification_id,
        "status": "pending",
        "channel": "sms",
        "to": "+1415*****23",
        "expires_in": 300,
        "resend_in": 30,
        "checks_left": 5,
        "sends_left": 4,
        "message": "We are sending a code to +1415*****23 by SMS.",
    }
    approved = caller.verify(caller.code(started))
    assert approved.status_code == 200
    assert approved.json == {
        "verified": True,
        "status": "approved",
        "verification_id": verification_id,
        "channel": "sms",
        "to": "+1415*****23",
        "message": "+1415*****23 is verified.",
    }


def test_a_code_is_verified_by_the_id(caller):
    started = caller.generate()
    answer = caller.verify(caller.code(started), verification_id=started.json["verification_id"])
    assert answer.json["verified"] is True


@pytest.mark.parametrize(
    ("body", "channel", "to"),
    [
        ({}, "sms", "+1415*****23"),
        ({"channel": None, "locale": None}, "sms", "+1415*****23"),
        ({"channel": "whatsapp"}, "whatsapp", "+1415*****23"),
        ({"channel": "call"}, "call", "+1415*****23"),
        ({"email": "A@example.com"}, "email", "a***@example.com"),
        ({"email": "a@example.com", "channel": "email"}, "email", "a***@example.com"),
        ({"email": "a@example.com", "phone": None}, "email", "a***@example.com"),
    ],
)
def test_the_channel_is_the_asked_one_or_that_of_the_address(caller, body, channel, to):
    answer = caller.generate(**body)
    assert (answer.status_code, answer.json["channel"], answer.json["to"]) == (202, channel, to)


WRONG_STARTS = [
    ({}, "phone"),
    ({"phone": None}, "phone"),
    ({"phone": PHONE, "email": "a@example.com"}, "phone"),
    ({"phone": "nobody"}, "phone"),
    ({"phone": PHONE + " ext. 5"}, "phone"),
    ({"phone": 14155550123}, "phone"),
    ({"phone": [PHONE]}, "phone"),
    ({"phone": "+" + "1" * 64}, "phone"),
    ({"phone": "+1415\x005550123"}, "phone"),
    ({"phone": "+1415\ud8005550123"}, "phone"),
    ({"email": "nobody"}, "email"),
    ({"email": "a@example.com\r\nBcc: b@example.com"}, "email"),
    ({"email": "\udfff@example.com"}, "email"),
    ({"email": True}, "email"),
    ({"phone": PHONE, "channel": "email"}, "channel"),
    ({"phone": PHONE, "channel": "pigeon"}, "channel"),
    ({"phone": PHONE, "channel": "SMS"}, "channel"),
    ({"email": "a@example.com", "channel": "sms"}, "channel"),
    ({"phone": PHONE, "locale": "x"}, "locale"),
    ({"phone": PHONE, "locale": "en us"}, "locale"),
    ({"phone": PHONE, "locale": ""}, "locale"),
    ({"phone": PHONE, "locale": "en\n"}, "locale"),
    ({"phone": PHONE, "locale": "en" + "-abcdefgh" * 4}, "locale"),
    ({"phone": PHONE, "locale": {}}, "locale"),
    ({"phone": PHONE, "chanel": "sms"}, "chanel"),
    ({"phone": PHONE, "": 1}, ""),
    ({"phone": PHONE, "\ud800": 1}, None),
    ({"phone": PHONE, "app": "other"}, "app"),
]


def test_a_wrong_field_is_named_and_nothing_is_started(client, redis, problem, subtests):
    for body, field in WRONG_STARTS:
        with subtests.test(body=body):
            answer = client.post("/generate-otp", json=body)
            (error, *_) = problem(answer, 422, "invalid_request")["errors"]
            assert set(error) == {"field", "message"}
            assert field in (None, error["field"])
            assert error["message"]
            assert redis.keys() == []


WRONG_CHECKS = [
    ({"phone": PHONE}, "otp"),
    ({"otp": "123456"}, "phone"),
    ({"otp": "123456", "verification_id": None}, "phone"),
    ({"otp": "123456", "phone": PHONE, "email": "a@example.com"}, "phone"),
    ({"otp": "123456", "phone": PHONE, "verification_id": "VE" + "0" * 32}, "verification_id"),
    ({"otp": "123456", "verification_id": "VE123"}, "verification_id"),
    ({"otp": "123456", "verification_id": "VE" + "0" * 32 + "\n"}, "verification_id"),
    ({"otp": "123456", "verification_id": 1}, "verification_id"),
    ({"otp": "123456", "phone": PHONE, "force": True}, "force"),
]


def test_a_check_must_name_one_verification(client, problem, subtests):
    for body, field in WRONG_CHECKS:
        with subtests.test(body=body):
            answer = client.post("/verify-otp", json=body)
            assert field in [e["field"] for e in problem(answer, 422, "invalid_request")["errors"]]


@pytest.mark.parametrize(
    "otp",
    [
        "",
        "12345",
        "1234567",
        "abcdef",
        "12345x",
        "١٢٣٤٥",
        "１２３４５６７",
        "①②③④⑤⑥",
        "123456\x00",
        "12345\ud800",
        "1" * 41,
        "\u200b" * 300 + "123456",
        123456,
        123456.0,
        True,
        None,
        ["123456"],
        {"$ne": 1},
    ],
    ids=ascii,
)
def test_an_otp_of_the_wrong_form_counts_nothing(caller, problem, otp):
    started = caller.generate()
    for _ in range(6):
        assert problem(caller.verify(otp), 422, "invalid_request")["errors"][0]["field"] == "otp"
    assert caller.mistype(started).json["checks_left"] == 4


def test_a_verification_can_be_looked_at(caller, run_worker):
    started = caller.generate()
    caller.mistype(started)
    run_worker()
    answer = caller.client.get(f"/verifications/{started.json['verification_id']}")
    assert answer.status_code == 200
    seen = answer.json
    for time in ("created_at", "expires_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", seen.pop(time))
    (send,) = seen.pop("sends")
    (attempt,) = send.pop("attempts")
    assert attempt.pop("at").endswith("Z")
    assert attempt == {
        "sender": "fake",
        "status": "accepted",
        "error": None,
        "provider_id": "id-1",
        "route": None,
    }
    assert send == {"number": 1, "channel": "sms", "status": "sent", "reason": None}
    assert 299 <= seen.pop("expires_in") <= 300
    assert 29 <= seen.pop("resend_in") <= 30
    assert seen == {
        "verification_id": started.json["verification_id"],
        "status": "pending",
        "channel": "sms",
        "to": "+1415*****23",
        "code_from": "service",
        "checks_left": 4,
        "sends_left": 4,
        "workflow": None,
        "step": None,
        "next_step_at": None,
    }


def test_a_verification_can_be_canceled(caller, problem):
    started = caller.generate()
    url = f"/verifications/{started.json['verification_id']}"
    answer = caller.client.delete(url)
    assert (answer.status_code, answer.data) == (204, b"")
    assert caller.client.get(url).json["status"] == "canceled"
    problem(caller.client.delete(url), 404, "verification_not_found")
    problem(caller.verify(caller.code(started)), 404, "verification_not_found")


@pytest.mark.parametrize(
    ("headers", "body", "begins"),
    [
        ({}, {}, "{} is your"),
        ({"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}, {}, "{} ist Ihr"),
        ({"Accept-Language": "fr;q=0.5, es"}, {}, "{} es tu"),
        ({"Accept-Language": "de"}, {"locale": "fr"}, "{} est votre"),
        ({"Accept-Language": "es_MX"}, {}, "{} es tu"),
        ({}, {"locale": "de_AT.UTF-8"}, "{} ist Ihr"),
        ({}, {"locale": "zh_CN_#Hans"}, "{} 是"),
        ({"Accept-Language": "de"}, {"locale": "tlh"}, "{} is your"),
        ({"Accept-Language": "*"}, {}, "{} is your"),
        ({"Accept-Language": "../../etc/passwd"}, {}, "{} is your"),
        ({"Accept-Language": "x" * 4000}, {}, "{} is your"),
    ],
)
def test_a_message_is_in_the_asked_language_or_that_of_the_browser(
    caller, run_worker, sender, headers, body, begins
):
    assert caller.generate(headers=headers, **body).status_code == 202
    run_worker()
    assert sender.messages[0].text.startswith(begins.format(sender.messages[0].code))


@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "10"}])
def test_no_answer_and_no_log_line_holds_a_code_or_an_address(caller, run_worker, sender, caplog):
    caplog.set_level(logging.DEBUG)
    started = caller.generate()
    url = f"/verifications/{started.json['verification_id']}"
    run_worker()
    code = sender.code_for(PHONE)
    answers = [
        started,
        caller.generate(),
        caller.generate(email="somebody@example.com"),
        caller.verify(wrong(code)),
        caller.client.get(url),
        caller.verify(code),
        caller.client.get(url),
    ]
    texts = [answer.get_data(as_text=True) + str(answer.headers) for answer in answers]
    texts += [JsonLines().format(record) for record in caplog.records]
    assert [answer.status_code for answer in answers] == [202, 429, 202, 400, 200, 200, 200]
    for text in texts:
        assert code not in text
        assert wrong(code) not in text
        assert PHONE not in text
        assert "somebody" not in text


class TestAnIdempotencyKey:
    HEADERS: ClassVar = {"Idempotency-Key": "order 4711"}

    def test_gets_the_same_answer_for_the_same_request(self, caller):
        first = caller.generate(headers=self.HEADERS)
        again = caller.generate(headers=self.HEADERS)
        assert (first.status_code, again.status_code) == (202, 202)
        assert again.data == first.data

    @pytest.mark.parametrize(
        "other", [{"phone": OTHER_PHONE}, {"channel": "call"}, {"email": "a@example.com"}]
    )
    def test_is_a_conflict_with_another_one(self, caller, problem, other):
        caller.generate(headers=self.HEADERS)
        problem(caller.generate(headers=self.HEADERS, **other), 409, "idempotency_conflict")

    @pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "a\tb"])
    def test_is_printable_and_not_too_long(self, caller, problem, key):
        body = problem(caller.generate(headers={"Idempotency-Key": key}), 422, "invalid_request")
        assert body["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "env",
    [
        {
            "OTP_API_KEYS": f"shop:{'s' * 32} bank:{'b' * 32}",
            "OTP_APPS": "[shop]\ncode_length = 8\nttl_seconds = 60\nallowed_countries = 'US'",
        }
    ],
)
def test_each_app_has_its_own_rules(caller, problem):
    shop = {"Authorization": f"Bearer {'s' * 32}"}
    bank = {"Authorization": f"Bearer {'b' * 32}"}
    assert caller.generate(headers=shop).json["expires_in"] == 60
    assert caller.generate(headers=bank).json["expires_in"] == 300
    problem(caller.verify("123456", headers=shop), 422, "invalid_request")
    problem(caller.verify("12345678", headers=bank), 422, "invalid_request")
    problem(caller.generate("+4915112345678", headers=shop), 403, "country_not_allowed")
    assert caller.generate("+4915112345678", headers=bank).status_code == 202


def test_what_stands_in_a_url_is_not_read(client, caller):
    started = caller.generate()
    code = caller.code(started)
    assert client.post(f"/generate-otp?phone={OTHER_PHONE}", json={}).status_code == 422
    for_code = client.post(f"/verify-otp?otp={code}", json={"phone": PHONE})
    assert for_code.status_code == 422
    assert caller.verify(code).status_code == 200


def test_every_check_is_logged_with_what_came_of_it(caller, caplog):
    caplog.set_level(logging.INFO)
    started = caller.generate()
    code = caller.code(started)
    for otp in (wrong(code), code, code, "12345"):
        caller.verify(otp)
    assert [
        (r.message, getattr(r, "why", None), getattr(r, "channel", None), r.to, r.app)
        for r in caplog.records
        if r.message in {"verification_approved", "check_refused"}
    ] == [
        ("check_refused", "IncorrectCode", None, "+1415*****23", "default"),
        ("verification_approved", None, "sms", "+1415*****23", "default"),
        ("check_refused", "VerificationNotFound", None, "+1415*****23", "default"),
        ("check_refused", "InvalidRequest", None, "+1415*****23", "default"),
    ]


@pytest.mark.parametrize("env", [{"OTP_TEST_NUMBERS": "+447700900123:424242"}])
def test_a_test_number_needs_no_message(client, caller, run_worker, sender):
    started = caller.generate("+44 7700 900123")
    assert (started.status_code, started.json["to"]) == (202, "+4477******23")
    run_worker()
    assert sender.messages == []
    details = client.get(f"/verifications/{started.json['verification_id']}").json
    (send,) = details["sends"]
    assert (send["status"], send["attempts"]) == ("sent", [])
    assert caller.verify("000000", phone="+447700900123").json["checks_left"] == 4
    assert caller.verify("424 242", phone="07700 900123").status_code == 422
    assert caller.verify("424 242", phone="+447700900123").status_code == 200
