"""The hooks of Supabase Auth, when a call comes again."""

import pytest

from tests.api.hooks.supabase import EMAIL, SECRETS, email, sms

OTP = "561166"
ENV = {"OTP_HOOK_SECRETS": f"shop:{SECRETS[0]}"}
NO_WAIT = {**ENV, "OTP_RESEND_SECONDS": "0"}


@pytest.fixture
def env():
    return ENV


@pytest.mark.parametrize("env", [NO_WAIT])
def test_the_same_id_sends_once(call, messages):
    assert [call(sms()).text for _ in range(3)] == ["{}"] * 3
    assert len(messages()) == 1


@pytest.mark.parametrize("env", [NO_WAIT])
def test_the_same_id_never_sends_something_else(call, messages, failed):
    call(sms())
    failed(call(sms("999999")), 409)
    assert [message.code for message in messages()] == [OTP]


def test_supabase_repeats_a_request_with_another_id(call, messages):
    assert [call(sms(), message_id=f"msg_{n}").text for n in range(3)] == ["{}"] * 3
    assert len(messages()) == 1


@pytest.mark.parametrize("env", [NO_WAIT])
def test_a_repeated_change_of_an_email_sends_each_code_once(call, messages):
    data = {"email_action_type": "email_change", "token": "111111", "token_new": "222222"}
    for n in range(2):
        call(email(new="new@example.com", **data), EMAIL, message_id=f"msg_{n}")
    assert sorted(message.code for message in messages()) == ["111111", "222222"]


def test_after_a_refusal_it_may_come_again(call, refused, messages, clock):
    call(sms("111111"), message_id="a")
    refused(call(sms(), message_id="b"), 429)
    clock.shift(30)
    assert call(sms(), message_id="b").text == "{}"
    assert [message.code for message in messages()][-1] == OTP
