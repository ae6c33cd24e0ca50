"""`app_hash`: an SMS that an Android app reads by itself."""

import json
from typing import ClassVar

import pytest

from tests.user import PHONE

HASH = "FA+9qCX9VSu"
OTHER_HASH = "AAAAAAAAAAA"
NO_WAIT = {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "1000/1h"}
LONG_NAME = {"OTP_APP_NAME": "😀" * 30}


@pytest.fixture
def texts(sender, run_worker):
    """The texts that were sent."""

    def texts() -> list[str]:
        run_worker()
        return [message.text for message in sender.messages]

    return texts


def endings(texts: list[str]) -> list[str]:
    return [text[-11:] for text in texts]


def test_the_sms_ends_in_it(caller, texts):
    assert caller.generate(app_hash=HASH).status_code == 202
    (text,) = texts()
    assert text.endswith(f" with anyone.\n\n{HASH}")


@pytest.mark.parametrize(
    "app_hash",
    ["", "FA+9qCX9VS", "FA+9qCX9VSuu", "FA-9qCX9VSu", "FA+9qCX9VS=", f"{HASH}\n", " " + HASH, 1],
)
def test_what_is_no_hash_is_refused_by_name(caller, problem, redis, app_hash):
    body = problem(caller.generate(app_hash=app_hash), 422, "invalid_request")
    assert [error["field"] for error in body["errors"]] == ["app_hash"]
    assert redis.keys() == []


@pytest.mark.parametrize("env", [LONG_NAME])
@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_without_room_for_it_the_request_is_refused_and_nothing_counts(
    caller, problem, redis, channel
):
    body = problem(caller.generate(app_hash=HASH, channel=channel), 422, "invalid_request")
    assert body["errors"] == [
        {
            "field": "app_hash",
            "message": "an SMS that ends in it does not fit in 140 bytes; use a shorter app name",
        }
    ]
    assert redis.keys("otp:*") == []
    assert caller.generate(channel=channel).status_code == 202


@pytest.mark.parametrize("env", [{**LONG_NAME, "OTP_SMS_ROUTES": "US.text = 'Use {code}.'"}])
def test_a_registered_text_has_no_room_for_it_and_needs_none(caller):
    assert caller.generate(app_hash=HASH).status_code == 202


@pytest.mark.parametrize("env", [LONG_NAME])
def test_for_an_email_it_means_nothing(caller, texts):
    assert caller.generate(email="a@example.com", app_hash=HASH).status_code == 202
    (text,) = texts()
    assert HASH not in text


@pytest.mark.parametrize("env", [NO_WAIT])
class TestAResend:
    def test_has_it_too(self, caller, client, texts):
        started = caller.generate(app_hash=HASH).json
        caller.generate()
        client.post(f"/verify/{started['verification_id']}/resend", json={"channel": "sms"})
        assert endings(texts()) == [HASH] * 3

    def test_by_sms_has_it_after_another_channel(self, caller, client, texts):
        started = caller.generate(app_hash=HASH, channel="call").json
        client.post(f"/verify/{started['verification_id']}/resend", json={"channel": "sms"})
        call, sms = texts()
        assert HASH not in call
        assert sms.endswith(f"\n\n{HASH}")

    def test_can_name_another_app(self, caller, texts):
        caller.generate(app_hash=HASH)
        texts()
        caller.generate(app_hash=OTHER_HASH)
        assert endings(texts()) == [HASH, OTHER_HASH]

    def test_of_the_next_verification_does_not_have_it(self, caller, texts):
        started = caller.generate(app_hash=HASH)
        caller.verify(caller.code(started))
        caller.generate()
        assert HASH not in texts()[-1]


@pytest.mark.parametrize("env", [{**NO_WAIT, "OTP_APP_NAME": "A" * 30}])
def test_the_page_can_resend_in_a_language_without_room_for_it(caller, client, problem):
    started = caller.generate(app_hash=HASH).json
    problem(caller.generate(app_hash=HASH, locale="hi"), 422, "invalid_request")
    resend = {"channel": "sms", "locale": "hi"}
    answer = client.post(f"/verify/{started['verification_id']}/resend", json=resend)
    assert answer.status_code == 202


class TestAnIdempotencyKey:
    HEADERS: ClassVar = {"Idempotency-Key": "order 4711"}

    def test_is_for_one_hash(self, caller, problem):
        first = caller.generate(app_hash=HASH, headers=self.HEADERS).json
        assert caller.generate(app_hash=HASH, headers=self.HEADERS).json == first
        for other in {"app_hash": OTHER_HASH}, {}:
            problem(caller.generate(headers=self.HEADERS, **other), 409, "idempotency_conflict")

    def test_of_a_request_without_it_is_as_an_earlier_version_wrote_it(self, caller, codes, redis):
        caller.generate(headers=self.HEADERS)
        caller.generate(headers=self.HEADERS, app_hash=None)
        earlier = dict.fromkeys(("email", "channel", "locale", "proof"))
        request = codes.tag("default", json.dumps({**earlier, "phone": PHONE}, sort_keys=True))
        (key,) = redis.keys("otp:idempotency:*")
        assert redis.get(key).decode().split()[0] == request


def test_redis_has_it_with_the_verification_only(caller, redis, everything_in_redis):
    caller.generate(app_hash=HASH)
    hashes = [key for key in redis.keys("otp:*") if redis.type(key) == b"hash"]
    found = [key for key in hashes if HASH.encode() in redis.hvals(key)]
    assert [key.rpartition(b":")[0] for key in found] == [b"otp:verification"]
    assert everything_in_redis().count(HASH.encode()) == 1


def test_without_it_redis_has_nothing_of_it(caller, everything_in_redis):
    caller.generate()
    assert b"app_hash" not in everything_in_redis()


def test_it_is_not_logged(caller, problem, texts, caplog):
    caplog.set_level("DEBUG")
    caller.generate(app_hash=HASH)
    problem(caller.generate(app_hash=HASH), 429, "rate_limited")
    texts()
    logged = [json.dumps(vars(record), default=str) for record in caplog.records]
    assert logged
    assert not [line for line in logged if HASH in line]
