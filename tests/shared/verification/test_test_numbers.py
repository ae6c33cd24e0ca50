"""Test numbers: a fixed code and no message, and otherwise a number like any other."""

import pytest

from shared.errors import (
    CountryNotAllowed,
    IncorrectCode,
    RateLimited,
    RecipientBlocked,
    TooManyChecks,
    VerificationNotFound,
)
from shared.owner.timeline import Timeline
from shared.recipient import parse_phone
from shared.verification.model import StartRequest
from tests.counts import counts
from tests.user import OTHER_PHONE, PHONE

CODE = "424242"
NUMBERS = {"OTP_TEST_NUMBERS": f"{PHONE}:{CODE} +447700900123:1234"}
FREE = {**NUMBERS, "OTP_RESEND_SECONDS": "0", "OTP_LIMIT_TO": "none", "OTP_LIMIT_IP": "none"}


@pytest.fixture
def env() -> dict[str, str]:
    return NUMBERS


def test_a_test_number_has_its_fixed_code_and_gets_no_message(user, service, run_worker, sender):
    started = user.ask()
    run_worker()
    assert sender.messages == []
    (send,) = service.view(started.verification_id, app="default").sends
    assert (send.status, send.reason, send.attempts) == ("sent", None, ())
    assert user.type(CODE).verification_id == started.verification_id
    with pytest.raises(VerificationNotFound):
        user.type(CODE)


def test_nothing_waits_for_a_worker(user, redis):
    user.ask()
    assert redis.zcard("otp:due") == 0
    assert redis.keys("rq:*") == []


def test_a_number_that_no_plan_has_and_a_shorter_code_will_do(user, service, settings):
    recipient = settings.addresses().phone("+44 7700 900123")
    started = service.start(
        StartRequest(recipient=recipient, channel="sms", app="default", ip="192.0.2.1", locale="en")
    )
    assert user.type_by_id("1234", started.verification_id).channel == "sms"


def test_only_the_fixed_code_is_right(user, service):
    started = user.ask()
    with pytest.raises(IncorrectCode):
        user.type(user.code(started))
    user.type(CODE)


def test_other_numbers_get_their_messages(user, run_worker, sender):
    started = user.ask(OTHER_PHONE)
    run_worker()
    assert [message.to for message in sender.messages] == [OTHER_PHONE]
    with pytest.raises(IncorrectCode):
        user.type(CODE, OTHER_PHONE)
    user.type(user.code(started), OTHER_PHONE)


@pytest.mark.parametrize("resend_code", ["same", "new"])
def test_the_code_stays_when_it_is_requested_again(
    user, service, run_worker, sender, clock, resend_code
):
    started = user.ask()
    clock.shift(30)
    assert user.ask().send == 2
    clock.shift(30)
    assert user.ask_again(started, "call").send == 3
    run_worker()
    assert sender.messages == []
    sends = service.view(started.verification_id, app="default").sends
    assert [send.status for send in sends] == ["sent"] * 3
    user.type(CODE)


def test_an_app_and_its_services_have_them_too(user, service, terms_of, run_worker, sender):
    started = user.ask(app="VA" + "0" * 32, terms=terms_of("shop"))
    run_worker()
    assert sender.messages == []
    checked = service.check(
        CODE, app="VA" + "0" * 32, account="shop", ip=None, verification_id=started.verification_id
    )
    assert checked.approved


class TestLikeAnyOther:
    @pytest.mark.parametrize("env", [FREE])
    def test_wrong_codes_are_few(self, user):
        started = user.ask()
        for left in (4, 3, 2, 1, 0):
            with pytest.raises(IncorrectCode) as refused:
                user.type("000000")
            assert refused.value.checks_left == left
        with pytest.raises(TooManyChecks):
            user.type(CODE)
        assert user.status(started) == "max_attempts_reached"

    @pytest.mark.parametrize("env", [{**FREE, "OTP_MAX_FAILED_CHECKS": "2/1h"}])
    def test_wrong_codes_are_counted_across_verifications(self, user):
        user.ask()
        for _ in range(2):
            with pytest.raises(IncorrectCode):
                user.type("000000")
        with pytest.raises(TooManyChecks):
            user.type(CODE)
        with pytest.raises(TooManyChecks):
            user.ask()

    @pytest.mark.parametrize("scope", ["to", "ip", "app", "country", "range", "global"])
    @pytest.mark.parametrize("env", [{**FREE, **{
        f"OTP_LIMIT_{scope}": "2/1h" for scope in ("TO", "IP", "APP", "COUNTRY", "RANGE", "GLOBAL")
    }}])  # fmt: skip
    def test_sends_are_limited(self, user, redis, scope):
        user.ask()
        assert len(redis.keys(f"otp:limit:{scope}:*")) == 1
        user.ask()
        with pytest.raises(RateLimited):
            user.ask()

    def test_a_resend_waits(self, user):
        user.ask()
        with pytest.raises(RateLimited) as refused:
            user.ask()
        assert refused.value.scope == "resend"

    @pytest.mark.parametrize(
        ("env", "error"),
        [
            ({**NUMBERS, "OTP_ALLOWED_COUNTRIES": "DE"}, CountryNotAllowed),
            ({**NUMBERS, "OTP_BLOCKED_PREFIXES": "+1415"}, RecipientBlocked),
            ({**NUMBERS, "OTP_BLOCKED_TYPES": "fixed_line_or_mobile"}, RecipientBlocked),
        ],
    )
    def test_the_owners_lists_apply(self, user, error):
        with pytest.raises(error):
            user.ask()

    def test_it_is_counted(self, user, redis):
        user.ask()
        counted = counts(redis)
        assert counted["started:sms"] == counted["sends_requested:sms"] == 1
        assert counted["sends:sms:sent"] == 1
        assert not any(name.startswith("attempts:") for name in counted)


BLOCKS = {**FREE, "OTP_GUARD": "block", "OTP_GUARD_RANGE": "1/1d", "OTP_GUARD_COUNTRY": "1/1d"}


class TestCost:
    @pytest.mark.parametrize("env", [{**FREE, "OTP_BUDGET": "sms:1"}])
    def test_no_budget_is_spent(self, user, redis):
        for _ in range(3):
            user.ask()
        assert redis.keys("otp:budget:*") == []
        user.ask(OTHER_PHONE)
        user.ask()

    @pytest.mark.parametrize("env", [BLOCKS])
    def test_no_guard_counts_or_holds_it(self, user, redis):
        for _ in range(3):
            user.ask()
        assert redis.keys("otp:guard*") == []
        user.ask(OTHER_PHONE)
        with pytest.raises(RecipientBlocked):
            user.ask(OTHER_PHONE)
        user.ask()

    @pytest.mark.parametrize("env", [BLOCKS])
    @pytest.mark.parametrize("way", ["typed", "told"])
    def test_a_right_code_for_it_is_no_merit_of_its_range(self, user, service, way):
        """Anyone who knows the code could otherwise open a range that is held."""
        user.ask(OTHER_PHONE)
        for _ in range(3):
            started = user.ask()
            if way == "typed":
                user.type(CODE)
            else:
                service.end(started.verification_id, "approved", app="default")
        with pytest.raises(RecipientBlocked):
            user.ask(OTHER_PHONE)

    def test_it_passes_while_no_worker_is_there(self, user, clock):
        for number in range(3):
            user.ask(f"+1415555017{number}")
        clock.shift(200)
        user.ask()


def test_the_timeline_marks_it(user, scripts, codes):
    user.ask()
    user.ask(OTHER_PHONE)
    timeline = Timeline(scripts, codes, lambda: ["default"])
    for phone, is_test in ((PHONE, True), (OTHER_PHONE, False)):
        (traced,) = timeline.find(parse_phone(phone)).verifications
        assert traced.test is is_test


def test_the_code_is_not_at_rest(user, everything_in_redis):
    user.ask()
    assert CODE.encode() not in everything_in_redis()
