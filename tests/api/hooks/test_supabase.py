"""POST /hooks/supabase/sms and …/email: the hooks of Supabase Auth."""

import json
import logging
import re
import tomllib
from pathlib import Path

import pytest

from api.hooks.supabase import answer
from shared.errors import RateLimited
from shared.logs import JsonLines
from shared.policy import Limit
from tests.api.hooks.conftest import ENV as KEYS_OF_APPS
from tests.api.hooks.supabase import EMAIL, KEYS, SECRETS, SMS, email, encoded, signed, sms
from tests.user import OTHER_PHONE, PHONE

ENV = {
    **KEYS_OF_APPS,
    "OTP_HOOK_SECRETS": f"shop:{SECRETS[0]}\nshop:{SECRETS[1]} other:{SECRETS[2]}",
    "OTP_APPS": '[other]\nallowed_countries = "DE"',
}
GUIDE = Path(__file__).parents[3] / "docs/integrations/supabase.md"
OTP = "561166"


@pytest.fixture
def env():
    return ENV


class TestSms:
    def test_the_person_gets_the_code_of_supabase(self, call, messages):
        answer = call(sms())
        assert (answer.status_code, answer.content_type) == (200, "application/json")
        assert answer.text == "{}"
        (message,) = messages()
        assert (message.to, message.channel, message.code) == (PHONE, "sms", OTP)

    @pytest.mark.parametrize(
        ("payload", "to"),
        [
            (sms(phone="14155550199"), OTHER_PHONE),
            (sms(phone="+14155550199"), OTHER_PHONE),
            # A change of the number: the new one gets the code.
            (sms(phone="14155550199", new_phone="14155550199"), OTHER_PHONE),
            # A login while a change is pending.
            (sms(phone="14155550123", new_phone="14155550199"), PHONE),
            # Before v2.180.0.
            (sms(phone=""), PHONE),
            (sms(phone="", new_phone="14155550199"), PHONE),
        ],
    )
    def test_the_number_that_is_meant_gets_it(self, call, messages, payload, to):
        assert call(payload).text == "{}"
        assert [message.to for message in messages()] == [to]

    def test_a_user_without_a_number_yet_has_the_new_one(self, call, messages):
        payload = sms(phone="", new_phone="14155550199")
        payload["user"]["phone"] = ""
        del payload["sms"]["phone"]
        assert call(payload).text == "{}"
        assert [message.to for message in messages()] == [OTHER_PHONE]

    @pytest.mark.parametrize("env", [{**ENV, "OTP_DEFAULT_REGION": "DE"}])
    def test_numbers_have_their_country_code(self, call, refused, messages):
        assert call(sms()).text == "{}"
        assert "valid phone number" in refused(call(sms(phone="015112345678"), message_id="b"), 422)
        assert [message.to for message in messages()] == [PHONE]

    @pytest.mark.parametrize(
        ("metadata", "locale"),
        [
            ({"locale": "de-AT"}, "de-AT"),
            ({"locale": "x" * 999}, "en"),
            ({"locale": 1}, "en"),
            (None, "en"),
        ],
    )
    def test_the_users_language_is_that_of_the_message(self, call, messages, metadata, locale):
        call(sms(user_metadata=metadata))
        (message,) = messages()
        assert message.locale == locale

    def test_the_url_says_what_the_hook_does_not(self, call, messages, refused):
        options = "channel=whatsapp&expires_in=60&locale=fr"
        assert call(sms(), f"{SMS}?{options}").text == "{}"
        assert "these channels: sms" in refused(call(sms(), f"{SMS}?channel=email"), 422)
        assert "does not exist" in refused(call(sms(), f"{SMS}?chanel=sms"), 422)
        (message,) = messages()
        assert (message.channel, message.locale) == ("whatsapp", "fr")
        assert message.expires_in <= 60


class TestEmail:
    @pytest.mark.parametrize(
        "kind", ["signup", "invite", "magiclink", "recovery", "email", "reauthentication"]
    )
    def test_the_person_gets_the_code_of_supabase(self, call, messages, kind):
        assert call(email(email_action_type=kind), EMAIL).text == "{}"
        (message,) = messages()
        assert (message.to, message.channel) == ("ada@example.com", "email")
        assert message.code == "305805"

    def test_each_address_of_a_secure_change_gets_its_own_code(self, call, messages):
        data = {"email_action_type": "email_change", "token": "111111", "token_new": "222222"}
        assert call(email(new="new@example.com", **data), EMAIL).text == "{}"
        assert {message.to: message.code for message in messages()} == {
            "ada@example.com": "111111",
            "new@example.com": "222222",
        }

    @pytest.mark.parametrize("old", ["ada@example.com", ""])
    def test_otherwise_only_the_new_address_of_a_change_gets_it(self, call, messages, old):
        payload = email(old, "new@example.com", email_action_type="email_change")
        assert call(payload, EMAIL).text == "{}"
        assert {message.to: message.code for message in messages()} == {"new@example.com": "305805"}

    def test_nobody_gets_a_code_of_a_change_if_one_address_is_wrong(self, call, refused, messages):
        data = {"email_action_type": "email_change", "token_new": "222222"}
        refused(call(email(new="new@", **data), EMAIL), 422)
        assert messages() == []

    @pytest.mark.parametrize("kind", ["password_changed_notification", "signup"])
    def test_an_email_without_a_code_is_refused_with_the_reason(self, call, refused, kind):
        message = refused(call(email(email_action_type=kind, token=""), EMAIL), 422)
        assert message == "This message has no code, and only codes are sent."


class TestSignatures:
    @pytest.mark.parametrize("keys", [KEYS[:1], KEYS[1:2], KEYS[:2], [b"x" * 32, KEYS[1]]])
    def test_any_secret_of_the_app_will_do_while_one_is_rotated(self, call, messages, keys):
        assert call(sms(), keys=keys).text == "{}"
        assert len(messages()) == 1

    def test_the_secret_names_the_app_with_its_settings(self, call, refused, messages):
        assert "this country" in refused(call(sms(), keys=KEYS[2:]), 403)
        assert messages() == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"keys": [b"x" * 32]},
            {"keys": []},
            {"age": 301},
            {"age": -302},
            {"message_id": ""},
            {"headers": {"webhook-signature": "v1,"}},
            {"headers": {"webhook-signature": "nönsense"}},
            {"headers": {"webhook-signature": ", ".join(["v1,x"] * 500)}},
            {"headers": {"webhook-timestamp": "now"}},
            {"headers": {"webhook-id": "msg_2"}},
        ],
    )
    @pytest.mark.parametrize("path", [SMS, EMAIL])
    def test_no_other_request_counts(self, call, failed, redis, path, wrong):
        payload = sms() if path == SMS else email()
        failed(call(payload, path, **wrong), 401)
        assert redis.keys() == []

    def test_nothing_else_is_looked_at_without_one(self, call, failed):
        failed(call(b"{", f"{SMS}?channel=fax", keys=[b"x" * 32]), 401)

    @pytest.mark.parametrize("age", [-298, 298])
    def test_clocks_may_differ_by_five_minutes(self, call, age):
        assert call(sms(), age=age).text == "{}"

    def test_the_body_is_signed_as_it_is(self, client, failed):
        headers = signed(encoded(sms()), KEYS[:1])
        failed(client.post(SMS, data=encoded(sms(OTP[::-1])), headers=headers), 401)

    def test_an_api_key_is_no_signature(self, client, failed):
        auth = {"Authorization": f"Bearer {KEYS_OF_APPS['OTP_API_KEYS'].partition(':')[2]}"}
        failed(client.post(SMS, json=sms(), headers=auth), 401)


class TestRefusals:
    @pytest.mark.parametrize(
        ("env", "status", "said"),
        [
            ({**ENV, "OTP_BUDGET": "sms:1"}, 429, "Another code cannot be sent yet."),
            ({**ENV, "OTP_LIMIT_APP": "1/1h"}, 429, "Another code cannot be sent yet."),
            ({**ENV, "OTP_BLOCKED_PREFIXES": "+1415"}, 403, "does not send codes to this number"),
            ({**ENV, "OTP_SMS_SENDERS": "none"}, 403, "This channel is not enabled."),
        ],
    )
    def test_supabase_shows_the_reason(self, call, refused, status, said):
        call(sms())
        assert said in refused(call(sms(phone="14155550199"), message_id="b"), status)

    @pytest.mark.parametrize("env", [{**ENV, "OTP_LIMIT_IP": "1/1h"}])
    def test_supabases_address_does_not_count(self, call):
        answers = [call(sms(phone=f"1415555010{n}"), message_id=str(n)) for n in range(3)]
        assert [answer.text for answer in answers] == ["{}"] * 3

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"sms": {"otp": "12"}}, "Does not match"),
            ({"sms": {"otp": 561166, "phone": "14155550123"}}, "Expected a string"),
            ({"sms": {}}, "This field is missing"),
            ({"sms": None}, "not valid"),
            ({"user": []}, "not valid"),
            ({"sms": {"otp": OTP, "phone": "1" * 600}}, "Expected at most 512"),
            ({"sms": {"otp": OTP, "phone": "12\x00"}}, "valid phone number"),
        ],
    )
    def test_a_payload_that_is_not_supabases_is_named_and_not_repeated(
        self, call, refused, messages, change, said
    ):
        message = refused(call({**sms(), **change}), 422)
        assert said in message
        assert OTP not in message
        assert messages() == []

    @pytest.mark.parametrize(
        "content", [b"", b"[]", b"{", b"\xff", b'{"a": 1, "a": 2}', b"[" * 9999]
    )
    def test_a_body_that_is_no_object_is_malformed(self, call, failed, content):
        failed(call(content), 400)

    def test_a_user_may_come_with_much_and_not_with_everything(self, call, failed):
        assert call(sms(user_metadata={"avatar": "x" * 200_000})).text == "{}"
        failed(call(sms(user_metadata={"avatar": "x" * 300_000}), message_id="b"), 413)

    def test_a_body_of_another_type_is_refused(self, call, failed):
        failed(call(sms(), headers={"Content-Type": "text/plain"}), 415)

    def test_only_posts_are_answered(self, client):
        answer = client.get(SMS)
        assert answer.status_code == 405
        assert "POST" in answer.headers["Allow"]

    @pytest.mark.parametrize("env", [KEYS_OF_APPS])
    @pytest.mark.parametrize("path", [SMS, EMAIL])
    def test_without_a_secret_there_is_no_hook(self, call, path):
        assert call(sms(), path).status_code == 404


def test_it_cannot_be_checked_here(call, caller, problem, client):
    call(sms())
    auth = {"Authorization": f"Bearer {KEYS_OF_APPS['OTP_API_KEYS'].partition(':')[2]}"}
    problem(caller.verify(OTP, headers=auth), 404, "verification_not_found")


def test_it_is_answered_while_every_provider_hangs(call, sender, messages):
    """The answer needs no sender: the message waits for a worker."""
    assert call(sms()).text == "{}"
    assert sender.messages == []
    assert len(messages()) == 1


def test_the_code_is_neither_in_redis_nor_in_a_log(call, messages, everything_in_redis, caplog):
    caplog.set_level(logging.DEBUG)
    call(sms())
    call(sms("999999"), message_id="b")
    messages()
    kept = everything_in_redis()
    assert b"'sealed'" in kept
    assert OTP.encode() not in kept
    lines = [JsonLines().format(record) for record in caplog.records]
    assert lines
    assert not any(one in line for line in lines for one in (OTP, "999999", PHONE, PHONE[1:]))


def test_the_guide_shows_what_works(client):
    guide = GUIDE.read_text(encoding="utf-8")
    assert len(guide.splitlines()) <= 80
    (config,) = (
        tomllib.loads(block) for block in re.findall("```toml\n(.*?)```", guide, re.DOTALL)
    )
    (secret,) = re.findall('OTP_HOOK_SECRETS="([^"]+)"', guide)
    hook = config["auth"]["hook"]["send_sms"]
    assert secret == f"shop:{hook['secrets']}"
    for path in set(re.findall(r"otp\.example\.com(/[\w/]+)", guide)):
        assert client.post(path).status_code == 401
    (shown,) = re.findall(r"^200 (\{.*\})$", guide, re.MULTILINE)
    error = json.loads(shown)["error"]
    limit = RateLimited("resend", Limit(count=1, window_seconds=30), retry_after=27)
    with client.application.test_request_context(SMS):
        assert answer(limit).json == {"error": error}
