"""Codes that the caller has made up."""

import logging

import pytest

from shared.codes import Codes
from shared.logs import JsonLines
from tests.user import PHONE

CODE = "73519024"


@pytest.fixture
def service(v2) -> str:
    return v2.service(CustomCodeEnabled="true")


def test_is_what_the_message_says_and_what_is_approved(v2, service, sender, run_worker):
    v2.start(service, CustomCode=CODE)
    run_worker()

    assert sender.code_for(PHONE) == CODE
    assert v2.check(service, "123456").json["status"] == "pending"
    assert v2.check(service, CODE).json["status"] == "approved"


def test_the_status_says_that_the_caller_made_it(v2, client, service):
    of = {v2.start(service, PHONE[:-1] + "1")["sid"]: "service"}
    of[v2.start(service, CustomCode=CODE)["sid"]] = "caller"
    seen = {sid: client.get(f"/verify/{sid}/status").json["code_from"] for sid in of}
    assert seen == of


def test_is_sent_again_as_it_is(v2, service, sender, run_worker):
    one = v2.start(service, CustomCode=CODE)
    assert v2.start(service, channel="call")["sid"] == one["sid"]
    run_worker()

    assert [message.code for message in sender.messages] == [CODE, CODE]
    assert v2.check_sid(service, one["sid"], CODE).json["valid"] is True


def test_another_one_takes_the_place_of_the_first(v2, service, sender, run_worker):
    one = v2.start(service)
    assert v2.start(service, CustomCode=CODE)["sid"] == one["sid"]
    assert v2.start(service, CustomCode="5555")["sid"] == one["sid"]
    run_worker()

    # The messages that would still have told the earlier ones are dropped.
    assert [message.code for message in sender.messages] == ["5555"]
    assert v2.check(service, CODE).json["valid"] is False
    assert v2.check(service, "5555").json["valid"] is True


@pytest.mark.parametrize("code", ["123", "12345678901", "12a4", "1234 5"])
def test_a_malformed_one_is_refused_and_not_repeated(v2, service, refused, code):
    message = refused(v2.ask(service, CustomCode=code), 400, 60200)["message"]

    assert "CustomCode" in message
    assert code not in message


def test_is_ignored_where_it_is_not_enabled(v2, sender, run_worker):
    service = v2.service()
    v2.start(service, CustomCode=CODE)
    run_worker()

    assert sender.code_for(PHONE) != CODE
    assert v2.check(service, CODE).json["valid"] is False


def test_is_in_clear_neither_in_redis_nor_in_a_log(
    v2, service, everything_in_redis, run_worker, caplog
):
    caplog.set_level(logging.DEBUG)
    held = []
    for step in (
        lambda: v2.start(service, CustomCode=CODE),
        run_worker,
        lambda: v2.check(service, CODE[::-1]),
        lambda: v2.start(service, channel="call"),
        lambda: v2.check(service, CODE),
    ):
        step()
        held.append(everything_in_redis())

    assert b"'sealed'" in held[0]
    for text in held:
        assert CODE.encode() not in text
    lines = [JsonLines().format(record) for record in caplog.records]
    assert lines
    assert not any(CODE in line or CODE[::-1] in line for line in lines)


def test_two_seals_of_one_code_have_nothing_in_common(v2, service, redis):
    seals = set()
    for last in "012":
        sid = v2.start(service, PHONE[:-1] + last, CustomCode=CODE)["sid"]
        seals.add(redis.hget(f"otp:code:{sid}", "sealed"))

    assert len(seals) == 3


def test_is_nothing_to_whoever_moves_it_elsewhere(v2, service, redis, sender, run_worker):
    one = v2.start(service, CustomCode=CODE)
    other = v2.start(service, PHONE[:-1] + "9")
    sealed = redis.hget(f"otp:code:{one['sid']}", "sealed")
    redis.hset(f"otp:code:{other['sid']}", "sealed", sealed)
    run_worker()

    assert [message.to for message in sender.messages] == [PHONE]


def test_is_opened_also_when_a_new_key_is_in_front(v2, service, settings, redis, run_worker):
    one = v2.start(service, CustomCode=CODE)
    sealed = redis.hget(f"otp:code:{one['sid']}", "sealed").decode()

    rotated = Codes({"k2": bytes(32), **settings.secret_keys()})

    assert rotated.unseal("k1", one["sid"], sealed) == CODE
    assert rotated.unseal("k2", one["sid"], rotated.seal(one["sid"], CODE)) == CODE


class TestATestNumber:
    @pytest.fixture
    def more(self) -> dict[str, str]:
        return {"OTP_TEST_NUMBERS": f"{PHONE}:4242"}

    def test_has_its_own_code_also_where_the_caller_makes_one_up(
        self, v2, service, sender, run_worker
    ):
        for form in ({}, {"CustomCode": CODE}):
            v2.start(service, **form)
            run_worker()
            assert sender.messages == []
            assert v2.check(service, CODE).json["valid"] is False
            assert v2.check(service, "4242").json["valid"] is True
