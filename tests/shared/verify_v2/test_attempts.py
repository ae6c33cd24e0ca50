"""The sends of an account, and how many of them had somebody verified."""

import pytest

from shared.recipient import parse_email, parse_phone
from shared.verify_v2.attempts import ServiceSends, Summary, Wanted, attempt_sid
from tests.conftest import EVERY_REDIS, redis_of
from tests.user import OTHER_PHONE, PHONE

redis = redis_of(*EVERY_REDIS)

SHOP, BANK = "VA" + 32 * "a", "VA" + 32 * "b"
GERMAN = "+4915123456789"
MAIL = "ada@example.com"


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_RESEND_SECONDS": "0", "OTP_LIMIT_IP": "none", "OTP_LIMIT_TO": "none"}


@pytest.fixture
def attempts(scripts, codes) -> ServiceSends:
    return ServiceSends(scripts, codes)


@pytest.fixture
def ask(user, terms_of):
    """Ask a Service of the account for a code."""

    def ask(to: str = PHONE, channel="sms", *, service: str = SHOP, account: str = "shop"):
        return user.ask(to, channel, app=service, terms=terms_of(account))

    return ask


@pytest.fixture
def found(attempts):
    """(to, channel) of the attempts of the account that are wanted, the newest first."""

    def found(account: str = "shop", **wanted) -> list[tuple[str, str]]:
        attempts_found = attempts.find(account, Wanted(**wanted))
        return [(one.verification.to, one.send.channel) for one in attempts_found]

    return found


def test_tells_what_became_of_a_send(ask, attempts, run_worker, sender):
    started = ask()
    (queued,) = attempts.find("shop", Wanted())
    assert queued.sid == attempt_sid(started.verification_id, 1)
    assert queued.verification.verification_id == started.verification_id
    assert (queued.service, queued.send.channel, queued.send.fields["locale"]) == (
        SHOP,
        "sms",
        "en",
    )
    assert (queued.verification.to, queued.country) == ("+1415*****23", "US")
    assert queued.verification.code_length == 6
    assert (queued.send.status, list(queued.send.attempts), queued.updated_at) == (
        "queued",
        [],
        queued.send.asked_at,
    )
    run_worker()
    (sent,) = attempts.find("shop", Wanted())
    assert sent.send.status == "sent"
    assert [delivery.sender for delivery in sent.send.attempts] == ["fake"]
    assert sent.updated_at >= sent.send.asked_at == queued.send.asked_at


def test_the_newest_is_the_first(ask, found, clock):
    ask()
    clock.shift(1)
    ask(OTHER_PHONE, "call")
    clock.shift(1)
    ask(MAIL)
    assert found() == [
        ("a***@example.com", "email"),
        ("+1415*****99", "call"),
        ("+1415*****23", "sms"),
    ]


def test_only_the_latest_send_of_an_approved_verification_is_converted(ask, user, attempts, clock):
    started = ask()
    clock.shift(1)
    ask(channel="call")
    assert [attempt.is_converted for attempt in attempts.find("shop", Wanted())] == [False, False]
    user.type(user.code(started), app=SHOP)
    assert [(a.send.channel, a.is_converted) for a in attempts.find("shop", Wanted())] == [
        ("call", True),
        ("sms", False),
    ]


def test_is_told_by_what_it_was_about(ask, found, user):
    started = ask()
    user.type(user.code(started), app=SHOP)
    ask(OTHER_PHONE, "call", service=BANK)
    ask(GERMAN, "whatsapp")
    ask(MAIL)
    us, other, german, mail = (
        ("+1415*****23", "sms"),
        ("+1415*****99", "call"),
        ("+4915*******89", "whatsapp"),
        ("a***@example.com", "email"),
    )
    assert found(service=BANK) == [other]
    assert found(verification_id=started.verification_id) == [us]
    assert found(recipient=parse_phone(OTHER_PHONE)) == [other]
    assert found(recipient=parse_email(MAIL)) == [mail]
    assert sorted(found(country="US")) == sorted([us, other])
    assert found(country="DE") == [german]
    assert found(channel="email") == [mail]
    assert found(is_converted=True) == [us]
    assert sorted(found(is_converted=False)) == sorted([other, german, mail])
    assert found(prefix="+49") == [german]
    assert found(country="US", channel="call") == [other]
    assert found(service=BANK, channel="sms") == []


def test_is_told_by_when_it_was(ask, found, attempts, clock):
    ask()
    clock.shift(60)
    ask(OTHER_PHONE)
    newer, older = [attempt.send.asked_at for attempt in attempts.find("shop", Wanted())]
    assert found(after=older) == [("+1415*****99", "sms"), ("+1415*****23", "sms")]
    assert found(after=older + 1) == [("+1415*****99", "sms")]
    assert found(before=newer - 1) == [("+1415*****23", "sms")]
    assert found(after=newer + 1) == found(before=older - 1) == []


def test_is_told_when_its_code_has_expired(ask, attempts, clock):
    ask()
    clock.shift(301)
    (attempt,) = attempts.find("shop", Wanted())
    assert attempt.verification.status == "expired"
    assert not attempt.is_converted


def test_is_found_by_its_sid(ask, attempts):
    started = ask()
    ask(channel="call")
    first, second = (attempt_sid(started.verification_id, send) for send in (1, 2))
    assert attempts.get("shop", first).send.channel == "sms"
    assert attempts.get("shop", second).send.channel == "call"
    assert attempts.get("shop", attempt_sid(started.verification_id, 3)) is None
    assert attempts.get("bank", first) is None


def test_no_two_sends_have_the_same_sid():
    neighbours = [f"VE{number:032x}" for number in (0x5000, 0x5010, 0x5020)]
    sids = {attempt_sid(id_, send) for id_ in neighbours for send in range(1, 11)}
    assert len(sids) == 30
    assert attempt_sid("VE" + 32 * "f", 1) == "VL" + 31 * "f" + "e"
    assert attempt_sid("VE" + 32 * "0", 2) == "VL" + 31 * "0" + "2"


def test_accounts_see_their_own_only_and_apps_have_none(ask, user, found, redis):
    ask()
    ask(OTHER_PHONE, account="bank")
    user.ask(GERMAN, app="shop")
    assert found() == [("+1415*****23", "sms")]
    assert found("bank") == [("+1415*****99", "sms")]
    assert sorted(redis.keys("otp:attempts:*")) == [b"otp:attempts:bank", b"otp:attempts:shop"]


def test_of_who_was_forgotten_there_is_none(ask, found, store, codes, redis):
    ask()
    ask(channel="call")
    ask(OTHER_PHONE)
    store.erase([codes.tag(SHOP, PHONE)])
    assert found() == [("+1415*****99", "sms")]
    assert redis.zcard("otp:attempts:shop") == 1


def test_nothing_is_kept_longer_than_a_verification(ask, found, redis, settings, clock):
    ask()
    most = settings.otp_ttl_seconds + settings.otp_keep
    assert most - 5 < redis.ttl("otp:attempts:shop") <= most
    clock.shift(most - 60)
    ask(OTHER_PHONE)
    assert redis.zcard("otp:attempts:shop") == 2
    clock.shift(120)
    ask(GERMAN)
    assert redis.zcard("otp:attempts:shop") == 2
    assert ("+1415*****23", "sms") not in found()


def test_only_the_last_ten_thousand_are_kept(ask, attempts, redis):
    (seconds, _) = redis.time()
    members = {f"VE{number:032x}:1": seconds * 1000 - 20_000 + number for number in range(10_500)}
    redis.zadd("otp:attempts:shop", members)
    started = ask()
    assert redis.zcard("otp:attempts:shop") == 10_000
    assert redis.zrange("otp:attempts:shop", -1, -1) == [f"{started.verification_id}:1".encode()]
    assert redis.zscore("otp:attempts:shop", f"VE{500:032x}:1") is None


@pytest.mark.parametrize(
    ("converted", "total", "percentage"),
    [
        (9, 11, "81.818181818"),
        (2, 3, "66.666666667"),
        (1, 2, "50"),
        (0, 5, "0"),
        (10, 10, "100"),
        (0, 0, "0"),
        (1, 8, "12.5"),
    ],
)
def test_the_percentage_is_told_in_words_of_a_number(converted, total, percentage):
    assert Summary(total=total, converted=converted).percentage == percentage


def test_counts_what_it_is_given(ask, user, attempts):
    user.type(user.code(ask()), app=SHOP)
    ask(OTHER_PHONE)
    ask(GERMAN)
    assert Summary.of(attempts.find("shop", Wanted())) == Summary(total=3, converted=1)
    assert Summary.of(attempts.find("shop", Wanted(country="US"))) == Summary(total=2, converted=1)
