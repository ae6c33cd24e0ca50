"""Somebody wants messages sent: at a victim, or at the owner's cost."""

from collections import Counter

import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType, example_number_for_type, format_number

from tests.user import OTHER_PHONE, PHONE

pytestmark = pytest.mark.parametrize("redis", ["fake"], indirect=True)

KEY = "s" * 32
PAID = {
    "OTP_API_KEYS": f"shop:{KEY}",
    "OTP_SMS_SENDERS": "webhook://whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3@gateway/",
    "OTP_LIMIT_IP": "100000/1h",
}
SPELLINGS = (
    "+14155550123",
    "+1 415 555 0123",
    "+1 (415) 555-0123",
    "+1-415-555-0123",
    "+1.415.555.0123",
    "tel:+1-415-555-0123",
    " \u202a+1415\u200b5550123\u202c ",
    "＋1 415 555 0123",
    "+1４１５５５５０１２３",
    "+1 415/555/0123",
)
# Each would be the same number to phonenumbers, and is another one to somebody else.
ODD_SPELLINGS = (
    "+1 415 555 0123;ext=12",
    "+14155550123x12",
    "+1-415-555-OTPS",
    "+14155550123\x00",
    "+1415555\n0123",
)


def address(number: int) -> str:
    """The one half has IPv4, the other an IPv6 network each."""
    if number % 2:
        return f"2001:db8:{number:x}::1"
    return f"198.51.{number // 250}.{number % 250}"


def test_a13_one_victim_under_any_spelling_from_anywhere(post, clock, figure):
    """1,000 addresses, each with one of 10 spellings, within an hour."""
    sent: list[int] = []
    for number in range(1_000):
        # Each spelling comes from IPv4 and from IPv6.
        phone = SPELLINGS[number // 2 % 10]
        answer = post("/generate-otp", phone=phone, ip=address(number))
        assert answer.status_code in (202, 429)
        if answer.status_code == 202:
            sent.append(number)
        clock.shift(3.6)
    # 167 of them are ten minutes.
    in_10_minutes = max(sum(first <= n < first + 167 for n in sent) for first in sent)
    assert (in_10_minutes, len(sent)) == (5, 10)
    of = "1,000 addresses, 10 spellings, one victim"
    figure(f"{of}: messages in an hour", f"{len(sent)} [≤ 10]")
    figure(f"{of}: in 10 minutes", f"{in_10_minutes} [≤ 5]")


@pytest.mark.parametrize("phone", ODD_SPELLINGS, ids=ascii)
def test_a13_spellings_that_mean_another_number_elsewhere_are_refused(post, phone):
    assert post("/generate-otp", phone=phone).status_code == 422


def test_a10_an_idempotency_key_is_no_way_around_anything(post, redis):
    def start(key: str, phone: str = PHONE, **more):
        return post("/generate-otp", phone=phone, headers={"Idempotency-Key": key}, **more)

    first = start("k")
    assert start("k").data == first.data
    assert start("k", OTHER_PHONE).json["code"] == "idempotency_conflict"
    # Another key is another request, and the resend wait holds.
    assert start("l").json["scope"] == "resend"
    for malformed in ("x" * 256, "", "a\x7f", "ä".encode().decode("latin-1")):
        assert start(malformed).json["code"] == "invalid_request"
    assert not [key for key in redis.keys() if key.endswith(b":k")]


@pytest.mark.parametrize(
    ("env", "header", "clients"),
    [
        ({}, "6.6.6.{n}", 1),
        ({"OTP_TRUSTED_PROXIES": "1"}, "6.6.6.{n}, 198.51.100.7", 1),
        ({"OTP_TRUSTED_PROXIES": "1"}, "198.51.100.{n}", 3),
        ({"OTP_TRUSTED_PROXIES": "2"}, "6.6.6.{n}, 198.51.100.7, 10.0.0.1", 1),
        ({"OTP_TRUSTED_PROXIES": "1"}, "2001:db8::{n}", 1),
        ({"OTP_TRUSTED_PROXIES": "1"}, "::ffff:198.51.100.{n}", 3),
        ({"OTP_TRUSTED_PROXIES": "1"}, "garbage{n}", 1),
    ],
)
@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP"])
def test_a12_nobody_is_somebody_else_by_a_header(env, header, clients, name, post, redis):
    if name != "X-Forwarded-For":
        clients = 1
    for n in range(3):
        post("/generate-otp", phone=f"+1415555010{n}", headers={name: header.format(n=n)})
    assert len(redis.keys("otp:limit:ip:*")) == clients


ALLOWED = {"OTP_ALLOWED_COUNTRIES": "US GB DE", "OTP_LIMIT_IP": "1000/1h"}
# Regions whose numbers begin like those of an allowed one.
NEIGHBOURS = (
    *("CA", "JM", "DO", "BS", "BB", "PR", "TT", "BM", "KY", "AG", "LC", "VC", "GD", "TC", "GU"),
    *("JE", "GG"),
    *("KZ", "RU", "FR", "PL", "AT", "CH"),
)


def example(region: str, kind: int) -> str | None:
    number = example_number_for_type(region, kind)
    return format_number(number, PhoneNumberFormat.E164) if number else None


@pytest.mark.parametrize("env", [ALLOWED])
def test_a14_a_country_is_its_region_and_not_how_its_numbers_begin(post):
    for region in ("US", "GB", "DE"):
        answer = post("/generate-otp", phone=example(region, PhoneNumberType.MOBILE))
        assert answer.status_code == 202, region
    for region in NEIGHBOURS:
        answer = post("/generate-otp", phone=example(region, PhoneNumberType.MOBILE))
        assert answer.json["code"] == "country_not_allowed", region
    for satellite in ("+870773111632", "+881612345678", "+883510012345678", "+80012345678"):
        assert post("/generate-otp", phone=satellite).status_code in (403, 422), satellite


@pytest.mark.parametrize("env", [{"OTP_LIMIT_IP": "1000/1h"}])
@pytest.mark.parametrize("kind", [PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST])
def test_a14_numbers_that_earn_by_messages_are_refused_by_default(post, kind):
    phones = [
        phone
        for region in ("US", "GB", "DE", "FR", "ES", "IT", "AU", "NL", "CH", "AT", "BE", "JP")
        if (phone := example(region, kind))
    ]
    assert len(phones) >= 5
    for phone in phones:
        assert post("/generate-otp", phone=phone).json["code"] == "recipient_blocked", phone


@pytest.mark.parametrize("env", [PAID])
@pytest.mark.parametrize(("pace", "seconds"), [("at once", 0), ("over a day", 86400 / 500)])
def test_a16_pumping_is_held_and_a_campaign_is_not(post, caller, clock, pace, seconds, figure):
    """500 numbers of a block that never verify, and 500 of another of which 70 % do."""
    shop = {"Authorization": f"Bearer {KEY}"}
    sent = Counter[str]()
    for number in range(500):
        pumped = post("/generate-otp", phone=f"+1415555{number:04}", headers=shop)
        sent["pumped"] += pumped.status_code == 202
        genuine = f"+1213555{number:04}"
        started = post("/generate-otp", phone=genuine, headers=shop)
        sent["genuine"] += started.status_code == 202
        if number % 10 < 7:
            typed = caller.verify(caller.code(started), headers=shop, phone=genuine)
            sent["verified"] += typed.status_code == 200
        if seconds:
            clock.shift(seconds)
    assert sent == {"pumped": 20, "genuine": 500, "verified": 350}
    figure(f"pumping of 500 numbers {pace}: messages", f"{sent['pumped']} [≤ 20]")
    figure("a campaign beside it, 70 % verified: messages of 500", f"{sent['genuine']} [500]")


@pytest.mark.parametrize("env", [{**PAID, "OTP_BUDGET": "sms:50", "OTP_GUARD": "off"}])
def test_a11_a_flood_of_numbers_ends_at_the_budget(post):
    shop = {"Authorization": f"Bearer {KEY}"}
    answers = [
        post("/generate-otp", phone=f"+1415555{number:04}", headers=shop) for number in range(100)
    ]
    assert [answer.status_code for answer in answers] == [202] * 50 + [429] * 50
    assert answers[-1].json["scope"] == "budget"
