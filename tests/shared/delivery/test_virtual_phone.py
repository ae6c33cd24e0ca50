"""The virtual phone: what is kept of a message, and what its carrier does to it."""

import pytest

from shared.codes import Codes
from shared.delivery.virtual_phone import (
    MOST_MESSAGES,
    WATCHED_SECONDS,
    Arrival,
    Phone,
    Report,
    with_code,
)
from shared.verification.model import CallerCode
from tests.conftest import EVERY_REDIS, redis_of
from tests.user import OTHER_PHONE, PHONE

redis = redis_of(*EVERY_REDIS)


@pytest.fixture
def phone(scripts) -> Phone:
    return Phone(scripts)


@pytest.fixture
def receive(phone, user):
    """Let a message of a started verification come to the phone. What the carrier did to it."""

    def receive(started, text: str = "{code} is your code.", *, length: int = 6, **facts):
        code = user.code(started, length=length)
        facts = {"channel": "sms", "to": started.to, "locale": "en", "subject": "", **facts}
        text = text.format(code=code, digits=", ".join(code))
        arrival = Arrival(text=text, code=code, **facts)
        return phone.receive(started.verification_id, started.send, arrival)

    return receive


# Ten digits occur nowhere by chance.
@pytest.mark.parametrize("env", [{"OTP_CODE_LENGTH": "10"}])
@pytest.mark.parametrize(
    "text",
    ["{code} is your code.\n\n@example.com #{code}", "It is {digits}. Once more: {digits}."],
    ids=["written", "spoken"],
)
def test_a_text_can_be_shown_with_its_code_which_is_not_kept(
    phone, receive, user, codes, everything_in_redis, text
):
    started = user.ask()
    code = user.code(started, length=10)
    receive(started, text, length=10, subject=f"{code} is your code")
    kept = everything_in_redis()
    assert code.encode() not in kept
    assert ", ".join(code).encode() not in kept
    (message,) = phone.look().messages
    assert message.code(codes) == code
    assert with_code(message.text, code) == text.format(code=code, digits=", ".join(code))
    assert with_code(message.subject, code) == f"{code} is your code"


def test_a_code_that_the_caller_has_made_up_is_shown_and_not_kept(
    phone, user, codes, everything_in_redis
):
    started = user.ask(caller_code=CallerCode(code="73519024"))
    facts = {"channel": "sms", "to": started.to, "locale": "en", "subject": ""}
    arrival = Arrival(text="73519024.", code="73519024", **facts)
    phone.receive(started.verification_id, 1, arrival)
    assert b"73519024" not in everything_in_redis()
    (message,) = phone.look().messages
    assert message.code(codes) == "73519024"
    assert message.code(Codes({"k2": b"another key" * 3})) is None


def test_a_code_whose_key_is_gone_is_not_shown(phone, receive, user):
    receive(user.ask())
    (message,) = phone.look().messages
    assert message.code(Codes({"k2": b"another key" * 3})) is None
    assert with_code(message.text, None) == "•••••• is your code."


@pytest.mark.parametrize("env", [{"OTP_RESEND_CODE": "new", "OTP_RESEND_SECONDS": "0"}])
def test_a_message_goes_on_showing_its_own_code_when_a_new_one_is_sent(phone, user, codes):
    def receive(started, generation):
        code = user.code(started, generation)
        facts = {"channel": "sms", "to": started.to, "locale": "en", "subject": ""}
        arrival = Arrival(text=code, code=code, **facts)
        phone.receive(started.verification_id, started.send, arrival)
        return code

    sent = [receive(user.ask(), 0), receive(user.ask(), 1)]
    assert len(set(sent)) == 2
    assert [message.code(codes) for message in reversed(phone.look().messages)] == sent


@pytest.mark.parametrize("env", [{"OTP_RESEND_CODE": "new", "OTP_RESEND_SECONDS": "0"}])
def test_a_message_whose_code_was_replaced_meanwhile_does_not_come(phone, receive, user):
    old = user.ask()
    user.ask()
    receive(old)
    assert phone.look().messages == ()


def test_keeps_the_newest_messages_and_for_ten_minutes(phone, receive, user, clock, redis):
    started = user.ask()
    for n in range(MOST_MESSAGES + 1):
        receive(started, f"message {n}")
    texts = [message.text for message in phone.look().messages]
    assert texts == [f"message {n}" for n in range(MOST_MESSAGES, 0, -1)]
    clock.shift(290)
    receive(started, "another")
    clock.shift(311)
    assert [message.text for message in phone.look().messages] == ["another"]
    clock.shift(290)
    assert phone.look().messages == ()


def test_every_key_has_an_end(phone, receive, user, redis):
    phone.look()
    receive(user.ask())
    phone.tell_carrier("lose")
    keys = redis.keys("otp:phone*")
    assert len(keys) == 4
    assert all(0 < redis.ttl(key) <= 600 for key in keys)


def test_a_message_whose_code_is_over_does_not_come(phone, receive, user, service):
    started = user.ask()
    service.cancel(started.verification_id, app="default")
    phone.look()
    assert receive(started) is None
    assert phone.look().messages == ()


def test_while_nobody_watches_a_message_comes_and_nothing_is_reported(
    phone, receive, user, clock, redis
):
    phone.tell_carrier("refuse")
    assert receive(user.ask()) is None
    clock.shift(3)
    screen = phone.look()
    assert screen.reports == ()
    (message,) = screen.messages
    assert message.appears_at == message.at
    # The next one is refused: that one the carrier was not asked for.
    assert screen.carrier == "refuse"


def test_nobody_watches_a_few_seconds_after_the_last_look(phone, receive, user, clock):
    phone.look()
    clock.shift(WATCHED_SECONDS - 1)
    assert receive(user.ask()) == "deliver"
    clock.shift(2)
    assert receive(user.ask(OTHER_PHONE)) is None


def test_what_the_carrier_is_told_is_for_one_message(phone, receive, user):
    assert phone.look().carrier == "deliver"
    phone.tell_carrier("lose")
    assert phone.look().carrier == "lose"
    assert receive(user.ask()) == "lose"
    assert phone.look().carrier == "deliver"
    assert receive(user.ask(OTHER_PHONE)) == "deliver"


@pytest.mark.parametrize(
    ("carrier", "appears_in", "report"),
    [
        ("deliver", 0, ("delivered", 1)),
        ("delay", 20, ("delivered", 21)),
        ("lose", None, (None, 60)),
        ("refuse", None, (None, 60)),
        ("fail", None, ("undelivered", 2)),
    ],
)
def test_the_carrier_does_what_it_is_told(phone, receive, user, clock, carrier, appears_in, report):
    outcome, reported_in = report
    phone.look()
    phone.tell_carrier(carrier)
    started = user.ask()
    assert receive(started) == carrier
    screen = phone.look()
    (message,) = screen.messages
    assert message.carrier == carrier
    assert message.appears_at == (None if appears_in is None else message.at + 1000 * appears_in)
    assert screen.reports == ()
    clock.shift(reported_in)
    reports = phone.look().reports
    assert reports == (
        (Report(verification_id=started.verification_id, send=1, attempt=0, outcome=outcome),)
        if outcome
        else ()
    )
    # Until somebody has done it.
    assert phone.look().reports == reports
    phone.reported(reports)
    assert phone.look().reports == ()


def test_each_send_is_a_message_of_its_own(phone, receive, user, clock):
    first = user.ask()
    clock.shift(30)
    second = user.ask()
    receive(first, to="+1415*****23")
    receive(second, channel="whatsapp")
    assert [(m.send, m.channel) for m in phone.look().messages] == [(2, "whatsapp"), (1, "sms")]
    assert PHONE not in repr(phone.look())


def test_a_recipient_who_is_forgotten_is_not_left_on_it(phone, receive, user, store, codes):
    mine, others = user.ask(), user.ask(OTHER_PHONE)
    for started in (mine, others):
        receive(started)
    store.erase([codes.tag("default", PHONE)])
    assert [message.to for message in phone.look().messages] == [others.to]
    assert receive(mine) is None
    assert len(phone.look().messages) == 1
