"""A verification from its start to its end, on fakeredis and on a real server."""

import time

import pytest

from shared.errors import (
    ChannelNotEnabled,
    CountryNotAllowed,
    IncorrectCode,
    InvalidRequest,
    RecipientBlocked,
    VerificationNotFound,
)
from shared.verification.model import Checked, Started, parse_otp
from tests.user import OTHER_PHONE, PHONE


def test_a_start_tells_all_that_the_caller_needs(user):
    started = user.ask()
    assert started == Started(
        verification_id=started.verification_id,
        send=1,
        channel="sms",
        to="+1415*****23",
        expires_in=300,
        resend_in=30,
        checks_left=5,
        sends_left=4,
    )


def test_verification_ids_are_unpredictable(user, clock):
    first = user.ask().verification_id
    second = user.ask(OTHER_PHONE).verification_id
    assert first != second
    assert first.startswith("VE")
    assert len(bytes.fromhex(first[2:])) == len(bytes.fromhex(second[2:])) == 16


def test_the_right_code_is_approved_once(user):
    started = user.ask()
    code = user.code(started)
    approved = user.type(code)
    assert approved == Checked(
        verification_id=started.verification_id,
        approved=True,
        channel="sms",
        to="+1415*****23",
        clear_to=PHONE,
        checks_left=4,
        created_at=approved.created_at,
        at=approved.at,
    )
    assert approved.created_at <= approved.at
    assert PHONE not in repr(approved)
    with pytest.raises(VerificationNotFound):
        user.type(code)
    assert user.status(started) == "approved"


def test_the_right_code_is_approved_by_the_id_once(user):
    started = user.ask()
    code = user.code(started)
    assert user.type_by_id(code, started.verification_id).to == "+1415*****23"
    with pytest.raises(VerificationNotFound):
        user.type_by_id(code, started.verification_id)
    with pytest.raises(VerificationNotFound):
        user.type(code)


@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "4"}, {"OTP_CODE_LENGTH": "10"}])
def test_a_code_has_the_length_of_the_policy(user, settings):
    started = user.ask()
    user.type(user.code(started, length=settings.otp_code_length))


@pytest.mark.parametrize(
    "typed",
    ["123456", " 123456 ", "123 456", "12-34-56", "1 2 3 4 5 6", "123 - 456",
     # White space of every kind, also around the code and several in a row.
     "123456\n", "\t123456\r\n", "123\r\n456", "123\xa0456", "123\u2009456", "123\u202f456",
     "123\u3000456", "123\u2028456", "12  3456",
     # Dashes of every kind.
     "123\u2010456", "123‑456", "123–456", "123—456", "123−456", "123ー456", "123－456",
     # Digits of any script, also mixed.
     "١٢٣٤٥٦", "۱۲۳۴۵۶", "१२३४५६", "１２３４５６", "১২৩৪৫৬", "๑๒๓๔๕๖", "𝟏𝟐𝟑𝟜𝟝𝟞", "１２３ ४५६",
     # What cannot be seen: direction marks, zero widths, byte order mark, soft hyphen, variation
     # selectors, and any number of them.
     "\u202a123456\u202c", "\u200f١٢٣٤٥٦\u200e", "\u2066123456\u2069", "\ufeff123456", "123\xad456",
     "123\u200b456", "12\u200d34\u200c56", "123\u2060456", "1\ufe0f2\ufe0f3\ufe0f456",
     "\u2068".join("123456") + "\u2069" * 40],
    ids=ascii,
)  # fmt: skip
def test_a_code_is_the_same_however_it_is_typed_or_pasted(typed):
    assert parse_otp(typed) == "123456"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "12345", "1234567", "12345a", "123--456", "-123456", "123456-", "+123456",
     "١٢٣٤٥", "１２３４５６７", "\u200b", "123456a", "１２３４５ａ", "123.456", "123_456",
     "①②③④⑤⑥", "¹²³⁴⁵⁶", "一二三四五六", "ⅠⅡⅢⅣⅤⅥ", "123\x00456", "1e5", "0x1234",
     "12345\ud800"],
    ids=ascii,
)  # fmt: skip
def test_what_is_not_of_a_codes_form_is_refused_and_counts_nothing(user, typed):
    started = user.ask()
    with pytest.raises(InvalidRequest):
        user.type(typed)
    with pytest.raises(InvalidRequest):
        user.type_by_id(typed, started.verification_id)
    assert user.mistype(started) == 4


def test_a_code_is_of_no_use_to_another_recipient_or_app(user):
    started = user.ask()
    user.ask(OTHER_PHONE)
    user.ask(app="other")
    code = user.code(started)
    with pytest.raises(IncorrectCode):
        user.type(code, OTHER_PHONE)
    with pytest.raises(IncorrectCode):
        user.type(code, app="other")
    with pytest.raises(VerificationNotFound):
        user.type_by_id(code, started.verification_id, app="other")
    user.type(code)


def test_a_code_for_an_email_address_is_approved(user):
    started = user.ask("a@example.com", "email")
    assert started.to == "a***@example.com"
    assert user.type(user.code(started), "A@EXAMPLE.com").channel == "email"


def test_nothing_is_found_for_who_never_asked(user):
    with pytest.raises(VerificationNotFound):
        user.type("123456")
    with pytest.raises(VerificationNotFound):
        user.type_by_id("123456", "VE" + "0" * 32)


@pytest.mark.parametrize("verification_id", ["", "VE", "x" * 34, "VE" + "G" * 32, "../VE", "*"])
def test_an_id_of_another_form_is_not_found(user, service, verification_id):
    user.ask()
    with pytest.raises(VerificationNotFound):
        service.view(verification_id, app="default")
    with pytest.raises(VerificationNotFound):
        service.cancel(verification_id, app="default")
    with pytest.raises(VerificationNotFound):
        user.type_by_id("123456", verification_id)


def test_a_code_ends_exactly_at_its_deadline(user, clock):
    first, second = user.ask(), user.ask(OTHER_PHONE)
    clock.shift(295)
    user.type(user.code(first))
    assert user.status(second) == "pending"
    clock.shift(5)
    with pytest.raises(VerificationNotFound):
        user.type(user.code(second), OTHER_PHONE)
    assert user.status(second) == "expired"


@pytest.mark.parametrize("redis", ["fake"], indirect=True)
def test_a_code_ends_in_the_millisecond_of_its_deadline(user, clock):
    first, second = user.ask(), user.ask(OTHER_PHONE)
    clock.shift(299.999)
    user.type(user.code(first))
    clock.shift(0.001)
    with pytest.raises(VerificationNotFound):
        user.type(user.code(second), OTHER_PHONE)


def test_a_code_ends_at_its_deadline_even_if_somebody_makes_redis_keep_it(user, redis, clock):
    started = user.ask()
    for key in redis.keys():
        redis.persist(key)
    clock.shift(300)
    with pytest.raises(VerificationNotFound):
        user.type(user.code(started))
    with pytest.raises(VerificationNotFound):
        user.type_by_id(user.code(started), started.verification_id)
    assert user.status(started) == "expired"
    assert user.ask().verification_id != started.verification_id


def test_after_its_end_a_new_verification_starts_at_once(user):
    started = user.ask()
    user.type(user.code(started))
    again = user.ask()
    assert again.verification_id != started.verification_id
    assert again.sends_left == 4
    with pytest.raises(IncorrectCode):
        user.type(user.code(started))
    user.type(user.code(again))


def test_a_canceled_verification_is_over(user, service):
    started = user.ask()
    service.cancel(started.verification_id, app="default")
    assert user.status(started) == "canceled"
    with pytest.raises(VerificationNotFound):
        user.type(user.code(started))
    with pytest.raises(VerificationNotFound):
        user.type_by_id(user.code(started), started.verification_id)
    with pytest.raises(VerificationNotFound):
        service.cancel(started.verification_id, app="default")


def test_only_the_pending_verification_of_the_same_app_can_be_canceled(user, service, clock):
    started, approved = user.ask(), user.ask(OTHER_PHONE)
    with pytest.raises(VerificationNotFound):
        service.cancel(started.verification_id, app="other")
    user.type(user.code(approved), OTHER_PHONE)
    with pytest.raises(VerificationNotFound):
        service.cancel(approved.verification_id, app="default")
    clock.shift(300)
    with pytest.raises(VerificationNotFound):
        service.cancel(started.verification_id, app="default")


def test_a_view_shows_what_became_of_a_verification(user, service, clock):
    started = user.ask()
    clock.shift(10)
    user.mistype(started)
    seen = service.view(started.verification_id, app="default")
    assert (seen.status, seen.channel, seen.to) == ("pending", "sms", "+1415*****23")
    assert (seen.checks_left, seen.sends_left) == (4, 4)
    assert (seen.expires_in, seen.resend_in) == (clock.left(290), clock.left(20))
    assert seen.expires_at - seen.created_at == 300
    assert [(send.number, send.status, send.attempts) for send in seen.sends] == [(1, "queued", ())]
    clock.shift(290)
    seen = service.view(started.verification_id, app="default")
    assert (seen.status, seen.expires_in, seen.resend_in) == ("expired", 0, 0)


@pytest.mark.parametrize(
    ("env", "hours"), [({}, 24), ({"OTP_KEEP": "1h"}, 1), ({"OTP_KEEP": "7d"}, 168)]
)
def test_a_view_is_kept_for_a_day_after_the_end_or_as_the_owner_says(user, clock, hours):
    started = user.ask()
    clock.shift(300 + hours * 3600 - 5)
    assert user.status(started) == "expired"
    clock.shift(6)
    with pytest.raises(VerificationNotFound):
        user.status(started)


def test_another_app_sees_nothing(user):
    started = user.ask()
    with pytest.raises(VerificationNotFound):
        user.status(started, app="other")


def only_the_refusal_is_known(redis) -> bool:
    return {key for key in redis.keys() if not key.startswith(b"otp:stats:")} == {
        b"otp:events",
        b"otp:refusals",
    }


@pytest.mark.parametrize("env", [{"OTP_ALLOWED_COUNTRIES": "DE FR"}])
def test_numbers_of_other_countries_are_refused(user, redis):
    for number in (PHONE, "+80012345678"):
        with pytest.raises(CountryNotAllowed):
            user.ask(number)
    assert only_the_refusal_is_known(redis)
    user.ask("+4915112345678")
    user.ask("a@example.com", "email")


@pytest.mark.parametrize("env", [{"OTP_BLOCKED_PREFIXES": "+1415555 +4487"}])
def test_blocked_ranges_are_refused(user, redis):
    with pytest.raises(RecipientBlocked):
        user.ask()
    assert only_the_refusal_is_known(redis)
    user.ask("+14156660123")


@pytest.mark.parametrize("env", [{"OTP_CALL_SENDERS": ","}])
def test_a_channel_without_senders_is_refused(user, redis):
    with pytest.raises(ChannelNotEnabled):
        user.ask(channel="call")
    assert only_the_refusal_is_known(redis)


@pytest.mark.parametrize("separators", [" " * 8000, "-" * 8000, " -" * 4000, "\u200b \xa0" * 3000])
def test_a_long_text_that_is_no_code_is_refused_soon(separators):
    begun = time.process_time()
    with pytest.raises(InvalidRequest):
        parse_otp(f"1{separators}x")
    assert time.process_time() - begun < 0.2
