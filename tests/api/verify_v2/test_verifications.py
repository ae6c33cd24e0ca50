"""The life of a verification, to the letter of what clients of that API know."""

import pytest

from shared.verification.service import VerificationService
from shared.verify_v2.attempts import attempt_sid
from tests.api.verify_v2.conftest import ACCOUNT, TIME
from tests.counts import counts
from tests.user import OTHER_PHONE, PHONE, wrong


def test_a_new_one_is_pending(v2, service):
    answer = v2.ask(service)

    assert answer.status_code == 201
    one = answer.json
    sid = one["sid"]
    assert one == {
        "sid": sid,
        "service_sid": service,
        "account_sid": ACCOUNT,
        "to": PHONE,
        "channel": "sms",
        "status": "pending",
        "valid": False,
        "lookup": {},
        "amount": None,
        "payee": None,
        "send_code_attempts": [
            {"time": one["date_created"], "channel": "sms", "attempt_sid": attempt_sid(sid, 1)}
        ],
        "date_created": one["date_created"],
        "date_updated": one["date_created"],
        "sna": None,
        "url": f"https://otp.example.com/v2/Services/{service}/Verifications/{sid}",
    }
    assert TIME.fullmatch(one["date_created"])
    assert sid.startswith("VE")
    assert len(sid) == 34


@pytest.mark.parametrize(
    ("to", "channel"),
    [(PHONE, "sms"), (PHONE, "whatsapp"), (PHONE, "call"), ("a@example.com", "email")],
)
def test_each_channel_delivers_and_approves(v2, service, sender, run_worker, to, channel):
    v2.start(service, to, channel)
    run_worker()

    [message] = sender.messages
    assert (message.to, message.channel) == (to, channel)
    assert "My Shop" in message.text
    assert v2.check(service, message.code, to).json["status"] == "approved"


def test_a_resend_keeps_sid_and_code(v2, service, sender, run_worker, clock):
    first = v2.start(service)
    run_worker()
    clock.shift(90)
    second = v2.start(service, channel="call", Locale="es")
    run_worker()

    assert second["sid"] == first["sid"]
    assert second["channel"] == "call"
    assert second["date_created"] == first["date_created"] < second["date_updated"]
    assert [a["channel"] for a in second["send_code_attempts"]] == ["sms", "call"]
    assert second["send_code_attempts"][0] == first["send_code_attempts"][0]
    assert second["send_code_attempts"][1]["time"] == second["date_updated"]
    assert len({a["attempt_sid"] for a in second["send_code_attempts"]}) == 2
    one, other = sender.messages
    assert one.code == other.code
    assert (one.locale, other.locale) == ("en", "es")
    # Nor does it live any longer.
    clock.shift(509)
    assert v2.fetch(service, first["sid"]).json["status"] == "pending"
    clock.shift(2)
    assert v2.fetch(service, first["sid"]).status_code == 404


class TestTheSixthSend:
    @pytest.fixture
    def five(self, v2, service):
        return [v2.start(service) for _ in range(5)][-1]

    def test_is_refused(self, v2, service, refused, five):
        assert len(five["send_code_attempts"]) == 5

        answer = v2.ask(service, channel="call")

        assert refused(answer, 429, 60203)["message"] == "Max send attempts reached"
        assert 590 < int(answer.headers["Retry-After"]) <= 600
        assert len(v2.fetch(service, five["sid"]).json["send_code_attempts"]) == 5

    def test_is_free_after_an_approval(self, v2, service, five, code):
        assert v2.check(service, code(five)).json["valid"] is True

        assert v2.start(service)["sid"] != five["sid"]

    @pytest.mark.parametrize("status", ["approved", "canceled"])
    def test_is_free_after_an_update(self, v2, service, five, status):
        v2.update(service, five["sid"], status)

        assert v2.start(service)["sid"] != five["sid"]

    def test_is_free_after_expiry(self, v2, service, five, clock):
        clock.shift(601)

        new = v2.start(service)
        assert new["sid"] != five["sid"]
        assert len(new["send_code_attempts"]) == 1


def test_a_right_code_approves_once(v2, service, code, refused):
    one = v2.start(service)

    answer = v2.check(service, code(one))

    assert answer.status_code == 200
    check = answer.json
    assert check == {
        "sid": one["sid"],
        "service_sid": service,
        "account_sid": ACCOUNT,
        "to": PHONE,
        "channel": "sms",
        "status": "approved",
        "valid": True,
        "amount": None,
        "payee": None,
        "date_created": one["date_created"],
        "date_updated": check["date_updated"],
        "sna_attempts_error_codes": [],
    }
    assert TIME.fullmatch(check["date_updated"])
    path = f"/Services/{service}/VerificationCheck"
    for again in (v2.check(service, code(one)), v2.check_sid(service, one["sid"], code(one))):
        error = refused(again, 404, 20404)
        assert error["message"] == f"The requested resource {path} was not found"
        assert error["details"] == {"reason": "approved"}
    for gone in (
        v2.fetch(service, one["sid"]),
        v2.update(service, one["sid"], "canceled"),
        v2.update(service, one["sid"], "approved"),
    ):
        assert refused(gone, 404, 20404)["details"] == {"reason": "approved"}
    refused(v2.fetch(service, PHONE), 404, 20404)


def test_a_code_is_checked_by_sid_too(v2, service, code):
    one = v2.start(service)

    check = v2.check_sid(service, one["sid"], code(one)).json

    assert (check["sid"], check["to"], check["status"]) == (one["sid"], PHONE, "approved")


def test_who_names_both_has_to_mean_one(v2, service, code, refused):
    one, other = v2.start(service), v2.start(service, OTHER_PHONE)

    refused(v2.check_sid(service, one["sid"], code(one), To=OTHER_PHONE), 404, 20404)
    assert v2.check_sid(service, one["sid"], code(one), To=PHONE).json["valid"] is True
    assert v2.fetch(service, other["sid"]).json["status"] == "pending"


class TestWrongCodes:
    def test_five_are_pending_and_the_sixth_check_is_refused(self, v2, service, code, refused):
        one = v2.start(service)

        for _ in range(5):
            answer = v2.check(service, wrong(code(one)))
            assert answer.status_code == 200
            assert (answer.json["status"], answer.json["valid"]) == ("pending", False)
            assert answer.json["sid"] == one["sid"]
        for refusal in (
            v2.check(service, code(one)),
            v2.check_sid(service, one["sid"], code(one)),
            v2.check(service, wrong(code(one))),
        ):
            error = refused(refusal, 429, 60202)
            assert error["message"] == "Max check attempts reached"
            assert 590 < int(refusal.headers["Retry-After"]) <= 600

    def test_leave_it_to_be_looked_at_until_it_expires(self, v2, service, code, clock, refused):
        one = v2.start(service)
        for _ in range(5):
            v2.check(service, wrong(code(one)))

        for which in (one["sid"], PHONE):
            seen = v2.fetch(service, which)
            assert (seen.status_code, seen.json["status"]) == (200, "max_attempts_reached")
        refused(v2.ask(service), 429, 60203)
        refused(v2.update(service, one["sid"], "canceled"), 404, 20404)
        clock.shift(601)
        refused(v2.check(service, code(one)), 404, 20404)
        assert v2.start(service)["sid"] != one["sid"]

    @pytest.mark.parametrize("typed", ["1234", "12345678", "1234567890"])
    def test_of_another_length_are_wrong_ones(self, v2, service, code, typed):
        one = v2.start(service)

        assert v2.check(service, typed).json["status"] == "pending"
        assert v2.check(service, code(one)).json["status"] == "approved"

    @pytest.mark.parametrize("typed", ["123", "12345678901", "12a456", "12.345.6", "①②③④⑤⑥"])
    def test_of_no_codes_form_cost_nothing(self, v2, service, code, refused, typed):
        one = v2.start(service)

        for _ in range(6):
            error = refused(v2.check(service, typed), 400, 60200)
            assert "Code" in error["message"]
            assert typed not in error["message"]
        assert v2.check(service, code(one)).json["valid"] is True

    @pytest.mark.parametrize(
        "typed", ["{} {}", "{}-{}", "\u202a{}\xa0{}\u202c\n", "{}\u200b–{}"], ids=ascii
    )
    @pytest.mark.parametrize("zero", "0٠۰०０", ids=ascii)
    def test_are_no_wrong_ones_as_they_are_typed_and_pasted(self, v2, service, code, typed, zero):
        one = v2.start(service)
        digits = "".join(chr(ord(zero) + int(digit)) for digit in code(one))

        answer = v2.check(service, typed.format(digits[:3], digits[3:]))
        assert answer.json["status"] == "approved"

    def test_are_counted_across_verifications(self, v2, service, code, clock, refused):
        for _ in range(4):
            one = v2.start(service)
            for _ in range(5):
                v2.check(service, wrong(code(one)))
            clock.shift(601)

        refused(v2.ask(service), 429, 60203)


def test_it_is_approved_by_the_word_of_the_app(v2, service, code, refused):
    one = v2.start(service)

    answer = v2.update(service, PHONE, "approved")

    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["valid"]) == ("approved", True)
    assert answer.json["to"] == PHONE
    refused(v2.check(service, code(one)), 404, 20404)


def test_an_approval_by_the_app_counts_as_one_by_a_code(v2, service, code, redis):
    def counted() -> dict[str, int]:
        kept = counts(redis)
        redis.flushall()
        assert kept
        # How long it took is not the same.
        return {name: value for name, value in kept.items() if "to_approved" not in name}

    v2.check(service, code(v2.start(service)))
    by_code = counted()
    service = v2.service()
    v2.update(service, v2.start(service)["sid"], "approved")
    assert counted() == by_code
    assert by_code["checks:sms:approved"] == 1
    assert by_code["country:US:approved"] == 1


@pytest.mark.parametrize("to", [PHONE, "a@example.com"])
def test_a_pending_one_is_found_by_its_address(v2, service, to):
    one = v2.start(service, to, "email" if "@" in to else "sms")

    assert v2.fetch(service, to).json == v2.fetch(service, one["sid"]).json == one


def test_nothing_fails_once_a_send_was_accepted(v2, service, redis, monkeypatch):
    """Clients repeat what was answered with a 5xx, which would be one more message."""
    start = VerificationService.start

    def then_away(*args, **kwargs):
        started = start(*args, **kwargs)
        monkeypatch.setattr(redis, "execute_command", _away)
        return started

    monkeypatch.setattr(VerificationService, "start", then_away)

    assert v2.ask(service).status_code == 201


def _away(*args, **kwargs):
    raise ConnectionError("Redis is away")
