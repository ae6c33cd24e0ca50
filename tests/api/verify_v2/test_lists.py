"""The template, and the numbers that pass the pumping guard."""

from urllib.parse import quote

import pytest

from shared.verify_v2.services import TEMPLATE_SID
from tests.api.verify_v2.conftest import ACCOUNT
from tests.user import OTHER_PHONE, PHONE

NUMBER = f"/SafeList/Numbers/{PHONE}"


def test_there_is_one_template_in_all_languages(v2):
    page = v2.get("/Templates").json

    [template] = page["templates"]
    assert template["sid"] == TEMPLATE_SID
    assert template["account_sid"] == ACCOUNT
    assert template["channels"] == ["sms", "whatsapp", "voice", "email"]
    assert page["meta"]["key"] == "templates"
    assert {"en", "de", "es", "ar"} <= {*template["translations"]}
    english = template["translations"]["en"]
    assert english["is_default_translation"] is True
    assert english["status"] == "approved"
    assert "{{code}} is your {{friendly_name}} code" in english["text"]
    german = template["translations"]["de"]
    assert (german["is_default_translation"], german["locale"]) == (False, "de")


def test_the_template_is_found_by_its_name(v2):
    name = v2.get("/Templates").json["templates"][0]["friendly_name"]

    assert len(name) <= 32
    assert len(v2.get("/Templates", FriendlyName=name).json["templates"]) == 1
    assert v2.get("/Templates", FriendlyName="Other").json["templates"] == []


@pytest.mark.parametrize("written", [PHONE, "+1 (415) 555-0123", " 14155550123"])
def test_a_number_is_put_on_the_list_once(v2, written):
    answer = v2.post("/SafeList/Numbers", PhoneNumber=written)

    assert answer.status_code == 201
    assert answer.json == {
        "sid": answer.json["sid"],
        "phone_number": PHONE,
        "url": f"https://otp.example.com/v2{NUMBER}",
    }
    assert (answer.json["sid"][:2], len(answer.json["sid"])) == ("GN", 34)
    assert v2.post("/SafeList/Numbers", PhoneNumber=PHONE).json == answer.json
    for path in (NUMBER, f"/SafeList/Numbers/{quote(PHONE)}"):
        assert (v2.get(path).status_code, v2.get(path).json) == (200, answer.json)


def test_a_number_is_taken_off_the_list(v2, refused, redis):
    v2.post("/SafeList/Numbers", PhoneNumber=PHONE)

    answer = v2.delete(NUMBER)

    assert (answer.status_code, answer.data) == (204, b"")
    refused(v2.get(NUMBER), 404, 20404)
    refused(v2.delete(NUMBER), 404, 20404)
    assert redis.keys("otp:safe:*") == []


def test_each_account_has_a_list_of_its_own(v2, bank, refused):
    v2.post("/SafeList/Numbers", PhoneNumber=PHONE)

    refused(bank.get(NUMBER), 404, 20404)
    refused(bank.delete(NUMBER), 404, 20404)
    theirs = bank.post("/SafeList/Numbers", PhoneNumber=PHONE).json
    assert theirs["sid"] != v2.get(NUMBER).json["sid"]
    bank.delete(NUMBER)
    assert v2.get(NUMBER).status_code == 200


@pytest.mark.parametrize("number", ["123", "call me", "ada@example.com", ""])
def test_what_is_no_number_is_refused(v2, refused, number):
    error = refused(v2.post("/SafeList/Numbers", PhoneNumber=number), 400, 60200)

    assert "PhoneNumber" in error["message"]


def test_nothing_on_the_list_tells_whose_number_it_is(v2, redis, everything_in_redis):
    v2.post("/SafeList/Numbers", PhoneNumber=PHONE)

    assert PHONE.encode() not in everything_in_redis()
    [key] = redis.keys("otp:safe:*")
    assert 399 * 86400 < redis.ttl(key) <= 400 * 86400


class TestOfTheOwner:
    @pytest.fixture
    def more(self) -> dict[str, str]:
        return {"OTP_ADMIN_PASSWORD": "a-long-password"}

    def test_erasing_somebody_takes_them_off_the_list(self, v2, client, redis, refused):
        v2.post("/SafeList/Numbers", PhoneNumber=PHONE)

        answer = client.delete(
            "/recipients", json={"phone": PHONE}, auth=("admin", "a-long-password")
        )

        assert answer.status_code == 200
        assert redis.keys("otp:safe:*") == []
        refused(v2.get(NUMBER), 404, 20404)


class TestOfTheGuard:
    @pytest.fixture
    def more(self) -> dict[str, str]:
        return {"OTP_GUARD": "block", "OTP_GUARD_RANGE": "2/1d"}

    def test_a_number_on_the_list_passes_it(self, v2, bank, refused):
        def ask(to, caller, service):
            return caller.post(f"/Services/{service}/Verifications", To=to, Channel="sms")

        mine, theirs = v2.service(), bank.service()
        for caller, service in ((v2, mine), (bank, theirs)):
            for n in (100, 101):
                assert ask(f"+1415555{n:04}", caller, service).status_code == 201
            refused(ask(PHONE, caller, service), 403, 60410)

        v2.post("/SafeList/Numbers", PhoneNumber=PHONE)

        assert ask(PHONE, v2, mine).status_code == 201
        refused(ask(PHONE, bank, theirs), 403, 60410)
        refused(ask(OTHER_PHONE, v2, mine), 403, 60410)
        v2.delete(NUMBER)
        refused(ask(PHONE, v2, mine), 403, 60410)

    def test_being_asked_for_keeps_a_number_on_the_list(self, v2, redis):
        service = v2.service()
        v2.post("/SafeList/Numbers", PhoneNumber=PHONE)
        [key] = redis.keys("otp:safe:*")
        redis.expire(key, 60)

        v2.post(f"/Services/{service}/Verifications", To=PHONE, Channel="sms")

        assert redis.ttl(key) > 399 * 86400
